import { describe, expect, it } from "vitest";
import { asks, refusal } from "../../../test/support/tool-input.ts";
import { pnlRealtime } from "./pnl-realtime.ts";

describe("ibkr_pnl_realtime", () => {
  it("takes an account, or none when there is only one", () => {
    expect(asks(pnlRealtime, { account_id: "DU1234567" })).toMatchObject({
      account_id: "DU1234567",
    });
    expect(asks(pnlRealtime, {})).not.toHaveProperty("account_id");
    refusal(pnlRealtime, { account_id: "everything" });
  });

  it("is paged by cursor, never by an offset of the caller's choice", () => {
    refusal(pnlRealtime, { ...{}, offset: 10 });
    refusal(pnlRealtime, { ...{}, limit: 201 });
    const prepared = pnlRealtime.prepare({ ...{}, limit: "20", cursor: "opaque" });
    if (!prepared.ok) throw new Error(prepared.failure.message);
    expect(pnlRealtime.at(prepared.call, 40)).toMatchObject({ limit: 20, offset: 40 });
  });
});
