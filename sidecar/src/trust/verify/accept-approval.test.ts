import { DatabaseSync } from "node:sqlite";
import {
  ApprovalProof,
  type MandateProof,
  type PasskeyProof,
} from "@ibkr-edge-gateway/protocol/approval/approval-proof.ts";
import { type Mandate, mandateHash } from "@ibkr-edge-gateway/protocol/approval/mandate.ts";
import type { Assertion } from "@ibkr-edge-gateway/protocol/approval/webauthn-assertion.ts";
import type { Leg } from "@ibkr-edge-gateway/protocol/orders/canonical-order.ts";
import { intentHash, intentOf } from "@ibkr-edge-gateway/protocol/orders/intent.ts";
import type { Ticket } from "@ibkr-edge-gateway/protocol/orders/ticket.ts";
import * as fc from "fast-check";
import { beforeEach, describe, expect, it } from "vitest";
import { aLeg, anOrder, aTicket, NOW } from "../../../../test/support/orders.ts";
import {
  type Ceremony,
  RELYING_PARTY,
  type SoftwareAuthenticator,
  softwareAuthenticator,
} from "../../../../test/support/software-authenticator.ts";
import { createTrustTables } from "../schema.ts";
import { enrolApprover, listApprovers, revokeApprover, UNASKED } from "../tables/approvers.ts";
import {
  confirmMandate,
  forgetWrongNumbers,
  listMandates,
  revokeMandate,
} from "../tables/mandates.ts";
import { isNonceUsed } from "../tables/nonces.ts";
import { highestSeenOf } from "../tables/seen-counters.ts";
import { acceptApproval } from "./accept-approval.ts";
import { checkApproval } from "./check-approval.ts";
import { pruneCounters } from "./counters.ts";
import type { PcFacts } from "./pc-facts.ts";
import { unlockNumbers } from "./shown-numbers.ts";
import { type MandateView, takeMandate } from "./take-mandate.ts";

const NOW_MS = Date.parse(NOW);
const NONCE = "0123456789abcdef0123456789abcdef";
const ticket = aTicket();

let db: DatabaseSync;
let phone: SoftwareAuthenticator;

beforeEach(() => {
  db = new DatabaseSync(":memory:");
  createTrustTables(db);
  phone = softwareAuthenticator();
  enrol(phone);
});

const enrol = (authenticator: SoftwareAuthenticator) =>
  enrolApprover(db, { ...authenticator, label: "phone", enrolledBy: "terminal" }, NOW_MS);

const terms = (over: { nonce?: string } = {}) => ({
  preview_id: "pv_0001",
  policy_version: 1,
  policy_hash: "a".repeat(64),
  accepted_warnings: [],
  nonce: NONCE,
  not_after: "2026-11-20T15:05:00.000Z",
  ...over,
});

/** What the edge computes for the page: it should equal what the sidecar computes for itself. */
const edgeHash = (over: Partial<Parameters<typeof intentOf>[0]> = {}) =>
  intentHash(
    intentOf({
      v: 1,
      ticket,
      gateway_account_id: "acc_7d3f",
      sidecar_id: "sc_1b2c",
      generation: 4,
      ...terms(),
      ...over,
    }),
  );

const proof = (
  ceremony: Partial<Ceremony> = {},
  over: Partial<PasskeyProof> = {},
): PasskeyProof => ({
  kind: "passkey",
  ...terms(),
  tier: 1,
  echo: null,
  assertion: phone.approve(edgeHash(), ceremony),
  ...over,
});

const own = (over: Partial<PcFacts> = {}): PcFacts => ({
  gatewayAccountId: "acc_7d3f",
  sidecarId: "sc_1b2c",
  generation: 4,
  preview: { ticket, generation: 4, echo: 42 },
  market: ticket.market,
  waits: false,
  effect: { kind: "entry", position: "0", working_same_side: "0", at: NOW },
  notional: ticket.notional,
  leastTier: 1,
  maxDriftBps: "50",
  mandatesAllowed: true,
  mandateUsage: () => ({ orders_today: 0, notional_today: "0" }),
  relyingParty: RELYING_PARTY,
  // Where probation's number is waived; probation.test.ts judges without that.
  simulator: true,
  nowMs: NOW_MS,
  ...over,
});

