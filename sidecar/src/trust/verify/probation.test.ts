import { DatabaseSync } from "node:sqlite";
import type { PasskeyProof } from "@ibkr-edge-gateway/protocol/approval/approval-proof.ts";
import type { Envelope } from "@ibkr-edge-gateway/protocol/approval-page/approver-envelope.ts";
import type { Leg } from "@ibkr-edge-gateway/protocol/orders/canonical-order.ts";
import { intentHash, intentOf } from "@ibkr-edge-gateway/protocol/orders/intent.ts";
import { beforeEach, describe, expect, it } from "vitest";
import { aLeg, anOrder, aTicket, NOW } from "../../../../test/support/orders.ts";
import {
  type Ceremony,
  RELYING_PARTY,
  softwareAuthenticator,
} from "../../../../test/support/software-authenticator.ts";
import { removeApprover, undoEnrolment } from "../enrolment/accept-enrolment.ts";
import { createTrustTables } from "../schema.ts";
import { answerEnvelope, storeEnvelope } from "../tables/approver-envelopes.ts";
import { enrolApprover, findApprover, listApprovers } from "../tables/approvers.ts";
import { beginEnrolment } from "../tables/enrolments.ts";
import { acceptSeen, addHostedPage, hostedPageRows, noteSeen } from "../tables/hosted-page.ts";
import { acceptApproval } from "./accept-approval.ts";
import type { PcFacts } from "./pc-facts.ts";

const NOW_MS = Date.parse(NOW);
const LOOPBACK = { id: "localhost", origins: ["http://localhost:41234"] };
const AT_LOOPBACK = { rpId: "localhost", origin: "http://localhost:41234" };
const exit = { kind: "exit", position: "1", working_same_side: "0", at: NOW } as const;

let db: DatabaseSync;
let edge: ReturnType<typeof softwareAuthenticator>;
let own: ReturnType<typeof softwareAuthenticator>;
let n: number;

beforeEach(() => {
  db = new DatabaseSync(":memory:");
  createTrustTables(db);
  n = 0;
  edge = softwareAuthenticator();
  own = softwareAuthenticator();
  enrolApprover(db, { ...edge, label: "phone", enrolledBy: "terminal" }, NOW_MS);
});

const enrolOwn = () =>
  enrolApprover(
    db,
    {
      ...own,
      label: "this PC",
      enrolledBy: "terminal",
      own: { via: "loopback", relyingParty: LOOPBACK },
    },
    NOW_MS,
  );

interface Given {
  by?: typeof edge;
  ceremony?: Partial<Ceremony>;
  number?: number | null;
  tier?: 1 | 2;
  order?: Parameters<typeof anOrder>[0];
  view?: Partial<PcFacts>;
  /** This PC took the yes on the page on which it was asked. */
  onPage?: boolean;
}

/** Keeps that what was signed is a yes that this PC took on the owner's own page. */
function answeredOnPage(signedSha256: string): void {
  const envelope: Envelope = {
    act: "probe",
    body: {
      v: 1,
      gateway_account_id: "acc_7d3f",
      sidecar_id: "sc_1b2c",
      issued_at: NOW,
      not_after: NOW,
      pc_seq: n,
      credential_id: "x",
    },
    signature: "A".repeat(86),
  };
  const ticketSha256 = n.toString(16).padStart(64, "0");
  storeEnvelope(db, { ticketSha256, about: `${n}`, envelope, notAfterMs: NOW_MS }, NOW_MS);
  answerEnvelope(db, ticketSha256, { state: "approved", signedSha256, coid: null });
}

