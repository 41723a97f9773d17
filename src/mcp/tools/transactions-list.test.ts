import { describe, expect, it } from "vitest";
import { asks, refusal } from "../../../test/support/tool-input.ts";
import { transactionsList } from "./transactions-list.ts";

describe("ibkr_transactions_list", () => {
  it("takes a conid written as a number or as text", () => {
    expect(asks(transactionsList, { conid: 265598 })).toMatchObject({ conid: 265598 });
    expect(asks(transactionsList, { conid: "265598" })).toMatchObject({ conid: 265598 });
    for (const conid of [0, -1, "AAPL", "26559.8", undefined]) refusal(transactionsList, { conid });
  });

  it("is paged by cursor, never by an offset of the caller's choice", () => {
    refusal(transactionsList, { ...{ conid: 1 }, offset: 10 });
    refusal(transactionsList, { ...{ conid: 1 }, limit: 201 });
    const prepared = transactionsList.prepare({ ...{ conid: 1 }, limit: "20", cursor: "opaque" });
    if (!prepared.ok) throw new Error(prepared.failure.message);
    expect(transactionsList.at(prepared.call, 40)).toMatchObject({ limit: 20, offset: 40 });
  });
});
