import { describe, expect, it } from "vitest";
import { asks, refusal } from "../../../test/support/tool-input.ts";
import { liveOrderCancel } from "./live-order-cancel.ts";

describe("ibkr_live_order_cancel", () => {
  const said = { account_id: "DU1234567", order_id: "1370093239", idempotency_key: "cancel-0001" };

  it("asks to withdraw one order in a live account", () => {
    expect(asks(liveOrderCancel, said)).toEqual({ ...said, mode: "live" });
    expect(liveOrderCancel.scope).toBe("ibkr:orders:live:cancel");
  });

  it("never takes the id that means every order", () => {
    for (const order_id of ["-1", "0", "", "1.5", "1e3", "all"]) {
      refusal(liveOrderCancel, { ...said, order_id });
    }
  });
});
