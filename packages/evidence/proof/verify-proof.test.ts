import { createHash, generateKeyPairSync, sign } from "node:crypto";
import { mandateHash } from "@ibkr-edge-gateway/protocol/approval/mandate.ts";
import { modifyBody, placeBody } from "@ibkr-edge-gateway/protocol/orders/broker-body.ts";
import type { CanonicalOrder } from "@ibkr-edge-gateway/protocol/orders/canonical-order.ts";
import type { Intent } from "@ibkr-edge-gateway/protocol/orders/intent.ts";
import { isoCBOR } from "@simplewebauthn/server/helpers";
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  aBracket,
  aLeg,
  aMandate,
  anIntent,
  anOrder,
  anyOrder,
  aTicket,
} from "../../../test/support/orders.ts";
import { softwareAuthenticator } from "../../../test/support/software-authenticator.ts";
import { policyHash } from "../../policy/document.ts";
import type { Json } from "../canonical-json.ts";
import type { FaultCode } from "../fault.ts";
import { formatOrderEvidence, type OrderEvidence } from "../order/order-evidence.ts";
import { checkSentBody } from "../order/sent-body.ts";
import { aPolicy, NOW_SECONDS } from "../testing/a-log.ts";
import { anOrderProof, type OrderParts, type SomePasskey } from "../testing/an-order.ts";
import { type VerifyProofOptions, verifyProof } from "./verify-proof.ts";

const asJson = (value: unknown): { [name: string]: Json } => JSON.parse(JSON.stringify(value));
const POLICY = { v: 1, max_order_value: "1000" };

function bodyOf(order: CanonicalOrder, coid: string): string {
  const operator = { manual_indicator: true, ext_operator: "owner" };
  const made =
    order.action === "place" ? placeBody(order, coid, operator) : modifyBody(order, operator);
  return made.ok ? JSON.stringify(made.body) : "";
}

function partsOf(
  intent: Intent,
  passkey: SomePasskey = softwareAuthenticator(),
  over: Partial<OrderParts> = {},
): OrderParts {
  return {
    intent: asJson(intent),
    mandate: null,
    body: bodyOf(intent.ticket.order, intent.coid),
    passkey,
    account: intent.gateway_account_id,
    brokerAccount: intent.ticket.order.account_id,
    policy: null,
    ...over,
  };
}

const verify = async (text: string, keys: string, options: Partial<VerifyProofOptions> = {}) =>
  verifyProof(text, { policy: await aPolicy(), keys, nowSeconds: NOW_SECONDS, ...options });

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

