import { describe, expect, it } from "vitest";
import { asks, refusal } from "../../../test/support/tool-input.ts";
import { paperOrderSubmit } from "./paper-order-submit.ts";

describe("ibkr_paper_order_submit", () => {
  const said = { account_id: "DU1234567", approval_id: "ap_1", idempotency_key: "order-0001" };

  it("asks for one order in a paper account, under a key of the caller's", () => {
    expect(asks(paperOrderSubmit, said)).toEqual({ ...said, mode: "paper", structure: "single" });
    expect(paperOrderSubmit.scope).toBe("ibkr:orders:paper:submit");
    expect(paperOrderSubmit.listing().annotations).toMatchObject({
      readOnlyHint: false,
      destructiveHint: true,
    });
  });

  it("takes no order, no mode and no short key", () => {
    for (const more of [
      { quantity: "1" },
      { mode: "live" },
      { idempotency_key: "short" },
      { approval_id: "../x" },
    ]) {
      refusal(paperOrderSubmit, { ...said, ...more });
    }
    const { idempotency_key: _key, ...keyless } = said;
    refusal(paperOrderSubmit, keyless);
  });
});