/** The same when an approval is only checked: what the PC found the order to be at its preview. */
const atPreview = (over: Partial<PcFacts> = {}, effectAtPreview: "entry" | "exit" = "entry") => ({
  ...own(over),
  effectAtPreview,
});

const codes = async (given: PasskeyProof | MandateProof, view: PcFacts = own()) => {
  const accepted = await acceptApproval(db, given, view);
  return accepted.ok ? [] : accepted.refusals.map(({ code }) => code);
};

describe("an approval by passkey", () => {
  it("that was taken without asking counts at the proved simulator and nowhere else", async () => {
    const { credentialId } = phone;
    db.prepare("UPDATE approvers SET enrolled_by = ? WHERE credential_id = ?").run(
      UNASKED,
      credentialId,
    );
    expect(await codes(proof(), own({ simulator: false }))).toEqual(["APPROVAL_KEY_NOT_ENROLLED"]);
    const checked = await checkApproval(db, proof(), atPreview({ simulator: false }));
    expect(checked.refusals.map(({ code }) => code)).toEqual(["APPROVAL_KEY_NOT_ENROLLED"]);
    expect(await codes(proof(), own({ simulator: true }))).toEqual([]);
  });

  it.each(["ES256", "EdDSA"] as const)(
    "signed with %s over this sidecar's own ticket is accepted",
    async (algorithm) => {
      phone = softwareAuthenticator(algorithm);
      enrol(phone);
      const accepted = await acceptApproval(db, proof(), own());
      expect(accepted).toMatchObject({
        ok: true,
        intentHash: edgeHash(),
        by: { credentialId: phone.credentialId, tier: 1 },
      });
      expect(highestSeenOf(db, phone.credentialId)).toBeGreaterThan(0);
    },
  );

  it("is accepted once", async () => {
    const given = proof();
    expect(await codes(given)).toEqual([]);
    expect(await codes(given)).toContain("APPROVAL_CONSUMED");
    // A new signature by the same key over the same intent does not make it new.
    expect(await codes(proof())).toContain("APPROVAL_CONSUMED");
  });

  it("presented two hundred times at once is accepted once", async () => {
    const given = proof();
    const all = await Promise.all(
      Array.from({ length: 200 }, () => acceptApproval(db, given, own())),
    );
    expect(all.filter(({ ok }) => ok)).toHaveLength(1);
  });

  it.each<[string, Partial<Ceremony>, string]>([
    ["another ceremony's type", { type: "webauthn.create" }, "APPROVAL_TYPE_REFUSED"],
    ["another challenge", { challenge: "A".repeat(43) }, "APPROVAL_CHALLENGE_MISMATCH"],
    ["another origin", { origin: "https://gateway.example.evil" }, "APPROVAL_ORIGIN_REFUSED"],
    ["plain http", { origin: "http://gateway.example" }, "APPROVAL_ORIGIN_REFUSED"],
    ["a frame in a foreign page", { crossOrigin: true }, "APPROVAL_ORIGIN_REFUSED"],
    [
      "a frame that says so",
      { crossOrigin: true, topOrigin: "https://gateway.example" },
      "APPROVAL_ORIGIN_REFUSED",
    ],
    ["another relying party", { rpId: "example" }, "APPROVAL_RP_REFUSED"],
    ["nobody there", { userPresent: false }, "APPROVAL_USER_NOT_PRESENT"],
    ["nobody verified", { userVerified: false }, "APPROVAL_USER_NOT_VERIFIED"],
    ["a key nobody enrolled", { credentialId: "AAAA" }, "APPROVAL_KEY_NOT_ENROLLED"],
    [
      "a broken signature",
      { tamper: (s) => Buffer.concat([s.subarray(0, -1), Buffer.from([(s.at(-1) ?? 0) ^ 1])]) },
      "APPROVAL_SIGNATURE_INVALID",
    ],
    ["no signature to speak of", { tamper: () => Buffer.from([0]) }, "APPROVAL_SIGNATURE_INVALID"],
  ])("with %s is refused", async (_name, ceremony, code) => {
    expect(await codes(proof(ceremony))).toEqual([code]);
    expect(isNonceUsed(db, NONCE)).toBe(false);
  });

  it("by a key that another person's signature was put under is refused", async () => {
    const stranger = softwareAuthenticator();
    const given = proof(
      {},
      { assertion: stranger.approve(edgeHash(), { credentialId: phone.credentialId }) },
    );
    expect(await codes(given)).toEqual(["APPROVAL_SIGNATURE_INVALID"]);
  });

  it("whose counter was seen is refused, and an older one that was not seen passes", async () => {
    expect(await codes(proof({ counter: 7 }))).toEqual([]);
    const again = (counter: number, nonce: string) =>
      proof({}, { nonce, assertion: phone.approve(edgeHash({ nonce }), { counter }) });
    expect(await codes(again(7, "1".repeat(32)))).toEqual(["APPROVAL_COUNTER_REGRESSED"]);
    expect(await codes(again(6, "c".repeat(32)))).toEqual([]);
    expect(await codes(again(6, "d".repeat(32)))).toEqual(["APPROVAL_COUNTER_REGRESSED"]);
    // Zero after the key counted, and what is lower than what was forgotten: signals, no refusals.
    expect(await codes(again(0, "2".repeat(32)))).toEqual([]);
    pruneCounters(db, Date.parse(NOW) + 1);
    expect(await codes(again(7, "a".repeat(32)))).toEqual(["APPROVAL_COUNTER_REGRESSED"]);
    expect(await codes(again(5, "e".repeat(32)))).toEqual([]);
    expect(await codes(again(8, "3".repeat(32)))).toEqual([]);

    const counted = async (counter: number, nonce: string) => {
      const accepted = await acceptApproval(db, again(counter, nonce), own());
      return accepted.ok ? accepted.counter : null;
    };
    expect(await counted(9, "6".repeat(32))).toBe("new");
    expect(await counted(4, "7".repeat(32))).toBe("lower");
    expect(await counted(0, "8".repeat(32))).toBe("lower");

    phone = softwareAuthenticator();
    enrol(phone);
    expect(await codes(again(0, "4".repeat(32)))).toEqual([]);
    expect(await codes(again(0, "5".repeat(32)))).toEqual([]);
  });

  it("by a revoked key is refused, and the key cannot come back", async () => {
    expect(revokeApprover(db, phone.credentialId, NOW_MS)).toBe(true);
    expect(await codes(proof())).toEqual(["APPROVAL_KEY_NOT_ENROLLED"]);
    expect(enrol(phone)).toBe(false);
    expect(listApprovers(db)).toEqual([]);
  });

  it("at its end, or for a preview this sidecar never made, is refused", async () => {
    const late = own({ nowMs: Date.parse("2026-11-20T15:05:00.000Z") });
    expect(await codes(proof(), late)).toEqual(["APPROVAL_EXPIRED"]);
    expect(await codes(proof(), own({ preview: null }))).toEqual(["APPROVAL_PREVIEW_MISMATCH"]);
  });

  it("across a new broker session is refused", async () => {
    expect(await codes(proof(), own({ generation: 5 }))).toEqual(["GENERATION_CHANGED"]);
  });

  it("after the price moved against the owner is refused; in the owner's favour, or for an exit, it stands", async () => {
    const moved = (mid: string) => ({ ...own().market, bid: mid, ask: mid }) as PcFacts["market"];
    expect(await codes(proof(), own({ market: moved("188.2") }))).toEqual(["PRICE_DRIFT"]);
    expect(await codes(proof(), own({ market: null }))).toEqual(["PRICE_DRIFT"]);
    const exit = { kind: "exit" as const, position: "-1", working_same_side: "0", at: NOW };
    expect(await codes(proof(), own({ market: moved("300"), effect: exit }))).toEqual([]);
    const another = proof(
      {},
      { nonce: "9".repeat(32), assertion: phone.approve(edgeHash({ nonce: "9".repeat(32) })) },
    );
    expect(await codes(another, own({ market: moved("100") }))).toEqual([]);
  });

  it("weaker than the numbers ask for is refused; tier 2 needs the number this PC showed, once", async () => {
    expect(await codes(proof(), own({ leastTier: 2 }))).toEqual(["APPROVAL_TIER_TOO_LOW"]);
    expect(await codes(proof({}, { tier: 2, echo: 41 }))).toEqual(["APPROVAL_ECHO_MISMATCH"]);
    // The guess spent it.
    expect(await codes(proof({}, { tier: 2, echo: 42 }))).toEqual(["APPROVAL_CONSUMED"]);
    const signed = (preview_id: string, nonce: string) =>
      proof(
        {},
        {
          ...{ tier: 2, echo: 42, nonce, preview_id },
          assertion: phone.approve(edgeHash({ nonce, preview_id })),
        },
      );
    // And the preview's one try.
    expect(await codes(signed("pv_0001", "8".repeat(32)), own({ leastTier: 2 }))).toEqual([
      "APPROVAL_ECHO_MISMATCH",
    ]);
    const right = signed("pv_0002", "9".repeat(32));
    expect(await codes(right, own({ leastTier: 2 }))).toEqual([]);
  });

  it("over fresh previews too, six wrong numbers in a week lock all numbers, those of exits too, until the PC's owner says so", async () => {
    // Each preview is another ticket to sign: another tap, and one try of its own.
    const check = (n: number, echo: number, view: Partial<PcFacts> = {}) => {
      const preview_id = `pv_${n}`;
      const assertion = phone.approve(edgeHash({ preview_id }), { counter: 0 });
      return checkApproval(
        db,
        proof({}, { preview_id, tier: 2, echo, assertion }),
        atPreview(view),
      );
    };
    for (const n of [1, 2, 3, 4, 5, 6]) {
      expect(await check(n, 41)).toMatchObject({ holds: false, triesLeft: 0 });
    }
    const locked = { holds: false, refusals: [{ rule: "few_tries" }], triesLeft: 0 };
    expect(await check(7, 42)).toMatchObject(locked);
    expect(await check(7, 41)).toMatchObject(locked);
    const preview_id = "pv_7";
    const sent = () =>
      proof(
        {},
        {
          preview_id,
          tier: 2,
          echo: 42,
          assertion: phone.approve(edgeHash({ preview_id }), { counter: 0 }),
        },
      );
    expect(await codes(sent())).toEqual(["APPROVAL_ECHO_MISMATCH"]);
    expect(isNonceUsed(db, NONCE)).toBe(false);

    const reducing = { ...ticket, order: { ...ticket.order, reduce_only: true } };
    const exit = { preview: { ticket: reducing, generation: 4, echo: 42 } };
    const hash = edgeHash({ preview_id: "pv_8", ticket: reducing });
    const leaving = (echo: number | null) =>
      proof(
        {},
        { preview_id: "pv_8", tier: 2, echo, assertion: phone.approve(hash, { counter: 0 }) },
      );
    expect(await checkApproval(db, leaving(42), atPreview(exit, "exit"))).toMatchObject(locked);
    // Near the market an exit needs no number, and so no lock holds it back; what the ticket asks for
    // makes no exit of it.
    expect(await checkApproval(db, leaving(null), atPreview(exit, "exit"))).toMatchObject({
      holds: true,
    });
    expect(await checkApproval(db, leaving(null), atPreview(exit))).toMatchObject({
      holds: false,
    });

    unlockNumbers(db);
    // What an order has left stays as it is.
    expect(await check(1, 42)).toMatchObject({ holds: false, triesLeft: 0 });
    expect(await check(7, 42)).toMatchObject({ holds: true });
    expect(await codes(sent())).toEqual([]);
  });

  it("of exits come to an end as well", async () => {
    const selling = aTicket(
      anOrder({ mode: "live", reduce_only: true, legs: [aLeg({ side: "SELL" })] }),
    );
    const guess = (n: number, echo: number) => {
      const preview_id = `pv_${n}`;
      const assertion = phone.approve(edgeHash({ preview_id, ticket: selling }), { counter: 0 });
      const given = proof({}, { preview_id, tier: 2, echo, assertion });
      const preview = { ticket: selling, generation: 4, echo: 10 + ((n * 37 + 40) % 90) };
      return checkApproval(db, given, atPreview({ preview }, "exit"));
    };
    let through = 0;
    for (let n = 1; n <= 300 && through === 0; n += 1) {
      for (const echo of [10, 11, 12]) {
        if ((await guess(n, echo)).holds) through = n;
      }
    }
    expect(through).toBe(0);
  });

  it("wrong once for an exit put a collar around this PC's quote for exits by number", async () => {
    const exits = { kind: "exit", position: "1", working_same_side: "0", at: NOW } as const;
    let n = 0;
    let thin: ReturnType<typeof aTicket>["market"] = null;
    const sell = (price: string, echo: number, over: Partial<Leg> = {}) => {
      n += 1;
      const asked = aTicket(
        anOrder({ legs: [aLeg({ side: "SELL", limit_price: price, ...over })] }),
      );
      const signs = { preview_id: `pv_${n}`, nonce: String(n).padStart(32, "0") };
      const assertion = phone.approve(edgeHash({ ...signs, ticket: asked }), { counter: 0 });
      const preview = { ticket: asked, generation: 4, echo: 42 };
      return codes(
        proof({}, { ...signs, tier: 2, echo, assertion }),
        own({ preview, effect: exits, ...(thin === null ? {} : { market: thin }) }),
      );
    };
    // Nobody guessed: an exit may be sold at any price its owner signs.
    expect(await sell("0.01", 42)).toEqual([]);
    expect(await sell("187", 41)).toEqual(["APPROVAL_ECHO_MISMATCH"]);
    expect(await sell("0.01", 42)).toEqual(["PRICE_DRIFT"]);
    expect(await sell("187", 42)).toEqual([]);
    const stop = { order_type: "STOP_LIMIT", stop_price: "170" } as const;
    expect(await sell("169.5", 42, stop)).toEqual([]);
    expect(await sell("0.01", 42, stop)).toEqual(["PRICE_DRIFT"]);
    // A market order sells at the bid: near the price it goes, into a thin book it does not.
    const atMarket = { order_type: "MKT", limit_price: null } as const;
    expect(await sell("1", 42, atMarket)).toEqual([]);
    const { market } = aTicket();
    thin = market && { ...market, bid: "150", last: "187.25" };
    expect(await sell("1", 42, atMarket)).toEqual(["PRICE_DRIFT"]);
    thin = market && { ...market, bid: null };
    expect(await sell("1", 42, atMarket)).toEqual(["PRICE_DRIFT"]);
    thin = null;
    unlockNumbers(db);
    expect(await sell("0.01", 42)).toEqual([]);
  });

  it("does not tell a caller without a valid signature whether a guessed number was right", async () => {
    for (const echo of [41, 42]) {
      expect(await codes(proof({ challenge: "A".repeat(43) }, { tier: 2, echo }))).toEqual([
        "APPROVAL_CHALLENGE_MISMATCH",
      ]);
    }
  });
});

