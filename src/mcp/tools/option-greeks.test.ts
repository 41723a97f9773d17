import { describe, expect, it } from "vitest";
import { asks, refusal } from "../../../test/support/tool-input.ts";
import { optionGreeks } from "./option-greeks.ts";

describe("ibkr_option_greeks", () => {
  it("takes up to fifty conids, as numbers or as text", () => {
    expect(asks(optionGreeks, { conids: ["711280073", 711280074] })).toEqual({
      conids: [711280073, 711280074],
    });
    refusal(optionGreeks, { conids: [] });
    refusal(optionGreeks, { conids: Array.from({ length: 51 }, (_, index) => index + 1) });
  });
});
