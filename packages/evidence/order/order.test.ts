import { isoCBOR } from "@simplewebauthn/server/helpers";
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { softwareAuthenticator } from "../../../test/support/software-authenticator.ts";
import { ed25519FromSeed } from "../note/ed25519.ts";
import { faultOf } from "../testing/fault-of.ts";
import { checkAssertion } from "./check-assertion.ts";
import { readCoseKey } from "./cose.ts";
import {
  checkStatement,
  type StatementBody,
  signStatement,
  statementMessage,
} from "./statement.ts";
import { parseTrustedKeys } from "./trusted-keys.ts";

const HASH = "ab".repeat(32);

describe("a passkey's public key", () => {
  it("is read for the kinds that approvers have, and for no other", () => {
    expect(readCoseKey(softwareAuthenticator("ES256").publicKey)?.algorithm).toBe("ES256");
    expect(readCoseKey(softwareAuthenticator("EdDSA").publicKey)?.algorithm).toBe("EdDSA");
    const coordinate = new Uint8Array(32).fill(1);
    const maps: [number, number | Uint8Array][][] = [
      [],
      [
        [1, 2],
        [3, -7],
        [-1, 1],
        [-2, coordinate],
      ],
      [
        [1, 2],
        [3, -7],
        [-1, 2],
        [-2, coordinate],
        [-3, coordinate],
      ],
      [
        [1, 2],
        [3, -35],
        [-1, 1],
        [-2, coordinate],
        [-3, coordinate],
      ],
      [
        [1, 2],
        [3, -7],
        [-1, 1],
        [-2, coordinate.slice(1)],
        [-3, coordinate],
      ],
      [
        [1, 1],
        [3, -8],
        [-1, 6],
        [-2, coordinate.slice(1)],
      ],
      [
        [1, 3],
        [3, -257],
        [-1, coordinate],
      ],
    ];
    for (const map of maps) expect(readCoseKey(isoCBOR.encode(new Map(map)))).toBeNull();
  });

  it("is nothing when it is cut, longer than it says, or any other bytes", () => {
    const good = softwareAuthenticator().publicKey;
    for (let length = 0; length < good.length; length++) {
      expect(readCoseKey(good.slice(0, length))).toBeNull();
    }
    expect(readCoseKey(Uint8Array.of(...good, 0))).toBeNull();
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 100 }), (bytes) => {
        expect(readCoseKey(bytes)).toBeNull();
      }),
    );
  });

  it("verifies no signature that is not its own, however it is written", async () => {
    const key = readCoseKey(softwareAuthenticator().publicKey);
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 80 }), async (signature) => {
        expect(await key?.verifies(new Uint8Array(3), signature)).toBe(false);
      }),
      { numRuns: 50 },
    );
  });
});

describe("a passkey's answer", () => {
  const passkey = softwareAuthenticator();
  const approver = {
    credential_id: passkey.credentialId,
    cose_key: Buffer.from(passkey.publicKey).toString("base64url"),
    rp_id: "gateway.example",
    origins: ["https://gateway.example"],
  };

  it("holds over what it signed", async () => {
    expect(await faultOf(() => checkAssertion(HASH, passkey.approve(HASH), approver))).toBeNull();
  });

  it("is refused when it cannot be read, or its key is of a kind not known", async () => {
    const good = passkey.approve(HASH);
    for (const over of [
      { client_data_json: "e30A=" },
      { client_data_json: Buffer.from("[]").toString("base64url") },
      { client_data_json: Buffer.from([0xff]).toString("base64url") },
      { authenticator_data: "AAAA" },
      { signature: "*" },
    ]) {
      const code = await faultOf(() => checkAssertion(HASH, { ...good, ...over }, approver));
      expect(code).toBe("ASSERTION_MALFORMED");
    }
    const strange = { ...approver, cose_key: "oA" };
    expect(await faultOf(() => checkAssertion(HASH, good, strange))).toBe(
      "ASSERTION_KEY_UNSUPPORTED",
    );
  });
});

describe("a PC's statement", () => {
  it("is not signed with a fraction, at any depth, without a kind, or of another version", async () => {
    const bodies: StatementBody[] = [
      { v: 1, kind: "sent", price: 1.5 },
      { v: 1, kind: "sent", legs: [{ price: [0.1] }] },
      { v: 1, kind: "sent", big: 2 ** 53 },
    ];
    for (const body of bodies) {
      expect(await faultOf(() => statementMessage(body))).toBe("STATEMENT_MALFORMED");
    }
  });

  it("holds for its key and body alone", async () => {
    const [key, other] = await Promise.all(
      [7, 8].map((n) => ed25519FromSeed(new Uint8Array(32).fill(n))),
    );
    if (key === undefined || other === undefined) throw new Error("two keys");
    const signed = await signStatement({ v: 1, kind: "sent", coid: "a" }, key);
    expect(await faultOf(() => checkStatement(signed, key.publicKey))).toBeNull();
    expect(await faultOf(() => checkStatement(signed, other.publicKey))).toBe(
      "STATEMENT_SIGNATURE",
    );
    const changed = { ...signed, body: { ...signed.body, coid: "b" } };
    expect(await faultOf(() => checkStatement(changed, key.publicKey))).toBe("STATEMENT_SIGNATURE");
  });
});

describe("a reader's list of keys", () => {
  it("takes PCs, passkeys, comments and empty lines", () => {
    const pc = Buffer.alloc(32, 1).toString("base64url");
    const { pcs, approvers } = parseTrustedKeys(`# mine\n\npc ${pc}\n approver AAAA ${HASH}\n`);
    expect([...pcs]).toEqual(["01".repeat(32)]);
    expect([...approvers]).toEqual([["AAAA", HASH]]);
  });

  it.each(["pc AAAA", "pc", "approver AAAA", `approver AAAA ${HASH.toUpperCase()}`, "trust me"])(
    "refuses the line %s",
    async (line) => {
      expect(await faultOf(() => parseTrustedKeys(line))).toBe("POLICY_MALFORMED");
    },
  );
});
