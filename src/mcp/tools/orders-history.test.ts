import { describe, expect, it } from "vitest";
import { asks, refusal } from "../../../test/support/tool-input.ts";
import { ordersHistory } from "./orders-history.ts";

describe("ibkr_orders_history", () => {
  it("takes an account, or none when there is only one", () => {
    expect(asks(ordersHistory, { account_id: "DU1234567" })).toMatchObject({
      account_id: "DU1234567",
    });
    expect(asks(ordersHistory, {})).not.toHaveProperty("account_id");
    refusal(ordersHistory, { account_id: "everything" });
  });

  it("takes a window in UTC and a state", () => {
    const from = "2026-11-19T00:00:00Z";
    expect(asks(ordersHistory, { from })).toMatchObject({ from, status: "all" });
    refusal(ordersHistory, { from: "2026-11-19" });
    refusal(ordersHistory, { status: "rejected" });
  });

  it("is paged by cursor, never by an offset of the caller's choice", () => {
    refusal(ordersHistory, { ...{}, offset: 10 });
    refusal(ordersHistory, { ...{}, limit: 201 });
    const prepared = ordersHistory.prepare({ ...{}, limit: "20", cursor: "opaque" });
    if (!prepared.ok) throw new Error(prepared.failure.message);
    expect(ordersHistory.at(prepared.call, 40)).toMatchObject({ limit: 20, offset: 40 });
  });
});