describe("an edge that lies", () => {
  it("about any term of the approval breaks the challenge", async () => {
    const lies: Partial<PasskeyProof>[] = [
      { preview_id: "pv_0002" },
      { policy_version: 2 },
      { policy_hash: "b".repeat(64) },
      { accepted_warnings: [{ message_id: "o163", fingerprint: "c".repeat(64) }] },
      { nonce: "f".repeat(32) },
      { not_after: "2026-11-20T15:59:00.000Z" },
    ];
    for (const lie of lies) {
      expect(await codes(proof({}, lie))).toContain("APPROVAL_CHALLENGE_MISMATCH");
    }
  });

  it("about the order shows the owner another ticket than the sidecar holds, and is refused", async () => {
    const shown: Ticket[] = [
      aTicket(anOrder({ legs: [aLeg({ quantity: "2" })] })),
      aTicket(anOrder({ legs: [aLeg({ limit_price: "187.26" })] })),
      aTicket(anOrder({ legs: [aLeg({ side: "SELL" })] })),
      aTicket(anOrder({ account_id: "DU7654321" })),
      aTicket(anOrder({ mode: "live" })),
      aTicket(anOrder(), { notional: "187.24" }),
      aTicket(anOrder(), {
        warnings: [{ message_id: "o163", fingerprint: "d".repeat(64), text: "" }],
      }),
    ];
    for (const lie of shown) {
      const given = proof({}, { assertion: phone.approve(edgeHash({ ticket: lie })) });
      expect(await codes(given)).toEqual(["APPROVAL_CHALLENGE_MISMATCH"]);
    }
  });

  it("about any single leaf of a valid proof is refused, and the untouched proof still holds", async () => {
    const valid = proof();
    const leaves: (string | number)[][] = [];
    const visit = (value: unknown, path: (string | number)[]) => {
      if (typeof value === "object" && value !== null) {
        for (const [key, inner] of Object.entries(value)) visit(inner, [...path, key]);
      } else leaves.push(path);
    };
    visit(valid, []);
    expect(leaves.length).toBeGreaterThan(10);
    let judged = 0;
    for (const path of leaves) {
      const changed: unknown = structuredClone(valid);
      let at: unknown = changed;
      for (const key of path.slice(0, -1)) at = Reflect.get(Object(at), key);
      const key = path.at(-1) ?? "";
      const value: unknown = Reflect.get(Object(at), key);
      const other =
        typeof value === "number"
          ? value + 1
          : typeof value === "string"
            ? `${value.startsWith("a") ? "b" : "a"}${value.slice(1)}`
            : 7;
      Reflect.set(Object(at), key, other);
      // What the operation's schema does not let through is refused already.
      const parsed = ApprovalProof.safeParse(changed);
      if (!parsed.success) continue;
      judged += 1;
      const refused = await acceptApproval(db, parsed.data, own());
      expect(refused.ok, path.join(".")).toBe(false);
      if (isNonceUsed(db, NONCE)) db.exec("DELETE FROM nonces");
    }
    expect(judged).toBeGreaterThan(7);
    db.exec("DELETE FROM nonces; DELETE FROM seen_counters");
    expect(await codes(valid)).toEqual([]);
  });

  it("and sends any assertion at all is answered with a refusal, never a throw", async () => {
    const base64url = fc.string({
      unit: fc.constantFrom(..."Aa09_-"),
      minLength: 1,
      maxLength: 80,
    });
    await fc.assert(
      fc.asyncProperty(
        base64url,
        base64url,
        base64url,
        async (client, authenticator, signature) => {
          const given = proof(
            {},
            {
              assertion: {
                id: phone.credentialId,
                client_data_json: client,
                authenticator_data: authenticator,
                signature,
              },
            },
          );
          expect((await codes(given)).length).toBeGreaterThan(0);
        },
      ),
    );
    expect(isNonceUsed(db, NONCE)).toBe(false);
  });
});

