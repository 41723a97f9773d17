import { createSign, generateKeyPairSync } from "node:crypto";
import { ECDSASigValue as RealValue } from "@peculiar/asn1-ecc";
import { AsnParser as RealParser } from "@peculiar/asn1-schema";
import { describe, expect, it } from "vitest";
import { AsnParser, ECDSASigValue } from "./without-x509.ts";

describe("the signatures that passkeys make", () => {
  it("are read as the library that this stands in for reads them", () => {
    for (const namedCurve of ["P-256", "P-384", "P-521"]) {
      const { privateKey } = generateKeyPairSync("ec", { namedCurve });
      for (let i = 0; i < 50; i += 1) {
        const signature = new Uint8Array(createSign("sha256").update(`${i}`).sign(privateKey));
        const mine = AsnParser.parse(signature, ECDSASigValue);
        const theirs = RealParser.parse(signature, RealValue);
        expect(Buffer.from(mine.r).equals(Buffer.from(theirs.r))).toBe(true);
        expect(Buffer.from(mine.s).equals(Buffer.from(theirs.s))).toBe(true);
      }
    }
  });

  it("anything else is refused", () => {
    for (const bytes of [
      [],
      [0x30],
      [0x30, 0x06, 0x02, 0x01, 0x01, 0x02, 0x01],
      [0x30, 0x06, 0x02, 0x01, 0x01, 0x02, 0x01, 0x01, 0x00],
      [0x30, 0x07, 0x02, 0x01, 0x01, 0x02, 0x01, 0x01, 0x00],
      [0x31, 0x06, 0x02, 0x01, 0x01, 0x02, 0x01, 0x01],
      [0x30, 0x80, 0x02, 0x01, 0x01],
      [0x30, 0x02, 0x02, 0x00],
    ]) {
      expect(() => AsnParser.parse(new Uint8Array(bytes), ECDSASigValue)).toThrow();
    }
    expect(() => AsnParser.parse(new Uint8Array([0x30, 0]), class Certificate {})).toThrow(
      "certificates are not supported",
    );
  });
});
