import { describe, expect, it } from "vitest";
import { anIntentRecord, handClock } from "../../../../test/support/intent-record.ts";
import { aLeg, anOrder, NOW } from "../../../../test/support/orders.ts";
import { DEFAULT_CAPS } from "../../trust/limits/caps.ts";
import type { IntentRecord } from "../journal/intent-record.ts";
import {
  driftOf,
  leastTierOf,
  localFaults,
  mandatesAllowed,
  offerFaults,
  sessionFaults,
} from "./local-checks.ts";

const rules = {
  killSwitch: () => ({ engaged: false }) as const,
  caps: () => ({ ok: true, caps: DEFAULT_CAPS }) as const,
  policyFault: () => null,
  policy: () => ({ offer: ["orders.paper" as const], broker_accounts: null }),
  engage: () => {},
};
const effect = (kind: "entry" | "exit") =>
  ({ kind, position: "0", working_same_side: "0", at: NOW }) as const;
const facts = (kind: "entry" | "exit") => ({
  effect: effect(kind),
  notional: "187.25",
  missing: null,
  units: "1",
  rate: "1",
  dailyPnl: "0",
});
const judge = (open: IntentRecord[], engaged = false) => ({
  rules: {
    ...rules,
    killSwitch: () =>
      engaged ? { engaged, since: NOW, reason: null } : ({ engaged: false } as const),
  },
  store: { open: () => open, sentSince: () => 0, tradingSince: () => 0 },
  clock: handClock(),
});
const rulesOf = (refusals: { rule: string }[]) => refusals.map(({ rule }) => rule);

describe("this PC's own checks", () => {
  it("let a small paper order pass", () => {
    expect(localFaults(judge([]), anOrder(), facts("entry"))).toEqual([]);
  });

  it("stop an entry with the kill switch engaged, and no exit", () => {
    expect(rulesOf(localFaults(judge([], true), anOrder(), facts("entry")))).toEqual([
      "not_engaged",
    ]);
    expect(localFaults(judge([], true), anOrder(), facts("exit"))).toEqual([]);
  });

  it("stop an entry while the policy cannot be read, and no exit", () => {
    const unread = judge([]);
    const rig = { ...unread, rules: { ...unread.rules, policyFault: () => "policy.json is torn" } };
    expect(rulesOf(localFaults(rig, anOrder(), facts("entry")))).toEqual(["policy_readable"]);
    expect(localFaults(rig, anOrder(), facts("exit"))).toEqual([]);
  });

  it("stop an entry under a log that is not what this PC cosigned, and no exit and no cancel", () => {
    const whole = judge([]);
    const rig = { ...whole, rules: { ...whole.rules, logFault: () => "The log was rewritten." } };
    expect(localFaults(rig, anOrder(), facts("entry"))).toMatchObject([
      { rule: "log_whole", message: "The log was rewritten." },
    ]);
    expect(localFaults(rig, anOrder(), facts("exit"))).toEqual([]);
    const cancel = { ...anOrder(), action: "cancel" as const };
    expect(localFaults(rig, cancel, facts("entry"))).toEqual([]);
  });

  it("ask of an exit what the last good caps file asked", () => {
    const caps = {
      ...DEFAULT_CAPS,
      paper: { ...DEFAULT_CAPS.paper, tier_two_from_notional: "1000" },
    };
    const torn = { ...rules, caps: () => ({ ok: false, reason: "no JSON", last: caps }) as const };
    expect(leastTierOf(torn, anOrder(), facts("entry"))).toBe(2);
    expect(leastTierOf(torn, anOrder(), facts("exit"))).toBe(1);
  });

  it("stop an entry beside a doubt of its account, contract and side, and no other", () => {
    const doubt = anIntentRecord(1, { state: "unknown", sent: true });
    const beside = (over: Parameters<typeof anOrder>[0]) =>
      rulesOf(localFaults(judge([doubt]), anOrder(over), facts("entry")));
    expect(beside({})).toEqual(["no_doubt_beside"]);
    expect(beside({ legs: [aLeg({ side: "SELL" })] })).toEqual([]);
    expect(beside({ account_id: "DU7654321" })).toEqual([]);
    expect(localFaults(judge([doubt]), anOrder(), facts("exit"))).toEqual([]);
  });

  it("hold an order that may only reduce to what it says, also when nobody knows", () => {
    const order = anOrder({ reduce_only: true });
    const unknown = { ...facts("entry"), effect: null };
    expect(rulesOf(localFaults(judge([]), order, facts("entry")))).toEqual(["reduces"]);
    expect(rulesOf(localFaults(judge([]), order, unknown))).toContain("reduces");
    expect(localFaults(judge([]), order, facts("exit"))).toEqual([]);
  });

  it("name the mode or the account that this PC does not offer", () => {
    const policy = rules.policy();
    expect(offerFaults(policy, anOrder())).toEqual([]);
    expect(offerFaults(policy, anOrder({ mode: "live" }))[0]?.field).toBe("mode");
    expect(offerFaults({ ...policy, broker_accounts: ["DU9"] }, anOrder())[0]?.field).toBe(
      "account_id",
    );
  });

  it("ask for the most when the caps file is wrong", () => {
    const wrong = { ...rules, caps: () => ({ ok: false, reason: "no JSON" }) as const };
    expect(leastTierOf(wrong, anOrder(), facts("entry"))).toBe(2);
    expect(driftOf(wrong)).toBe("0");
    expect(mandatesAllowed(wrong, anOrder())).toBe(false);
    expect(mandatesAllowed(rules, anOrder())).toBe(true);
  });
});

describe("the session of an order", () => {
  const record = anIntentRecord();
  const session = { state: "ready", mode: "paper", generation: 1 } as const;
  const faults = (over: object, accounts = ["DU1234567"]) =>
    rulesOf(
      sessionFaults({ session: () => ({ ...session, ...over }), accounts: () => accounts }, record),
    );

  it("is the one of its preview, ready, in its mode and with its account", () => {
    expect(faults({})).toEqual([]);
    expect(faults({ generation: 2 })).toEqual(["same_broker_session"]);
    expect(faults({ mode: "live" })).toEqual(["proved_by_broker"]);
    expect(faults({ state: "login_required" })).toEqual(["ready"]);
    expect(faults({}, [])).toEqual(["ready"]);
  });
});