describe("an order under a mandate", () => {
  const mandate: Mandate = {
    v: 1,
    mandate_id: "m1",
    gateway_account_id: "acc_7d3f",
    accounts: ["DU1234567"],
    mode: "paper",
    clients: ["client-1"],
    conids: [265598],
    asset_classes: ["STK"],
    sides: ["BUY"],
    order_types: ["LMT"],
    reduce_only: false,
    max_notional_per_order: "200",
    max_notional_per_day: "1000",
    max_quantity_per_order: "1",
    max_orders_per_day: 5,
    accepted_warnings: [],
    not_before: "2026-11-20T00:00:00.000Z",
    not_after: "2026-11-21T00:00:00.000Z",
    nonce: "e".repeat(32),
  };
  const under = (nonce: string, over: Partial<MandateProof> = {}): MandateProof => ({
    kind: "mandate",
    ...terms({ nonce }),
    mandate,
    assertion: phone.approve(mandateHash(mandate)),
    ...over,
  });

  const take = (over: Partial<MandateView> = {}, bounds = mandate, signature?: Assertion) =>
    takeMandate(
      db,
      { mandate: bounds, assertion: signature ?? phone.approve(mandateHash(bounds)) },
      {
        gatewayAccountId: "acc_7d3f",
        relyingParty: RELYING_PARTY,
        simulator: false,
        mandatesAllowed: true,
        newNumber: () => 47,
        nowMs: NOW_MS,
        ...over,
      },
    );
  const takenCodes = async (...args: Parameters<typeof take>) => {
    const taken = await take(...args);
    return taken.ok ? [] : taken.refusals.map(({ code }) => code);
  };
  const confirmed = async () => {
    expect(await takenCodes()).toEqual([]);
    expect(confirmMandate(db, mandateHash(mandate), 47, NOW_MS)).toBe(true);
  };

  it("is accepted again and again within its bounds, each time with its own nonce", async () => {
    await confirmed();
    expect(await codes(under("1".repeat(32)))).toEqual([]);
    // Verified when it was taken up; its old counter is no regression.
    await acceptApproval(db, proof(), own());
    expect(await codes(under("2".repeat(32)))).toEqual([]);
    expect(await codes(under("2".repeat(32)))).toContain("APPROVAL_CONSUMED");
  });

  it("waits for the number this PC showed; a wrong one ends it, and it does not come back", async () => {
    expect(await codes(under("1".repeat(32)))).toEqual(["APPROVAL_ECHO_MISMATCH"]);
    const signature = phone.approve(mandateHash(mandate));
    const taken = await take({}, mandate, signature);
    expect(taken).toMatchObject({ ok: true, first: true, kept: { state: "waiting", number: 47 } });
    expect(await codes(under("1".repeat(32)))).toEqual(["APPROVAL_ECHO_MISMATCH"]);
    // Told again it keeps its number.
    expect(await take({ newNumber: () => 11 }, mandate, signature)).toMatchObject({
      first: false,
      kept: { number: 47 },
    });
    expect(confirmMandate(db, mandateHash(mandate), 48, NOW_MS)).toBe(false);
    expect(confirmMandate(db, mandateHash(mandate), 47, NOW_MS)).toBe(false);
    expect(await codes(under("2".repeat(32)))).toEqual(["MANDATE_NOT_COVERING"]);
    expect(await takenCodes()).toEqual(["MANDATE_NOT_COVERING"]);
  });

  it("with one bound changed by the edge is not the mandate that was signed", async () => {
    await confirmed();
    const widened = { ...mandate, max_notional_per_order: "1000000" };
    expect(await codes(under("1".repeat(32), { mandate: widened }))).toEqual([
      "APPROVAL_ECHO_MISMATCH",
    ]);
    const old = phone.approve(mandateHash(mandate));
    expect(await takenCodes({}, widened, old)).toEqual(["APPROVAL_CHALLENGE_MISMATCH"]);
  });

  it("is taken up from an enrolled passkey only, for this gateway account, in time, where allowed", async () => {
    const stranger = softwareAuthenticator();
    const byStranger = stranger.approve(mandateHash(mandate));
    expect(await takenCodes({}, mandate, byStranger)).toEqual(["APPROVAL_KEY_NOT_ENROLLED"]);
    expect(await takenCodes({ gatewayAccountId: "acc_other" })).toEqual(["MANDATE_NOT_COVERING"]);
    expect(await takenCodes({ nowMs: Date.parse(mandate.not_after) })).toEqual([
      "MANDATE_NOT_COVERING",
    ]);
    expect(await takenCodes({ mandatesAllowed: false })).toEqual(["APPROVAL_TIER_TOO_LOW"]);
    const page = phone.approve(mandateHash(mandate), { origin: "https://gateway.evil" });
    expect(await takenCodes({}, mandate, page)).toEqual(["APPROVAL_ORIGIN_REFUSED"]);
    expect(listMandates(db)).toEqual([]);
  });

  it("accepts no warning of the broker's that it does not name", async () => {
    await confirmed();
    const slipped = [{ message_id: "o163", fingerprint: "c".repeat(64) }];
    const given = under("1".repeat(32), { accepted_warnings: slipped });
    expect(await codes(given)).toEqual(["MANDATE_NOT_COVERING"]);
  });

  it("beyond its bounds by this sidecar's own count and value is refused", async () => {
    await confirmed();
    const used = own({ mandateUsage: () => ({ orders_today: 5, notional_today: "0" }) });
    expect(await codes(under("1".repeat(32)), used)).toEqual(["MANDATE_NOT_COVERING"]);
    const dearer = own({ notional: "200.01" });
    expect(await codes(under("1".repeat(32)), dearer)).toEqual(["MANDATE_NOT_COVERING"]);
    expect(await codes(under("1".repeat(32)), own({ notional: null }))).toEqual([
      "MANDATE_NOT_COVERING",
    ]);
  });

  it("is refused where this PC allows none, once revoked here, and once its signer is", async () => {
    await confirmed();
    expect(await codes(under("1".repeat(32)), own({ mandatesAllowed: false }))).toContain(
      "APPROVAL_TIER_TOO_LOW",
    );
    expect(await codes(under("2".repeat(32)))).toEqual([]);
    expect(revokeMandate(db, mandateHash(mandate), NOW_MS)).toBe(true);
    expect(await codes(under("3".repeat(32)))).toEqual(["MANDATE_NOT_COVERING"]);
    const other = { ...mandate, nonce: "d".repeat(32) };
    expect(await takenCodes({}, other)).toEqual([]);
    expect(confirmMandate(db, mandateHash(other), 47, NOW_MS)).toBe(true);
    expect(revokeApprover(db, phone.credentialId, NOW_MS)).toBe(true);
    expect(await codes(under("4".repeat(32), { mandate: other }))).toEqual([
      "APPROVAL_KEY_NOT_ENROLLED",
    ]);
  });

  it("is taken up no more after three wrong numbers in a week, until the PC's owner says so", async () => {
    const another = (n: number) => ({ ...mandate, nonce: String(n).repeat(32) });
    for (const n of [1, 2, 3]) {
      expect(await takenCodes({}, another(n))).toEqual([]);
      expect(confirmMandate(db, mandateHash(another(n)), 48, NOW_MS)).toBe(false);
    }
    const next = { ...mandate, not_after: "2027-11-20T00:00:00.000Z" };
    expect(await take({}, next)).toMatchObject({ ok: false, refusals: [{ rule: "few_tries" }] });
    const nextWeek = { nowMs: NOW_MS + 7 * 86_400_000 };
    expect(await takenCodes(nextWeek, { ...next, nonce: "4".repeat(32) })).toEqual([]);
    expect(await takenCodes({}, next)).toEqual(["APPROVAL_ECHO_MISMATCH"]);
    expect(forgetWrongNumbers(db)).toBe(3);
    expect(await takenCodes({}, next)).toEqual([]);
  });

  it("of an earlier version's table waits for a number like any other", async () => {
    const old = new DatabaseSync(":memory:");
    old.exec(
      `CREATE TABLE mandates (mandate_hash TEXT PRIMARY KEY, mandate TEXT NOT NULL,
         credential_id TEXT NOT NULL, verified_at INTEGER NOT NULL, revoked_at INTEGER
       ) STRICT, WITHOUT ROWID`,
    );
    old
      .prepare("INSERT INTO mandates VALUES (?, ?, ?, ?, NULL)")
      .run(mandateHash(mandate), JSON.stringify(mandate), phone.credentialId, NOW_MS);
    createTrustTables(old);
    createTrustTables(old);
    expect(listMandates(old)).toMatchObject([{ state: "waiting", number: null }]);
    db = old;
    enrol(phone);
    expect(await codes(under("1".repeat(32)))).toEqual(["APPROVAL_ECHO_MISMATCH"]);
    expect(await take()).toMatchObject({ ok: true, first: true, kept: { number: 47 } });
  });
});
