import { describe, expect, it } from "vitest";
import { asks, refusal, shows } from "../../../test/support/tool-input.ts";
import { pnlDaily } from "./pnl-daily.ts";

describe("ibkr_pnl_daily", () => {
  it("takes an account, or none when there is only one", () => {
    expect(asks(pnlDaily, { account_id: "DU1234567" })).toMatchObject({ account_id: "DU1234567" });
    expect(asks(pnlDaily, {})).not.toHaveProperty("account_id");
    refusal(pnlDaily, { account_id: "everything" });
  });

  it("asks for the broker's partition instead when it is wanted", () => {
    expect(asks(pnlDaily, { by_model: true, account_id: "DU1234567" })).toEqual({
      account_id: "DU1234567",
    });
    expect(pnlDaily.prepare({ by_model: true })).toMatchObject({
      call: { operation: "pnl.partitioned" },
    });
    expect(pnlDaily.prepare({})).toMatchObject({ call: { operation: "pnl.daily", input: {} } });
    refusal(pnlDaily, { by_model: "yes" });
  });

  it("checks each answer against the question that was asked", () => {
    const partition = {
      account_id: "DU1234567",
      currency: "USD",
      partitions: [],
      proved: true,
      source: "simulator",
      as_of: "2026-11-20T09:00:00Z",
      age_ms: 1,
      served_from: "broker",
      notes: [],
    };
    expect(shows(pnlDaily, partition, { by_model: true })).toEqual(partition);
    expect(shows(pnlDaily, partition, {})).toBeNull();
  });
});
