import { describe, expect, it } from "vitest";
import { asks, refusal, shows } from "../../../test/support/tool-input.ts";
import { accountsList } from "./accounts-list.ts";

const answer = {
  accounts: [
    {
      account_id: "DU1234567",
      alias: null,
      mode: "paper",
      base_currency: "USD",
      customer_type: "INDIVIDUAL",
      trading_type: "STKNOPT",
      tradable: true,
    },
  ],
  source: "simulator",
  as_of: "2026-11-20T09:00:00Z",
  age_ms: 4,
  served_from: "broker",
  notes: [],
};

describe("ibkr_accounts_list", () => {
  it("takes no arguments", () => {
    expect(asks(accountsList, {})).toEqual({});
    refusal(accountsList, { account_id: "DU1234567" });
  });

  it("never shows an account whose mode is not one of the three", () => {
    expect(shows(accountsList, answer)).toEqual(answer);
    const [account] = answer.accounts;
    if (account === undefined) throw new Error("no account");
    const guessed = { ...answer, accounts: [{ ...account, mode: "probably paper" }] };
    expect(shows(accountsList, guessed)).toBeNull();
  });
});