/** What becomes of a fresh order that this key signed; the number this PC showed is 4711. */
async function judged({
  by = edge,
  ceremony = {},
  number = null,
  tier = 1,
  order,
  view,
  onPage = true,
}: Given) {
  n += 1;
  const ticket = aTicket(anOrder(order ?? {}));
  const terms = {
    preview_id: `pv_${n}`,
    policy_version: 1,
    policy_hash: "a".repeat(64),
    accepted_warnings: [],
    nonce: n.toString(16).padStart(32, "0"),
    not_after: new Date(NOW_MS + 300_000).toISOString(),
  };
  const hash = intentHash(
    intentOf({
      v: 1,
      ticket,
      gateway_account_id: "acc_7d3f",
      sidecar_id: "sc_1b2c",
      generation: 4,
      ...terms,
    }),
  );
  if (onPage) answeredOnPage(hash);
  const proof: PasskeyProof = {
    kind: "passkey",
    ...terms,
    tier,
    echo: number,
    assertion: by.approve(hash, ceremony),
  };
  const accepted = await acceptApproval(db, proof, {
    gatewayAccountId: "acc_7d3f",
    sidecarId: "sc_1b2c",
    generation: 4,
    preview: { ticket, generation: 4, echo: 4711 },
    market: ticket.market,
    waits: false,
    effect: { kind: "entry", position: "0", working_same_side: "0", at: NOW },
    notional: ticket.notional,
    leastTier: 1,
    maxDriftBps: "50",
    mandatesAllowed: true,
    mandateUsage: () => ({ orders_today: 0, notional_today: "0" }),
    relyingParty: RELYING_PARTY,
    simulator: false,
    nowMs: NOW_MS,
    ...view,
  });
  return accepted.ok
    ? accepted.unnumbered
      ? "unnumbered"
      : "accepted"
    : accepted.refusals.map(({ code, rule }) => `${code} ${rule}`).join();
}

const sale = (
  limit: string,
  over: Partial<Leg> = {},
  more: Parameters<typeof anOrder>[0] = {},
) => ({ reduce_only: true, legs: [aLeg({ side: "SELL", limit_price: limit, ...over })], ...more });

