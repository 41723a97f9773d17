import { describe, expect, it } from "vitest";
import { asks, refusal } from "../../../test/support/tool-input.ts";
import { paperOrderCancel } from "./paper-order-cancel.ts";

describe("ibkr_paper_order_cancel", () => {
  const said = { account_id: "DU1234567", order_id: "1370093239", idempotency_key: "cancel-0001" };

  it("asks to withdraw one order in a paper account", () => {
    expect(asks(paperOrderCancel, said)).toEqual({ ...said, mode: "paper" });
    expect(paperOrderCancel.scope).toBe("ibkr:orders:paper:cancel");
  });

  it("never takes the id that means every order", () => {
    for (const order_id of ["-1", "0", "", "1.5", "1e3", "all"]) {
      refusal(paperOrderCancel, { ...said, order_id });
    }
  });
});