describe("somebody who edits one order's evidence", () => {
  type Edit = (evidence: OrderEvidence) => OrderEvidence;
  const sent =
    (edit: (body: OrderEvidence["sent"]["body"]) => OrderEvidence["sent"]["body"]): Edit =>
    (evidence) => ({ ...evidence, sent: { ...evidence.sent, body: edit(evidence.sent.body) } });
  const intent =
    (over: Record<string, Json>): Edit =>
    (evidence) => ({ ...evidence, intent: { ...asJson(evidence.intent), ...over } });
  const edits: [string, Edit, FaultCode][] = [
    ["the order", intent({ nonce: "f".repeat(32) }), "INTENT_DIFFERS"],
    ["the order reference", intent({ coid: "ieg1-0" }), "INTENT_DIFFERS"],
    [
      "the entry",
      (evidence) => ({ ...evidence, entry: evidence.entry.replace("filled", "killed") }),
      "ROOT_DIFFERS",
    ],
    [
      "the entry's place",
      (evidence) => ({ ...evidence, entry: evidence.entry.replace(/,"seq":60\}$/, ',"seq":61}') }),
      "ENTRY_OF_ANOTHER_PLACE",
    ],
    [
      "the approval's signature",
      (evidence) => ({ ...evidence, assertion: { ...evidence.assertion, signature: "AAAA" } }),
      "ORDER_LEAF_DIFFERS",
    ],
    [
      "what the PC sent",
      sent((body) => ({ ...body, body: body.body.replace('"quantity":1', '"quantity":100') })),
      "ORDER_LEAF_DIFFERS",
    ],
    [
      "when the PC sent it",
      sent((body) => ({ ...body, sent_at: "2026-11-20T15:09:00.000Z" })),
      "ORDER_LEAF_DIFFERS",
    ],
    [
      "what the PC read back",
      (evidence) => ({
        ...evidence,
        result: { ...evidence.result, body: { ...evidence.result.body, status: "Cancelled" } },
      }),
      "ORDER_LEAF_DIFFERS",
    ],
    [
      "a signature of the PC's",
      (evidence) => ({
        ...evidence,
        sent: { ...evidence.sent, signature: evidence.result.signature },
      }),
      "STATEMENT_SIGNATURE",
    ],
    [
      "the passkey that the PC vouches for",
      (evidence) => ({
        ...evidence,
        approver: { ...evidence.approver, body: { ...evidence.approver.body, enrolled_via: "qr" } },
      }),
      "STATEMENT_SIGNATURE",
    ],
    [
      "the PC's key",
      (evidence) => ({ ...evidence, pc_key: Buffer.alloc(32, 1).toString("base64url") }),
      "STATEMENT_SIGNATURE",
    ],
    [
      "the broker account",
      (evidence) => ({
        ...evidence,
        openings: evidence.openings.map((one) => ({ ...one, payload: '"DU7654321"' })),
      }),
      "OPENING_DIFFERS",
    ],
    ["the policy", (evidence) => ({ ...evidence, policy: { v: 2 } }), "INTENT_DIFFERS"],
  ];
  it.each(edits)("%s is told so", async (_what, edit, code) => {
    const { text, keys } = await anOrderProof(partsOf(anIntent()), edit);
    expect(await verify(text, keys)).toMatchObject({ exitCode: 2, first: { code } });
  });

  it("giving the broker another reference than follows from the order is told so", async () => {
    const intent = { ...asJson(anIntent()), coid: "ieg1-00000000000000000000000000000000" };
    const { text, keys } = await anOrderProof({ ...partsOf(anIntent()), intent });
    expect((await verify(text, keys)).first?.code).toBe("ORDER_REFERENCE_DIFFERS");
  });

  it("swapping the evidence of two proofs is told so: the entry is another one's", async () => {
    const [a, b] = await Promise.all([
      anOrderProof(partsOf(anIntent())),
      anOrderProof(partsOf(anIntent({ nonce: "e".repeat(32) }))),
    ]);
    const extraOf = (text: string) => text.split("\n")[1] ?? "";
    const swapped = a.text.replace(extraOf(a.text), extraOf(b.text));
    expect(await verify(swapped, a.keys)).toMatchObject({
      exitCode: 2,
      first: { code: "ROOT_DIFFERS" },
    });
  });

  it("writing the same evidence in another way is told so", async () => {
    const { text, evidence, keys } = await anOrderProof(partsOf(anIntent()));
    const spaced = Buffer.from(JSON.stringify(evidence, null, 1)).toString("base64");
    const respelled = text.replace(/^extra .*$/m, `extra ${spaced}`);
    expect(await verify(respelled, keys)).toMatchObject({
      first: { code: "ORDER_EVIDENCE_MALFORMED" },
    });
  });

  it.each<[string, Parameters<ReturnType<typeof softwareAuthenticator>["approve"]>[1], FaultCode]>([
    ["for a sign-up", { type: "webauthn.create" }, "ASSERTION_TYPE"],
    ["over something else", { challenge: "AAAA" }, "ASSERTION_CHALLENGE"],
    ["on another page", { origin: "https://evil.example" }, "ASSERTION_ORIGIN"],
    ["inside another page", { crossOrigin: true }, "ASSERTION_ORIGIN"],
    ["under another page", { topOrigin: "https://evil.example" }, "ASSERTION_ORIGIN"],
    ["for another site", { rpId: "evil.example" }, "ASSERTION_RELYING_PARTY"],
    ["untouched", { userPresent: false }, "ASSERTION_USER_ABSENT"],
    ["without checking its user", { userVerified: false }, "ASSERTION_USER_UNVERIFIED"],
    ["as another one", { credentialId: "AAAA" }, "APPROVER_DIFFERS"],
    ["badly", { tamper: (signature) => signature.fill(1, 20, 24) }, "ASSERTION_SIGNATURE"],
    ["with no DER", { tamper: (signature) => signature.subarray(2) }, "ASSERTION_SIGNATURE"],
  ])("a passkey that signed %s is told so", async (_how, over, code) => {
    const passkey = softwareAuthenticator();
    const signing = { ...passkey, approve: (hash: string) => passkey.approve(hash, over) };
    const { text, keys } = await anOrderProof(partsOf(anIntent(), signing));
    expect(await verify(text, keys)).toMatchObject({ exitCode: 2, first: { code } });
  });

  it("another order that was sent than was approved is told so, whatever member differs", async () => {
    const intent = anIntent();
    const good = bodyOf(intent.ticket.order, intent.coid);
    const edits: [string, string][] = [
      ['"quantity":1', '"quantity":2'],
      ['"price":187.25', '"price":188'],
      ['"side":"BUY"', '"side":"SELL"'],
      ['"conid":265598', '"conid":1'],
      ["DU1234567", "DU7654321"],
      ['"tif":"DAY"', '"tif":"GTC"'],
      [intent.coid, `${intent.coid}x`],
      ['"orderType":"LMT"', '"orderType":"MKT"'],
      ["{", '{"orders":[],"z":{'],
    ];
    for (const [from, to] of edits) {
      const body = good.replace(from, to);
      const { text, keys } = await anOrderProof(partsOf(intent, undefined, { body }));
      expect(await verify(text, keys)).toMatchObject({ first: { code: "STATEMENT_DIFFERS" } });
    }
  });

  it("an order that left before the PC saw it in the log is told so", async () => {
    const { keys, text } = await anOrderProof({ ...partsOf(anIntent()), seenSize: 50 });
    expect(await verify(text, keys)).toMatchObject({ first: { code: "SENT_BEFORE_LOGGED" } });
    const exit = await anOrderProof({ ...partsOf(anIntent()), seenSize: null });
    expect(await verify(exit.text, exit.keys)).toMatchObject({ outcome: "verified" });
    const fork = await anOrderProof({ ...partsOf(anIntent()), seenSize: 100 });
    expect(await verify(fork.text, fork.keys)).toMatchObject({ first: { code: "FORKED" } });
  });
});

