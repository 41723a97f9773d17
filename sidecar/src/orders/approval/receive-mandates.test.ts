import { type Mandate, mandateHash } from "@ibkr-edge-gateway/protocol/approval/mandate.ts";
import { beforeEach, describe, expect, it } from "vitest";
import { aMandate } from "../../../../test/support/orders.ts";
import { type PcOrders, pcOrders } from "../../../../test/support/pc-orders.ts";
import { softwareAuthenticator } from "../../../../test/support/software-authenticator.ts";
import { enrolApprover } from "../../trust/tables/approvers.ts";
import { findMandate } from "../../trust/tables/mandates.ts";
import { mandateStands } from "../../trust/verify/approval-signature.ts";
import { takeMandate } from "../../trust/verify/take-mandate.ts";
import { receiveConfirmation } from "./receive-mandates.ts";

/** A standing approval that a passkey of the gateway's pages signed, at a real broker's PC. */
const NUMBER = 4711;
let pc: PcOrders;
beforeEach(() => {
  pc = pcOrders({ source: "client_portal" });
});

const parts = () => pc.submit;
const signed = (mode: Mandate["mode"]): Mandate =>
  aMandate({
    mode,
    gateway_account_id: pc.options.gatewayAccountId,
    not_after: new Date(pc.clock.now() + 3_600_000).toISOString(),
  });
const taken = (mandate: Mandate) =>
  takeMandate(
    pc.store.db,
    { mandate, assertion: pc.phone.approve(mandateHash(mandate)) },
    { ...pc.submit, mandatesAllowed: true, newNumber: () => NUMBER, nowMs: pc.clock.now() },
  );
const confirm = (mandate: Mandate) =>
  receiveConfirmation(parts(), { mandate_hash: mandateHash(mandate), number: NUMBER });
const stands = (mandate: Mandate) => {
  const found = mandateStands(pc.store.db, mandate, { simulator: false });
  return found.ok ? "stands" : found.refusal.rule;
};
const enrolOwn = () =>
  enrolApprover(
    pc.store.db,
    {
      ...softwareAuthenticator(),
      label: "this PC",
      enrolledBy: "terminal",
      own: {
        via: "loopback",
        relyingParty: { id: "localhost", origins: ["http://localhost:41234"] },
      },
    },
    1,
  );

describe("a standing approval for live orders of a passkey of the gateway's pages", () => {
  it("is confirmed by its number, and stands, while there is no approver of the owner's own", async () => {
    const mandate = signed("live");
    expect(await taken(mandate)).toMatchObject({ ok: true, kept: { state: "waiting" } });
    expect(confirm(mandate)).toMatchObject({ state: "confirmed", refusals: [] });
    expect(stands(mandate)).toBe("stands");
  });

  it("that waited when one was enrolled is confirmed by no number", async () => {
    const mandate = signed("live");
    await taken(mandate);
    enrolOwn();
    expect(confirm(mandate)).toMatchObject({
      state: "waiting",
      refusals: [{ rule: "own_approver_for_live" }],
    });
    expect(findMandate(pc.store.db, mandateHash(mandate))?.state).toBe("waiting");
    expect(await taken(mandate)).toMatchObject({ ok: false });
    expect(stands(mandate)).toBe("confirmed_at_pc");
  });

  it("that was confirmed before lets no order out from then on; one for paper does", async () => {
    const live = signed("live");
    const paper = signed("paper");
    for (const mandate of [live, paper]) {
      await taken(mandate);
      expect(confirm(mandate).state).toBe("confirmed");
    }
    enrolOwn();
    expect([stands(live), stands(paper)]).toEqual(["own_approver_for_live", "stands"]);
  });
});