describe("a passkey of the gateway's pages", () => {
  it("approves nothing without this PC's number, paper within every bound neither", async () => {
    expect(await judged({})).toBe("APPROVAL_ECHO_MISMATCH number_shown_at_pc");
    expect(await judged({ number: 4711 })).toBe("accepted");
    expect(await judged({ number: 4712 })).toBe("APPROVAL_ECHO_MISMATCH few_tries");
    expect(await judged({ view: { simulator: true } })).toBe("accepted");
  });

  it("stays on probation whatever number of right numbers came, and however long ago it was enrolled", async () => {
    for (let right = 0; right < 60; right += 1) {
      expect(await judged({ number: 4711 })).toBe("accepted");
    }
    const years = { nowMs: NOW_MS + 100_000 };
    expect(await judged({ view: years })).toContain("APPROVAL_ECHO_MISMATCH");
    db.exec("UPDATE approvers SET enrolled_at = 0");
    expect(await judged({})).toContain("APPROVAL_ECHO_MISMATCH");
  });

  it("lets an exit out without the number only as one reduce-only limit within 2 % of this PC's own price", async () => {
    const view = { effect: exit };
    // The PC's own middle is 187.25: the collar ends at 183.505.
    expect(await judged({ order: sale("183.51"), view })).toBe("unnumbered");
    expect(await judged({ order: sale("183.5"), view })).toContain("APPROVAL_ECHO_MISMATCH");
    expect(await judged({ order: sale("191"), view })).toContain("APPROVAL_ECHO_MISMATCH");
    expect(await judged({ order: sale("0.01"), view })).toContain("APPROVAL_ECHO_MISMATCH");
    expect(await judged({ order: sale("187", {}, { reduce_only: false }), view })).toContain(
      "APPROVAL_ECHO_MISMATCH",
    );
    const market = sale("187", { order_type: "MKT", limit_price: null });
    expect(await judged({ order: market, view })).toContain("APPROVAL_ECHO_MISMATCH");
    // What this PC does not find to be an exit is none, whatever the ticket says.
    expect(await judged({ order: sale("187") })).toContain("APPROVAL_ECHO_MISMATCH");
    expect(await judged({ order: sale("187"), view: { ...view, market: null } })).toContain(
      "APPROVAL_ECHO_MISMATCH",
    );
    // With the number an exit goes at any price.
    expect(await judged({ order: sale("0.01"), number: 4711, view })).toBe("accepted");
  });

  it("lets six such exits out in a day, and that no number came is no guess", async () => {
    const view = { effect: exit };
    for (let out = 0; out < 6; out += 1) {
      expect(await judged({ order: sale("187"), view })).toBe("unnumbered");
    }
    for (let more = 0; more < 10; more += 1) {
      expect(await judged({ order: sale("187"), view })).toContain("number_shown_at_pc");
    }
    expect(await judged({ order: sale("187"), number: 4711, view })).toBe("accepted");
    db.exec(`UPDATE unnumbered_exits SET at = at - ${24 * 60 * 60_000}`);
    expect(await judged({ order: sale("187"), view })).toBe("unnumbered");
  });

  it("whose numbers are locked still lets an exit near the market out", async () => {
    for (let guess = 0; guess < 6; guess += 1) await judged({ number: 1234 });
    expect(await judged({ number: 4711 })).toBe("APPROVAL_ECHO_MISMATCH few_tries");
    const view = { effect: exit };
    expect(await judged({ order: sale("0.01"), number: 4711, view })).toContain("few_tries");
    expect(await judged({ order: sale("187"), number: 4711, view })).toContain("few_tries");
    expect(await judged({ order: sale("187"), view })).toBe("unnumbered");
  });

  it("lets no exit out without the number by a position that was proved longer than a quarter of an hour ago", async () => {
    const order = {
      reduce_only: true,
      legs: [aLeg({ side: "SELL", order_type: "LMT", limit_price: "187" })],
    };
    const ago = (minutes: number) => ({
      effect: {
        ...exit,
        by_last_proof: true as const,
        at: new Date(NOW_MS - minutes * 60_000).toISOString(),
      },
    });
    expect(await judged({ order, view: ago(15) })).toBe("unnumbered");
    expect(await judged({ order, view: ago(16) })).toContain("number_shown_at_pc");
    expect(await judged({ order, view: ago(16), number: 4711 })).toBe("accepted");
  });

  it("is good for paper alone once an approver of the PC's own exists", async () => {
    const live = { mode: "live" } as const;
    expect(await judged({ order: live, number: 4711 })).toBe("accepted");
    enrolOwn();
    expect(await judged({ order: live, number: 4711 })).toBe(
      "APPROVAL_KEY_NOT_ENROLLED own_approver_for_live",
    );
    expect(await judged({ number: 4711 })).toBe("accepted");
    // An exit is never blocked.
    const leaving = sale("187", {}, live);
    expect(await judged({ order: leaving, view: { effect: exit } })).toBe("unnumbered");
  });
});

describe("a passkey of this PC's own page", () => {
  it("places nothing that this PC did not take on that page, whatever was signed", async () => {
    enrolOwn();
    const by = { by: own, ceremony: AT_LOOPBACK };
    expect(await judged({ ...by, onPage: false })).toBe("APPROVAL_CONSUMED answered_on_page");
    expect(await judged(by)).toBe("accepted");
  });

  it("approves without a number, live and at tier 2 included", async () => {
    enrolOwn();
    const by = { by: own, ceremony: AT_LOOPBACK };
    expect(await judged(by)).toBe("accepted");
    const view = { leastTier: 2 } as const;
    expect(await judged({ ...by, tier: 2, order: { mode: "live" }, view })).toBe("accepted");
    // The strength that the numbers ask for stays.
    expect(await judged({ ...by, tier: 1, order: { mode: "live" }, view })).toContain(
      "APPROVAL_TIER_TOO_LOW",
    );
  });

  it.each<[string, Partial<Ceremony>, string]>([
    ["another port", { ...AT_LOOPBACK, origin: "http://localhost:41235" }, "known_origin"],
    [
      "an address for the name",
      { ...AT_LOOPBACK, origin: "http://127.0.0.1:41234" },
      "known_origin",
    ],
    ["TLS", { ...AT_LOOPBACK, origin: "https://localhost:41234" }, "known_origin"],
    ["the gateway's page", {}, "known_origin"],
    [
      "the gateway's relying party",
      { ...AT_LOOPBACK, rpId: RELYING_PARTY.id },
      "own_relying_party",
    ],
    ["a frame", { ...AT_LOOPBACK, crossOrigin: true }, "same_origin"],
    ["a frame of its own", { ...AT_LOOPBACK, topOrigin: AT_LOOPBACK.origin }, "same_origin"],
  ])("used from %s is refused", async (_name, ceremony, rule) => {
    enrolOwn();
    expect(await judged({ by: own, ceremony })).toContain(rule);
  });

  it("is no passkey of the gateway's pages, nor the other way round", async () => {
    enrolOwn();
    expect(await judged({ by: edge, ceremony: AT_LOOPBACK, number: 4711 })).toContain(
      "known_origin",
    );
  });
});

