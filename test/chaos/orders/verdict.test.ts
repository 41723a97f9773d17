import { describe, expect, it } from "vitest";
import {
  type AgentRequest,
  type BrokerOrder,
  type EdgeIntent,
  isCleanOrders,
  judgeOrders,
  type OrderEvidence,
} from "./verdict.ts";

const REF = "ieg1-0123456789abcdef0123456789ab";

const request = (over: Partial<AgentRequest> = {}): AgentRequest => ({
  approvalId: "ap_1",
  exit: false,
  told: { "k-1": [REF, REF] },
  calls: 2,
  refused: [],
  afterKill: false,
  ...over,
});
const order = (over: Partial<BrokerOrder> = {}): BrokerOrder => ({
  id: 7001,
  ref: REF,
  parent: null,
  status: "Filled",
  filled: "1",
  lost: false,
  ...over,
});
const intent = (over: Partial<EdgeIntent> = {}): EdgeIntent => ({
  coid: REF,
  action: "place",
  state: "filled",
  approval_id: "ap_1",
  effect: "entry",
  ...over,
});
const evidence = (over: Partial<OrderEvidence> = {}): OrderEvidence => ({
  requests: [request()],
  broker: [order()],
  edge: [intent()],
  pc: { [REF]: "filled" },
  leaves: { [REF]: 1 },
  entryCodes: ["ORDER_RECONCILING"],
  ...over,
});

describe("the judge of the order run", () => {
  it("finds nothing wrong with a clean run", () => {
    const verdict = judgeOrders(evidence());
    expect(isCleanOrders(verdict)).toBe(true);
    expect(verdict).toMatchObject({ asked: 1, calls: 2, placed: 1, ends: { filled: 1 } });
  });

  it.each<[string, Partial<OrderEvidence>, string]>([
    ["one reference twice at the broker", { broker: [order(), order({ id: 7002 })] }, "doubled"],
    [
      "one approval with two orders",
      {
        broker: [order(), order({ id: 7002, ref: `${REF}0` })],
        edge: [intent(), intent({ coid: `${REF}0` })],
        pc: { [REF]: "filled", [`${REF}0`]: "filled" },
        leaves: { [REF]: 1, [`${REF}0`]: 1 },
      },
      "doubled",
    ],
    ["one key with two answers", { requests: [request({ told: { k: [REF, "x"] } })] }, "doubled"],
    ["an order that was never let out", { edge: [], requests: [] }, "lost"],
    ["an order without its leaf", { leaves: {} }, "lost"],
    ["an order that the PC knows nothing of", { pc: {} }, "lost"],
    ["an order said to be filled that is not there", { broker: [] }, "lost"],
    [
      "an order said to be filled that the broker lost",
      { broker: [order({ lost: true })] },
      "lost",
    ],
    ["an order said to be rejected that filled", { edge: [intent({ state: "rejected" })] }, "lost"],
    ["an order said to work that has ended", { edge: [intent({ state: "working" })] }, "lost"],
    ["two ends of one order", { pc: { [REF]: "cancelled" } }, "lost"],
    ["a doubt that stayed", { edge: [intent({ state: "reconciling" })] }, "unknown_left"],
    [
      "a withdrawal in doubt",
      { edge: [intent(), intent({ coid: "c", action: "cancel", state: "unknown" })] },
      "unknown_left",
    ],
    [
      "an exit that an entry rule held back",
      { requests: [request({ exit: true, refused: [["ORDER_RECONCILING"]] })] },
      "exits_blocked",
    ],
    [
      "an entry past the kill switch",
      { requests: [request({ afterKill: true })] },
      "passed_the_switch",
    ],
  ])("finds %s", (_name, over, where) => {
    const verdict = judgeOrders(evidence(over));
    expect(isCleanOrders(verdict)).toBe(false);
    expect(Reflect.get(verdict, where)).not.toEqual([]);
  });

  it("takes no exit for held back that would have opened a position by then", () => {
    const codes = ["ORDER_RECONCILING", "REDUCE_ONLY_WOULD_INCREASE"];
    const verdict = judgeOrders(
      evidence({ requests: [request({ exit: true, refused: [codes] })] }),
    );
    expect(verdict.exits_blocked).toEqual([]);
  });

  it("takes an order that the broker took and lost for neither placed nor lost by us", () => {
    const lost = evidence({
      broker: [order({ lost: true, status: "PendingSubmit", filled: "0" })],
      edge: [intent({ state: "rejected" })],
      pc: { [REF]: "rejected" },
    });
    expect(judgeOrders(lost)).toMatchObject({ placed: 0, lost_by_broker: 1, lost: [] });
  });
});
