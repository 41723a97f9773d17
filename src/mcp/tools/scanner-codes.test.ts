import { describe, expect, it } from "vitest";
import { asks, refusal } from "../../../test/support/tool-input.ts";
import { scannerCodes } from "./scanner-codes.ts";

describe("ibkr_scanner_codes", () => {
  it("shows the scans for stocks unless told otherwise", () => {
    expect(asks(scannerCodes, {})).toEqual({ instrument: "STK", kind: "scans", limit: 50 });
    refusal(scannerCodes, { kind: "everything" });
  });

  it("is paged by cursor, never by an offset of the caller's choice", () => {
    refusal(scannerCodes, { ...{}, offset: 10 });
    refusal(scannerCodes, { ...{}, limit: 201 });
    const prepared = scannerCodes.prepare({ ...{}, limit: "20", cursor: "opaque" });
    if (!prepared.ok) throw new Error(prepared.failure.message);
    expect(scannerCodes.at(prepared.call, 40)).toMatchObject({ limit: 20, offset: 40 });
  });
});