describe("the keys of an earlier version", () => {
  it("become the gateway's pages', and stay where they were", () => {
    const old = new DatabaseSync(":memory:");
    old.exec(`CREATE TABLE approvers (credential_id TEXT PRIMARY KEY, public_key BLOB NOT NULL,
      algorithm INTEGER NOT NULL, counter INTEGER NOT NULL, label TEXT NOT NULL,
      enrolled_at INTEGER NOT NULL, enrolled_by TEXT NOT NULL, revoked_at INTEGER) STRICT`);
    old
      .prepare("INSERT INTO approvers VALUES (?, ?, -7, 0, 'phone', 1, 'terminal', NULL)")
      .run(edge.credentialId, edge.publicKey);
    createTrustTables(old);
    createTrustTables(old);
    expect(findApprover(old, edge.credentialId, false)).toMatchObject({
      kind: "terminal-edge",
      relyingParty: null,
    });
  });

  it("of a kind that does not go with where they live are not judged at all", () => {
    db.exec("UPDATE approvers SET kind = 'loopback'");
    expect(() => listApprovers(db)).toThrow(TypeError);
    db.exec("UPDATE approvers SET kind = 'telepathy'");
    expect(() => listApprovers(db)).toThrow();
  });
});

describe("a key of the page that its owner hosts", () => {
  const HOSTED = { id: "me.example", origins: ["https://me.example"] };
  const ceremony = { rpId: "me.example", origin: "https://me.example" };

  beforeEach(() => {
    enrolApprover(
      db,
      {
        ...own,
        label: "phone",
        enrolledBy: "terminal",
        own: { via: "qr", relyingParty: HOSTED },
      },
      NOW_MS,
    );
    addHostedPage(db, "https://me.example/");
  });

  it("signs nothing while another page stands there, by whatever way the signature comes", async () => {
    expect(await judged({ by: own, ceremony })).toBe("accepted");
    noteSeen(db, "https://me.example/", "e".repeat(64), NOW_MS);
    expect(await judged({ by: own, ceremony })).toContain("page_as_made");
    acceptSeen(db, "https://me.example/", "e".repeat(64));
    expect(await judged({ by: own, ceremony })).toBe("accepted");
  });

  it("is nothing to what stands at another address: a mistyped one, or a page of another phone", async () => {
    addHostedPage(db, "https://other.example/");
    noteSeen(db, "https://other.example/", "e".repeat(64), NOW_MS);
    expect(await judged({ by: own, ceremony })).toBe("accepted");
  });

  it("has its page forgotten with it, and a ceremony that was broken off leaves none behind", () => {
    const urls = () => hostedPageRows(db).map(({ url }) => url);
    const code = { v: 1, nonce: "0".repeat(32), secret: "0".repeat(32), exp: 1 } as const;
    const place = { via: "qr", origin: "https://other.example", rpId: "other.example" } as const;
    beginEnrolment(db, { ...place, code, label: "x" }, NOW_MS);
    addHostedPage(db, "https://other.example/");
    undoEnrolment(db, "broken off", NOW_MS);
    expect(urls()).toEqual(["https://me.example/"]);
    expect(removeApprover(db, own.credentialId, NOW_MS)).toBe(true);
    expect(urls()).toEqual([]);
  });
});
