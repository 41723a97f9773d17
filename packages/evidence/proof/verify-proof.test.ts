import { createHash, generateKeyPairSync, sign } from "node:crypto";
import { mandateHash } from "@ibkr-edge-gateway/protocol/approval/mandate.ts";
import { isoCBOR } from "@simplewebauthn/server/helpers";
import { describe, expect, it } from "vitest";
import { asJson, partsOf, verify } from "../../../test/support/order-proof.ts";
import { aMandate, anIntent } from "../../../test/support/orders.ts";
import { softwareAuthenticator } from "../../../test/support/software-authenticator.ts";
import { policyHash } from "../../policy/document.ts";
import { formatOrderEvidence } from "../order/order-evidence.ts";
import { anOrderProof, type SomePasskey } from "../testing/an-order.ts";

const POLICY = { v: 1, max_order_value: "1000" };

describe("the proof file of one order", () => {
  it("shows approval, what was sent and read, the log and its witness, and what it does not show", async () => {
    const intent = anIntent({ policy_hash: policyHash(POLICY) });
    const { text, keys } = await anOrderProof(partsOf(intent, undefined, { policy: POLICY }));
    const { outcome, exitCode, first, checks } = await verify(text, keys);
    expect(first).toBeNull();
    expect({ outcome, exitCode }).toEqual({ outcome: "verified", exitCode: 0 });
    expect(checks.map(({ name, state }) => `${name}: ${state}`)).toEqual([
      "file: passed",
      "log: passed",
      "order: passed",
      "approval: passed",
      "statements: passed",
      "keys: passed",
      "openings: passed",
      "policy: passed",
      "broker: skipped",
    ]);
  });

  it("is at most 2 KB beyond what it proves", async () => {
    const { text, evidence } = await anOrderProof(partsOf(anIntent()));
    const payload = Math.ceil(formatOrderEvidence(evidence).length / 3) * 4;
    // Seven hashes here; a log of 100,000 entries has ten more of 45 bytes.
    expect(Buffer.byteLength(text) - payload + 10 * 45).toBeLessThan(2_048);
  });

  it.each(["ES256", "EdDSA"] as const)("holds for a passkey of kind %s", async (kind) => {
    const { text, keys } = await anOrderProof(partsOf(anIntent(), softwareAuthenticator(kind)));
    expect(await verify(text, keys)).toMatchObject({ outcome: "verified" });
  });

  it("holds for a passkey of Windows, which signs with RSA", async () => {
    const { text, keys } = await anOrderProof(partsOf(anIntent(), rsaPasskey()));
    expect(await verify(text, keys)).toMatchObject({ outcome: "verified", first: null });
  });

  it("holds under a standing approval, over its own hash", async () => {
    const mandate = aMandate();
    const intent = anIntent();
    const passkey = softwareAuthenticator();
    const under = partsOf(intent, passkey, { mandate: asJson(mandate) });
    const { text, keys } = await anOrderProof(under);
    const verdict = await verify(text, keys);
    expect(verdict.first).toBeNull();
    expect(verdict.checks.map(({ says }) => says).join()).toContain("under a standing approval");
    const signsOther = {
      ...passkey,
      approve: () => passkey.approve(mandateHash(aMandate({ nonce: "1".repeat(32) }))),
    };
    const other = await anOrderProof({ ...under, passkey: signsOther });
    expect((await verify(other.text, other.keys)).first?.code).toBe("ASSERTION_CHALLENGE");
    const late = aMandate({ not_after: "2026-11-20T15:00:30.000Z" });
    const ended = await anOrderProof({ ...under, mandate: asJson(late) });
    expect((await verify(ended.text, ended.keys)).first?.code).toBe("APPROVER_DIFFERS");
  });

  it("is not verified without a policy, without keys, or for keys of others", async () => {
    const { text, keys } = await anOrderProof(partsOf(anIntent()));
    expect(await verify(text, keys, { policy: null })).toMatchObject({
      exitCode: 1,
      first: { code: "POLICY_MISSING" },
    });
    expect(await verify(text, keys, { keys: null })).toMatchObject({
      exitCode: 2,
      outcome: "unwitnessed",
      first: { code: "STATEMENT_KEY_UNKNOWN" },
    });
    const others = `pc ${Buffer.alloc(32, 1).toString("base64url")}`;
    expect(await verify(text, others)).toMatchObject({ first: { code: "STATEMENT_KEY_UNKNOWN" } });
    expect(await verify(text, "pc nonsense")).toMatchObject({
      exitCode: 1,
      first: { code: "POLICY_MALFORMED" },
    });
    const swapped = keys.replace(/[0-9a-f]{64}/, "0".repeat(64));
    expect(await verify(text, swapped)).toMatchObject({
      exitCode: 2,
      first: { code: "APPROVER_DIFFERS" },
    });
  });
});

/** A passkey as Windows makes them. */
function rsaPasskey(): SomePasskey {
  const { publicKey, privateKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
  const { n = "", e = "" } = publicKey.export({ format: "jwk" });
  const bytes = (text: string) => new Uint8Array(Buffer.from(text, "base64url"));
  const cose = new Map<number, number | Uint8Array>([
    [1, 3],
    [3, -257],
    [-1, bytes(n)],
    [-2, bytes(e)],
  ]);
  const template = softwareAuthenticator();
  return {
    credentialId: template.credentialId,
    publicKey: isoCBOR.encode(cose),
    approve(hash) {
      const made = template.approve(hash);
      const client = Buffer.from(made.client_data_json, "base64url");
      const digest = createHash("sha256").update(client).digest();
      const signed = Buffer.concat([Buffer.from(made.authenticator_data, "base64url"), digest]);
      return { ...made, signature: sign("sha256", signed, privateKey).toString("base64url") };
    },
  };
}
