import { describe, expect, it } from "vitest";
import { asks, refusal } from "../../../test/support/tool-input.ts";
import { liveOrderSubmit } from "./live-order-submit.ts";

describe("ibkr_live_order_submit", () => {
  const said = { account_id: "DU1234567", approval_id: "ap_1", idempotency_key: "order-0001" };

  it("asks for one order in a live account, under a key of the caller's", () => {
    expect(asks(liveOrderSubmit, said)).toEqual({ ...said, mode: "live", structure: "single" });
    expect(liveOrderSubmit.scope).toBe("ibkr:orders:live:submit");
    expect(liveOrderSubmit.listing().annotations).toMatchObject({
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
      refusal(liveOrderSubmit, { ...said, ...more });
    }
    const { idempotency_key: _key, ...keyless } = said;
    refusal(liveOrderSubmit, keyless);
  });
});
