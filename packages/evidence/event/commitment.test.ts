import { sha256 } from "@noble/hashes/sha2.js";
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { toHex, utf8 } from "../bytes.ts";
import { canonicalJson } from "../canonical-json.ts";
import { anEvent, steadyRandom } from "../testing/a-log.ts";
import { commit, commitment, opens, SALT_BYTES } from "./commitment.ts";
import { formatEntry, parseEntry } from "./entry.ts";
import { committed, eventHead, readEvent } from "./event.ts";

const ACCOUNT = "U1000321";
const guesses = Array.from({ length: 400 }, (_, n) => `U${1_000_000 + n}`);
const inputOf = (account: string) => canonicalJson({ account_id: account });

describe("a commitment", () => {
  it("opens with what was committed to, and with nothing else", () => {
    const payloads = fc.string({ unit: "binary" }).filter((text) => text.isWellFormed());
    fc.assert(
      fc.property(payloads, payloads, fc.nat(), (payload, other, seed) => {
        const { commitment: made, opening } = commit("input", payload, steadyRandom(seed));
        expect(opens(made, opening)).toBe(true);
        expect(opens(made, { ...opening, payload: other })).toBe(other === payload);
        expect(opens(made, { ...opening, field: "output" })).toBe(false);
        const salt = opening.salt.with(3, (opening.salt[3] ?? 0) ^ 1);
        expect(opens(made, { ...opening, salt })).toBe(false);
      }),
      { seed: 20_261_130 },
    );
  });

  it("differs each time, so that equal values do not look alike", () => {
    const random = steadyRandom(1);
    const made = Array.from({ length: 50 }, () => commit("input", "1", random).commitment);
    expect(new Set(made).size).toBe(50);
  });

  it("takes no field that could be mistaken for another, and no other length of salt", () => {
    const salt = new Uint8Array(SALT_BYTES);
    for (const field of ["", "Input", "in\nput", "in put", "1st", "x".repeat(33)]) {
      expect(() => commitment({ field, salt, payload: "" })).toThrow();
    }
    for (const length of [0, 15, 17]) {
      const other = { field: "input", salt: new Uint8Array(length), payload: "" };
      expect(() => commitment(other)).toThrow();
    }
  });
});

describe("an account number in the log", () => {
  it("is found in an event of version 1 by trying all of them", () => {
    const hash = (account: string) => toHex(sha256(utf8(inputOf(account))));
    const event = anEvent(1, { v: 1, input_hash: hash(ACCOUNT) });
    expect(guesses.filter((guess) => event.includes(hash(guess)))).toEqual([ACCOUNT]);
  });

  it("is not found in an event of version 2, whose salt is not in it", () => {
    const made = {
      input: commit("input", inputOf(ACCOUNT), steadyRandom(7)),
      account: commit("account", canonicalJson(ACCOUNT), steadyRandom(8)),
    };
    const event = anEvent(1, {
      input: made.input.commitment,
      account: made.account.commitment,
    });
    const salts = [new Uint8Array(SALT_BYTES), utf8("ibkr-commit/v1".padEnd(SALT_BYTES, "0"))];
    const seen = guesses.filter((guess) =>
      ["input", "account"].some((field) =>
        [inputOf(guess), canonicalJson(guess)].some(
          (payload) =>
            event.includes(toHex(sha256(utf8(payload)))) ||
            salts.some((salt) => event.includes(commitment({ field, salt, payload }))),
        ),
      ),
    );
    expect(seen).toEqual([]);
    expect(opens(made.input.commitment, made.input.opening)).toBe(true);
  });

  it("cannot be confirmed by anybody once its opening was erased, and the entry stays as it was", () => {
    const { commitment: made } = commit("input", inputOf(ACCOUNT), steadyRandom(7));
    const entry = formatEntry({ account: "A", seq: 1, event: anEvent(1, { input: made }) });
    expect(committed(parseEntry(entry).value, "input")).toBe(made);
  });
});

describe("events", () => {
  const readValue = (event: string) =>
    parseEntry(formatEntry({ account: "A", seq: 1, event })).value;

  it("of version 2 are read, and members that are not known are kept", () => {
    const event = readEvent(readValue(anEvent(1, { trace_id: "abc" })));
    expect(event).toMatchObject({ v: 2, type: "tool.call", trace_id: "abc" });
  });

  it("of version 1 are read, and have no commitments", () => {
    const value = readValue(anEvent(1, { v: 1, input_hash: "a".repeat(64), output_hash: null }));
    expect(readEvent(value)).toMatchObject({ v: 1, input_hash: "a".repeat(64) });
    expect(committed(value, "input_hash")).toBeNull();
  });

  it("of a later version are passed over, and of none or another form refused", () => {
    expect(readEvent(readValue(anEvent(1, { v: 3 })))).toBeNull();
    expect(() => readEvent(readValue(anEvent(1, { v: "2" })))).toThrow();
    expect(() => readEvent(readValue(anEvent(1, { type: "x" })))).toThrow();
    expect(() => readEvent(readValue(anEvent(1, { input: "U1000321" })))).toThrow();
  });

  it("have commitments by field only where a whole hash stands", () => {
    const value = readValue(anEvent(1, { input: "a".repeat(64), output: "a".repeat(63) }));
    expect(
      ["input", "output", "account", "toString"].map((field) => committed(value, field)),
    ).toEqual(["a".repeat(64), null, null, null]);
    expect(eventHead({ v: 2, type: "t", meta: { a: "1", b: 2 } }).meta("a")).toBe("1");
    expect(eventHead({ meta: null }).meta("toString")).toBeNull();
  });
});
