import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { FaultCode } from "../fault.ts";
import { faultOf } from "../testing/fault-of.ts";
import { checkEntryLength, decodeBundle, ENTRY_MAX_BYTES, encodeBundle } from "../tiles/bundle.ts";
import { formatEntry, parseEntry } from "./entry.ts";

describe("an entry", () => {
  const text = formatEntry({ account: "A", event: '{"a":1,"b":2}', seq: 7 });
  it.each<[string, string, FaultCode]>([
    ["of another domain", text.replace("/v1", "/v2"), "ENTRY_MALFORMED"],
    [
      "with its members in another order",
      'ibkr-audit/v1\n{"event":{},"account":"A","seq":7}',
      "ENTRY_NOT_CANONICAL",
    ],
    ["with a space", text.replace(",", ", "), "ENTRY_NOT_CANONICAL"],
    ["with a member twice", text.replace(',"seq":7}', ',"seq":8,"seq":7}'), "ENTRY_MALFORMED"],
    ["with a member more", text.replace(',"seq":7}', ',"seq":7,"z":1}'), "ENTRY_MALFORMED"],
    ["without a number", text.replace(',"seq":7', ""), "ENTRY_MALFORMED"],
    ["of number zero", text.replace(":7}", ":0}"), "ENTRY_MALFORMED"],
    ["with a number that has a zero before it", text.replace(":7}", ":07}"), "ENTRY_MALFORMED"],
    ["without an event", text.replace('{"a":1,"b":2}', "null"), "ENTRY_MALFORMED"],
    ["of nobody", text.replace('"A"', '""'), "ENTRY_MALFORMED"],
    [
      "with its account spelled in another way",
      text.replace('"A"', '"\\u0041"'),
      "ENTRY_NOT_CANONICAL",
    ],
    ["that is not JSON", "ibkr-audit/v1\n{", "ENTRY_MALFORMED"],
  ])("%s is refused", async (_what, edited, code) => {
    expect(await faultOf(() => parseEntry(edited))).toBe(code);
  });

  it("comes back as it was written, for any account and event", () => {
    fc.assert(
      fc.property(
        fc.string({ unit: "grapheme", minLength: 1 }),
        fc.dictionary(fc.string(), fc.jsonValue()),
        fc.integer({ min: 1, max: Number.MAX_SAFE_INTEGER }),
        (account, value, seq) => {
          fc.pre(account.isWellFormed());
          const entry = { account, event: JSON.stringify(value), seq };
          expect(parseEntry(formatEntry(entry))).toMatchObject(entry);
        },
      ),
    );
  });

  it("of 65,536 bytes is refused before anything is done; one of 65,535 is served", async () => {
    const longest = new Uint8Array(ENTRY_MAX_BYTES).fill(0x61);
    expect(decodeBundle(encodeBundle([longest]), 1)).toEqual([longest]);
    expect(await faultOf(() => checkEntryLength(new Uint8Array(ENTRY_MAX_BYTES + 1)))).toBe(
      "ENTRY_TOO_LARGE",
    );
  });
});
