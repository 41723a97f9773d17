import { describe, expect, it } from "vitest";
import { asks, refusal } from "../../../test/support/tool-input.ts";
import { paperBracketOrderSubmit } from "./paper-bracket-order-submit.ts";

describe("ibkr_paper_bracket_order_submit", () => {
  const said = { account_id: "DU1234567", approval_id: "ap_1", idempotency_key: "order-0001" };

  it("asks for a bracket in a paper account, under a key of the caller's", () => {
    expect(asks(paperBracketOrderSubmit, said)).toEqual({
      ...said,
      mode: "paper",
      structure: "bracket",
    });
    expect(paperBracketOrderSubmit.scope).toBe("ibkr:orders:paper:submit");
    expect(paperBracketOrderSubmit.listing().annotations).toMatchObject({
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
      refusal(paperBracketOrderSubmit, { ...said, ...more });
    }
    const { idempotency_key: _key, ...keyless } = said;
    refusal(paperBracketOrderSubmit, keyless);
  });
});
