import { describe, expect, it } from "vitest";
import { concat, toBase64 } from "../bytes.ts";
import type { FaultCode } from "../fault.ts";
import { faultOf } from "../testing/fault-of.ts";
import * as vectors from "../testing/vectors.ts";
import { isKeyName, parseVkey, verifierKey } from "./vkey.ts";

describe("keys", () => {
  it.each<[string, string, FaultCode]>([
    [
      "whose id does not follow",
      vectors.LOG_VKEY.replace("f7516007", "f7516008"),
      "VKEY_MALFORMED",
    ],
    ["of another name", vectors.LOG_VKEY.replace("7f3a+", "7f3b+"), "VKEY_MALFORMED"],
    ["that lack a part", "gw.example+f7516007", "VKEY_MALFORMED"],
    ["that are cut", vectors.LOG_VKEY.slice(0, -4), "VKEY_MALFORMED"],
    [
      "with a space in their name",
      vectors.LOG_VKEY.replace("gw.example", "gw example"),
      "KEY_NAME_INVALID",
    ],
  ])("%s are refused", async (_what, vkey, code) => {
    expect(await faultOf(() => parseVkey(vkey))).toBe(code);
  });

  it("are read whole when their base64 holds a plus", () => {
    const key = verifierKey("n", 1, new Uint8Array(32).fill(0xfb));
    expect(toBase64(key.publicKey)).toContain("+");
    expect(parseVkey(`n+${key.id}+${toBase64(concat(Uint8Array.of(1), key.publicKey))}`)).toEqual(
      key,
    );
  });

  it("have names without any kind of space, plus or control character", () => {
    for (const name of [
      "",
      "a b",
      "a\u00a0b",
      "a\u2028b",
      "a\u0085b",
      "a+b",
      "a\u0001b",
      "\ud800",
    ]) {
      expect(isKeyName(name)).toBe(false);
    }
    expect(isKeyName("gw.example/audit/ü")).toBe(true);
  });
});
