import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { asJson, bodyOf, partsOf, verify } from "../../../test/support/order-proof.ts";
import { anIntent } from "../../../test/support/orders.ts";
import { softwareAuthenticator } from "../../../test/support/software-authenticator.ts";
import type { Json } from "../canonical-json.ts";
import type { FaultCode } from "../fault.ts";
import { anOrderProof, type StatedEvidence } from "../testing/an-order.ts";
import { formatOrderEvidence, type OrderEvidence } from "./order-evidence.ts";

describe("somebody who edits one order's evidence", () => {
  type Edit = (evidence: StatedEvidence) => OrderEvidence;
  type Sent = StatedEvidence["sent"]["body"];
  const sent =
    (edit: (body: Sent) => Sent): Edit =>
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
      "what the PC sent, left out",
      (evidence) => ({ ...evidence, sent: null }),
      "ORDER_LEAF_DIFFERS",
    ],
    [
      "what the PC read back, left out",
      (evidence) => ({ ...evidence, result: null }),
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

  it("an order that left before the PC saw it in the log is told so, and another log is a fork", async () => {
    const told = async (seenSize: number | null) => {
      const { keys, text } = await anOrderProof({ ...partsOf(anIntent()), seenSize });
      const { outcome, checks } = await verify(text, keys);
      expect(outcome).toBe("verified");
      return checks.find(({ name }) => name === "statements")?.says;
    };
    expect(await told(50)).toContain("up to entry 50, which was before this order's own,");
    expect(await told(51)).toContain("up to entry 51, this order's own among them,");
    expect(await told(null)).not.toContain("cosigned");
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