describe("any edit of a proof file", () => {
  it("of one character gets a verdict, and is not verified", async () => {
    const { text, keys } = await anOrderProof(partsOf(anIntent()));
    const letters = fc.constantFrom("A", "b", "7", "\n", "=", "/", " ");
    await fc.assert(
      fc.asyncProperty(fc.nat(), letters, async (place, letter) => {
        const at = place % text.length;
        fc.pre(text[at] !== letter);
        const edited = text.slice(0, at) + letter + text.slice(at + 1);
        expect((await verify(edited, keys)).exitCode).not.toBe(0);
      }),
      { numRuns: 400, seed: 20_261_130 },
    );
  });

  it("of one character inside its evidence gets a verdict, and is not verified", async () => {
    const { text, evidence, keys } = await anOrderProof(partsOf(anIntent()));
    const plain = new TextDecoder().decode(formatOrderEvidence(evidence));
    const letters = fc.constantFrom("A", "b", "7", '"', "}", "\\", " ");
    await fc.assert(
      fc.asyncProperty(fc.nat(), letters, async (place, letter) => {
        const at = place % plain.length;
        fc.pre(plain[at] !== letter);
        const edited = Buffer.from(plain.slice(0, at) + letter + plain.slice(at + 1));
        const file = text.replace(/^extra .*$/m, `extra ${edited.toString("base64")}`);
        expect((await verify(file, keys)).exitCode).not.toBe(0);
      }),
      { numRuns: 400, seed: 20_261_130 },
    );
  });

  it("that nests values without end gets a verdict", async () => {
    const { text, keys } = await anOrderProof(partsOf(anIntent()));
    const deep = `{"intent":${"[".repeat(50_000)}${"]".repeat(50_000)},"kind":"ibkr-order-evidence/v1"}`;
    const file = text.replace(/^extra .*$/m, `extra ${Buffer.from(deep).toString("base64")}`);
    expect((await verify(file, keys)).first?.code).toBe("ORDER_EVIDENCE_MALFORMED");
  });
});

describe("what was sent, against what was approved", () => {
  it("agrees for any order as the PC writes it, brackets and changes included", () => {
    const check = (order: CanonicalOrder) =>
      checkSentBody(bodyOf(order, "ieg1-1"), order, "ieg1-1");
    fc.assert(
      fc.property(anyOrder, (order) => {
        fc.pre(bodyOf(order, "ieg1-1") !== "");
        check(order);
      }),
      { seed: 20_261_130 },
    );
    check(aBracket());
    check(
      anOrder({
        structure: "oca",
        legs: [aLeg({ role: "oca_member" }), aLeg({ role: "oca_member" })],
      }),
    );
    const target = {
      order_id: "1",
      order_ref: null,
      foreign: false,
      before: aLeg(),
      filled_quantity: "0",
    };
    check(anOrder({ action: "modify", target }));
    expect(aTicket().order).toEqual(anOrder());
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
