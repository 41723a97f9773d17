import { classifyAnswer } from "@ibkr-edge-gateway/protocol/orders/classify-answer.ts";
import { describe, expect, it } from "vitest";
import { aBracket, anOrder } from "../../../../test/support/orders.ts";
import { plannedOrders } from "../journal/intent-record.ts";
import { withAnswer } from "./reply-rows.ts";

const COID = `ieg1-${"a".repeat(32)}`;

const rowsOf = (body: unknown) => {
  const answer = classifyAnswer("place", {
    kind: "answer",
    status: 200,
    body: JSON.stringify(body),
  });
  if (answer.outcome !== "transmitted") throw new Error(`not transmitted: ${answer.outcome}`);
  return answer.rows;
};

describe("the rows of an answer", () => {
  it("of a single order give it its id", () => {
    const orders = withAnswer(
      plannedOrders(anOrder(), COID),
      rowsOf([{ order_id: "123", order_status: "PreSubmitted", local_order_id: COID }]),
      "place",
    );
    expect(orders).toMatchObject([{ order_id: "123", state: "accepted" }]);
  });

  it("of a bracket that name a child first do not take it for the entry", () => {
    const orders = withAnswer(
      plannedOrders(aBracket(), COID),
      rowsOf([
        { order_id: "3", order_status: "PreSubmitted", parent_order_id: "1" },
        { order_id: "1", order_status: "PreSubmitted", local_order_id: COID },
        { order_id: "2", order_status: "PreSubmitted", parent_order_id: "1" },
      ]),
      "place",
    );
    expect(orders.map(({ role, order_id, state }) => [role, order_id, state])).toEqual([
      ["entry", "1", "accepted"],
      ["take_profit", null, "submitting"],
      ["stop_loss", null, "submitting"],
    ]);
  });

  it("of a bracket whose exits were both refused say so of both", () => {
    const failed = { order_id: "-1", order_status: "Failed", parent_order_id: COID };
    const orders = withAnswer(
      plannedOrders(aBracket(), COID),
      rowsOf([
        { order_id: "1", order_status: "PreSubmitted", local_order_id: COID },
        failed,
        failed,
      ]),
      "place",
    );
    expect(orders.map(({ state }) => state)).toEqual(["accepted", "rejected", "rejected"]);
  });
});
