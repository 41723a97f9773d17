import { messageOf } from "@ibkr-edge-gateway/protocol/orders/broker-question.ts";
import { beforeEach, describe, expect, it } from "vitest";
import { settled } from "../../../../test/support/intent-record.ts";
import { aMandate, aTicket } from "../../../../test/support/orders.ts";
import { loggingReach, type Reach } from "./desktop-and-webhook.ts";
import {
  announceAnswer,
  announceMandate,
  announceMandateEnd,
  announceSubmitted,
  announceWrongNumber,
} from "./order-notices.ts";

let terminal: string[];
let network: string[];
let desktop: string[];
beforeEach(() => {
  [terminal, network, desktop] = [[], [], []];
});
const reach: Reach = {
  terminal: (lines) => terminal.push(lines.join("\n")) > 0,
  desktop: (title, text) => Promise.resolve(desktop.push(`${title}: ${text}`) > 0),
  push: (title, text) => Promise.resolve(network.push(`${title}: ${text}`) > 0),
};
const logged: unknown[] = [];
const deaf = loggingReach(
  {
    terminal: () => {
      throw new Error("no terminal");
    },
    desktop: () => Promise.reject(new Error("no desktop")),
    push: () => Promise.reject(new Error("no network")),
  },
  { warn: (facts) => logged.push(facts) },
);
const kept = { mandate: aMandate(), number: 42 } as Parameters<typeof announceMandate>[1];

describe("what this PC says by itself", () => {
  it("names the order, and how to end a mandate or stop what was not approved", () => {
    announceSubmitted(reach, aTicket(), { kind: "passkey" });
    announceSubmitted(reach, aTicket(), { kind: "mandate", mandateId: "m1" });
    expect(terminal[0]).toContain(
      "Buy 1 AAPL at 187.25 USD or less, today only\n  Account: DU1234567, paper",
    );
    expect(terminal[0]).toContain("kill");
    expect(terminal[1]).toContain("mandates revoke m1");
    expect(network).toHaveLength(2);
  });

  it("never sends a number out by the network", async () => {
    expect(await announceMandate(reach, kept)).toEqual(["terminal", "desktop"]);
    expect(terminal.join()).toContain("42");
    expect(desktop.join()).toContain("42");
    expect(network).toHaveLength(1);
    expect(network.join()).not.toMatch(/\b42\b/);
  });

  it("lets nothing that came from outside move the cursor", () => {
    announceSubmitted(reach, aTicket(), { kind: "mandate", mandateId: "m1\u001b[2J\n" });
    announceAnswer(reach, aTicket(), { messages: [messageOf("o1", "Sure?\u001b[2J")] });
    announceMandateEnd(reach, aMandate({ mandate_id: "m\u0007" }), "revoked");
    expect(terminal.join().replaceAll("\n", "")).not.toMatch(/\p{Cc}/u);
  });

  it("holds nothing up when no way of showing it works", async () => {
    expect(() => announceSubmitted(deaf, aTicket(), { kind: "passkey" })).not.toThrow();
    expect(() => announceWrongNumber(deaf, ["An order."])).not.toThrow();
    expect(await announceMandate(deaf, kept)).toEqual([]);
    await settled();
    expect(logged).toHaveLength(9);
  });

  it("says whether a mandate came into force or was revoked", () => {
    announceMandateEnd(reach, aMandate(), "confirmed");
    announceMandateEnd(reach, aMandate(), "revoked");
    expect(terminal.map((text) => text.split("\n")[0])).toEqual([
      "A mandate is in force:",
      "A mandate was revoked by the gateway:",
    ]);
  });
});
