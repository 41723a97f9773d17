import { AuditEventV2 } from "@ibkr-edge-gateway/protocol/audit/event.ts";
import { expect, it } from "vitest";
import { auditEvent } from "../../durable-objects/account/audit/events.ts";
import { KINDS, sentenceOf, whoDid } from "./audit-words.ts";

const NAMES = new Map([["c1", "Claude"]]);

function event(type: AuditEventV2["type"], meta: Record<string, string> = {}, kind = "gateway") {
  const who = { kind, subject: null, client_id: kind === "agent" ? "c1" : null, sidecar_id: null };
  const made = auditEvent({
    type,
    who: AuditEventV2.shape.who.parse(who),
    startedAt: 0,
    endedAt: 0,
    meta,
  });
  const { hidden: _, ...shown } = made;
  return { ...shown, account: null, input: null, output: null };
}

it("says who did what, by the names that the owner knows", () => {
  expect(sentenceOf(event("approval.requested", {}, "agent"), NAMES)).toBe(
    "Claude asked for your approval of an order",
  );
  expect(sentenceOf(event("approval.decided", { said: "deny" }, "owner"), NAMES)).toBe(
    "You denied an order",
  );
  expect(sentenceOf(event("order.alert", { alert: "cancel_refused" }), NAMES)).toBe(
    "Alert: An order was not cancelled",
  );
  expect(sentenceOf(event("kill.engaged", { scope: "gateway", actor: "policy" }), NAMES)).toBe(
    "Your limits stopped all trading",
  );
  expect(whoDid(event("sidecar.connected", {}, "sidecar"), NAMES)).toBe("Your PC");
});

it("has a sentence without a code, and a kind to be found by, for every event there is", () => {
  for (const type of AuditEventV2.shape.type.options) {
    const said = sentenceOf(event(type), NAMES);
    expect([type, said]).toEqual([type, expect.not.stringMatching(/[._{}]/)]);
    expect([type, said.includes(": ") && !said.startsWith("Alert")]).toEqual([type, false]);
    const kinds = Object.values(KINDS).filter(({ of }) => of.test(type));
    expect([type, kinds.length > 0]).toEqual([type, true]);
  }
});
