import { describe, expect, it } from "vitest";
import { type AttentionFacts, attentionFrom } from "./what-needs-attention.ts";

// fixed date: the clock is given to the function.
const NOW = Date.parse("2026-11-30T12:00:00.000Z");
const QUIET: AttentionFacts = {
  kills: [],
  openOrders: new Map([["working", 2]]),
  approvals: 0,
  pc: { state: "online", lastSeenAt: null },
  broker: { state: "ready", sessionEndsAt: null },
  logWaiting: 0,
};
const kinds = (facts: Partial<AttentionFacts>) =>
  attentionFrom({ ...QUIET, ...facts }, NOW).map(({ kind }) => kind);

describe("what waits for the owner", () => {
  it("is nothing while all is well", () => {
    expect(kinds({})).toEqual([]);
  });

  it("comes with the most urgent first", () => {
    const kill = {
      scope: "gateway" as const,
      subject: null,
      actor: "agent" as const,
      reason: "asked to",
      effect: "freeze" as const,
      engagedAt: NOW - 1_000,
      cancelFrom: null,
    };
    expect(
      kinds({
        kills: [kill],
        openOrders: new Map([
          ["needs_owner", 1],
          ["awaiting_confirmation", 1],
        ]),
        approvals: 3,
        pc: { state: "offline", lastSeenAt: "2026-11-30T11:00:00.000Z" },
        logWaiting: 10_001,
      }),
    ).toEqual(["stopped", "order_in_doubt", "question", "approval", "pc_away", "log_behind"]);
  });

  it("says of an absent PC how many orders may still fill", () => {
    const pc = { state: "offline" as const, lastSeenAt: null };
    expect(attentionFrom({ ...QUIET, pc }, NOW)).toEqual([
      { kind: "pc_away", openOrders: 2, since: null },
    ]);
  });

  it("tells of a login that is due, or of a session that ends within two hours", () => {
    const ending = (at: string) => kinds({ broker: { state: "ready", sessionEndsAt: at } });
    expect(ending("2026-11-30T13:59:00.000Z")).toEqual(["session_ends"]);
    expect(ending("2026-11-30T14:01:00.000Z")).toEqual([]);
    expect(ending("2026-11-30T11:59:00.000Z")).toEqual([]);
    expect(kinds({ broker: { state: "login_required", sessionEndsAt: null } })).toEqual([
      "login_due",
    ]);
  });
});
