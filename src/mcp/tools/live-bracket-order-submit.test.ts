import { describe, expect, it } from "vitest";
import { asks, refusal } from "../../../test/support/tool-input.ts";
import { liveBracketOrderSubmit } from "./live-bracket-order-submit.ts";

describe("ibkr_live_bracket_order_submit", () => {
  const said = { account_id: "DU1234567", approval_id: "ap_1", idempotency_key: "order-0001" };

  it("asks for a bracket in a live account, under a key of the caller's", () => {
    expect(asks(liveBracketOrderSubmit, said)).toEqual({
      ...said,
      mode: "live",
      structure: "bracket",
    });
    expect(liveBracketOrderSubmit.scope).toBe("ibkr:orders:live:submit");
    expect(liveBracketOrderSubmit.listing().annotations).toMatchObject({
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
      refusal(liveBracketOrderSubmit, { ...said, ...more });
    }
    const { idempotency_key: _key, ...keyless } = said;
    refusal(liveBracketOrderSubmit, keyless);
  });
});
