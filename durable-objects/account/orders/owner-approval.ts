import { adverseDriftBps } from "../../../src/protocol/approval/drift.ts";
import { challengeOf } from "../../../src/protocol/approval/statement.ts";
import { marketSnapshot } from "../../../src/protocol/operations/market-snapshot.ts";
import { principalLeg } from "../../../src/protocol/orders/canonical-order.ts";
import { canonicalDecimal, parseFigure } from "../../../src/protocol/orders/decimal.ts";
import type { Quote } from "../../../src/protocol/orders/ticket.ts";
import { orderInWords } from "../../../src/protocol/orders/words.ts";
import type { PasskeyAssertion } from "../../../src/protocol/passkey.ts";
import { listClients } from "../clients.ts";
import { checkOwnerSession } from "../owner-sessions.ts";
import { listPasskeys, proves } from "../passkeys.ts";
import type { ApprovalItem, ApprovalView, Decided, Typed } from "../rpc-orders.ts";
import type { RelyingParty } from "../webauthn.ts";
import { type Approval, decideApproval, findApproval } from "./approvals.ts";
import { askSidecar } from "./ask-sidecar.ts";
import { findIntent } from "./intents.ts";
import { iso, type OrderParts } from "./parts.ts";
import { policyInForce } from "./policies.ts";
import { findPreview } from "./previews.ts";
import { engage } from "./service-kill.ts";
import { judge, lasting } from "./service-preview.ts";
import { shownOrder } from "./shown-order.ts";

/**
 * The owner's side of an approval. Only a signed-in session of this account comes here, and only a
 * passkey's answer over this very intent says yes; a bearer token has no way in.
 */
const READ_MS = 5_000;
const LISTED = 50;
const QUOTE_MS = 4_000;

export function listApprovals(parts: OrderParts): ApprovalItem[] {
  const { sql } = parts.storage;
  const names = clientNames(sql);
  return sql
    .exec<{ approval_id: string }>(
      "SELECT approval_id FROM order_approvals ORDER BY created_at DESC LIMIT ?",
      LISTED,
    )
    .toArray()
    .flatMap(({ approval_id }) => {
      const approval = findApproval(sql, approval_id, parts.now());
      if (approval === null) return [];
      return [
        {
          approvalId: approval.approvalId,
          state: approval.state,
          inWords: orderInWords(approval.intent.ticket),
          mode: approval.intent.ticket.order.mode,
          clientName: names.get(approval.clientId)?.name ?? "An agent",
          createdAt: iso(approval.createdAt),
          expiresAt: iso(approval.expiresAt),
        },
      ];
    });
}

export async function approvalView(
  parts: OrderParts,
  sessionSecret: string,
  approvalId: string,
): Promise<ApprovalView | null> {
  const { sql } = parts.storage;
  if (checkOwnerSession(sql, sessionSecret, parts.now()) === null) return null;
  const asked = findApproval(sql, approvalId, parts.now());
  if (asked === null) return null;
  const marketNow = asked.state === "pending" ? await quoteNow(parts, asked) : null;
  const nowMs = parts.now();
  const approval = findApproval(sql, approvalId, nowMs) ?? asked;
  const client = clientNames(sql).get(approval.clientId);
  const [note] = sql
    .exec<{ source: string }>(
      "SELECT source FROM order_preview_notes WHERE preview_id = ?",
      approval.previewId,
    )
    .toArray();
  const intent = findIntent(sql, approval.intent.coid);
  const open = approval.state === "pending";
  const seenAt = open ? firstSeen(sql, approvalId, nowMs) : nowMs;
  return {
    approvalId,
    state: approval.state,
    tier: approval.tier === 2 ? 2 : 1,
    ticket: approval.intent.ticket,
    intentHash: approval.intentHash,
    client: client ?? { name: "A client that is gone", redirectHost: "" },
    source:
      note?.source === "simulator" || note?.source === "client_portal" ? note.source : "unknown",
    createdAt: iso(approval.createdAt),
    expiresAt: iso(approval.expiresAt),
    marketNow,
    standsInTheWay: open
      ? [...standing(parts, approval), ...drifted(parts, approval, marketNow)]
      : [],
    readUntil: open && approval.tier === 2 ? iso(seenAt + READ_MS) : null,
    order: intent === null ? null : shownOrder(intent),
    ceremony: open
      ? {
          challenge: challengeOf(approval.intentHash),
          credentials: listPasskeys(sql).map(({ credentialId, transports }) => ({
            id: credentialId,
            transports,
          })),
        }
      : null,
  };
}

export async function approveOrder(
  parts: OrderParts,
  party: RelyingParty,
  sessionSecret: string,
  decision: { approvalId: string; assertion: PasskeyAssertion; typed: Typed | null },
  requestId: string,
): Promise<Decided> {
  const { storage } = parts;
  const { sql } = storage;
  const before = open(parts, sessionSecret, decision.approvalId);
  if (!before.ok) return before;
  const { approval } = before;
  const typed = approval.tier === 2 ? typedFaults(parts, approval, decision.typed) : null;
  if (typed !== null) return typed;
  const inTheWay = standing(parts, approval);
  if (inTheWay.length > 0) {
    return { ok: false, reason: "stands_in_the_way", detail: inTheWay.join(" ") };
  }
  const challenge = challengeOf(approval.intentHash);
  if (!(await proves(sql, decision.assertion, challenge, party, parts.now))) {
    parts.log({
      type: "approval.decided",
      kind: "owner",
      clientId: approval.clientId,
      sidecarId: approval.intent.sidecar_id,
      brokerAccount: approval.brokerAccount,
      decision: "refuse",
      errorCode: "APPROVAL_SIGNATURE_INVALID",
      requestId,
      meta: { approval_id: approval.approvalId, intent_hash: approval.intentHash, said: "approve" },
    });
    return { ok: false, reason: "passkey", detail: "The passkey did not sign this order." };
  }
  // While the passkey was judged the request may have been denied, or a switch engaged.
  const after = open(parts, sessionSecret, decision.approvalId);
  if (!after.ok) return after;
  const late = standing(parts, after.approval);
  if (late.length > 0) return { ok: false, reason: "stands_in_the_way", detail: late.join(" ") };
  const { response } = decision.assertion;
  const decided = decideApproval(
    storage,
    {
      approvalId: approval.approvalId,
      requestId,
      say: "approve",
      assertion: {
        id: decision.assertion.id,
        client_data_json: response.clientDataJSON,
        authenticator_data: response.authenticatorData,
        signature: response.signature,
      },
      echo: decision.typed?.echo ?? null,
    },
    parts.now(),
    parts.log,
  );
  return decided === null
    ? { ok: false, reason: "not_open", detail: "The request was decided meanwhile." }
    : { ok: true, state: decided.state };
}

/** No needs no passkey: one tap, also for a request that was approved and is not used yet. */
export function denyOrder(
  parts: OrderParts,
  sessionSecret: string,
  decision: { approvalId: string; freeze: boolean },
  requestId: string,
): Decided {
  const { storage } = parts;
  const nowMs = parts.now();
  if (checkOwnerSession(storage.sql, sessionSecret, nowMs) === null) return notSignedIn();
  if (findApproval(storage.sql, decision.approvalId, nowMs) === null) return noSuch();
  if (decision.freeze) {
    engage(
      parts,
      {
        scope: "gateway",
        subject: null,
        actor: "owner",
        reason: "The owner denied a request and froze trading.",
        effect: "freeze",
      },
      { clientId: null, requestId },
    );
  }
  const denied = decideApproval(
    storage,
    { approvalId: decision.approvalId, requestId, say: "deny" },
    nowMs,
    parts.log,
  );
  return denied === null
    ? { ok: false, reason: "not_open", detail: "The request is not open any more." }
    : { ok: true, state: denied.state };
}

type Open = { ok: true; approval: Approval } | Extract<Decided, { ok: false }>;

function open(parts: OrderParts, sessionSecret: string, approvalId: string): Open {
  const { sql } = parts.storage;
  const nowMs = parts.now();
  if (checkOwnerSession(sql, sessionSecret, nowMs) === null) return notSignedIn();
  const approval = findApproval(sql, approvalId, nowMs);
  if (approval === null) return noSuch();
  return approval.state === "pending"
    ? { ok: true, approval }
    : { ok: false, reason: "not_open", detail: `The request is ${approval.state}.` };
}

/** What makes approving it pointless or wrong by now, in words; the submit judges it all again. */
function standing(parts: OrderParts, approval: Approval): string[] {
  const preview = findPreview(parts.storage.sql, approval.previewId);
  if (preview === null) return ["The preview is gone."];
  const client = listClients(parts.storage.sql).find(
    ({ clientId }) => clientId === approval.clientId,
  );
  if (client?.state !== "active") return ["The client that asked has no access any more."];
  const { verdict, policy } = judge(
    parts,
    { clientId: approval.clientId, scopes: client.scopes, requestId: "" },
    preview,
    0,
  );
  const failures = lasting(verdict)
    // How often the agent asked was judged when it asked.
    .filter(({ check }) => check !== "approval-rate")
    .map(({ message }) => message);
  // As at the submit: a policy that changed meanwhile keeps nobody in a position.
  const isExit = preview.facts.effect?.kind === "exit";
  if (policy !== null && policy.hash !== approval.intent.policy_hash && !isExit) {
    failures.push("The policy has changed since the agent asked.");
  }
  return failures;
}

/** What the market is while the owner looks; null when the PC cannot say within a moment. */
async function quoteNow(parts: OrderParts, approval: Approval): Promise<Quote | null> {
  const { conid } = principalLeg(approval.intent.ticket.order).contract;
  const told = await askSidecar(
    parts,
    marketSnapshot,
    { conids: [conid], fields: ["bid", "ask", "last", "prior_close"] },
    { scope: "ibkr:marketdata:read", account: null, deadlineMs: QUOTE_MS },
  );
  const quote = told.ok ? told.value.quotes.find((one) => one.conid === conid) : undefined;
  if (quote === undefined) return null;
  const { bid = null, ask = null, last = null, prior_close = null } = quote.values;
  return {
    conid,
    bid,
    ask,
    last,
    prior_close,
    availability: quote.availability,
    halted: quote.halted,
    at: iso(parts.now()),
  };
}

/** The submit judges the drift over its own read; here it is said before a finger is moved. */
function drifted(parts: OrderParts, approval: Approval, now: Quote | null): string[] {
  const { ticket } = approval.intent;
  const limit = policyInForce(parts.storage.sql, approval.brokerAccount, parts.now())?.document
    .behaviour.max_drift_bps;
  if (now === null || limit == null || ticket.order.action === "cancel") return [];
  const drift = adverseDriftBps(ticket.order, ticket.market, now);
  return drift?.greaterThan(limit)
    ? [
        "The price has moved against this order since it was prepared. Let the agent prepare it anew.",
      ]
    : [];
}

function typedFaults(parts: OrderParts, approval: Approval, typed: Typed | null): Decided | null {
  const { sql } = parts.storage;
  if (parts.now() < firstSeen(sql, approval.approvalId, parts.now()) + READ_MS) {
    return { ok: false, reason: "too_soon", detail: "Read the order first." };
  }
  const leg = principalLeg(approval.intent.ticket.order);
  const wanted = leg.quantity ?? leg.cash_quantity ?? "";
  const quantity = typed === null ? null : parseFigure(typed.quantity.trim());
  if (
    typed === null ||
    typed.symbol.trim().toUpperCase() !== leg.contract.symbol.toUpperCase() ||
    quantity === null ||
    canonicalDecimal(quantity.toFixed()) !== wanted
  ) {
    return {
      ok: false,
      reason: "typed",
      detail: "What was typed is not the symbol and the quantity of this order.",
    };
  }
  if (typed.echo === null || typed.echo < 10 || typed.echo > 99) {
    return { ok: false, reason: "number", detail: "Type the two-digit number shown at the PC." };
  }
  return null;
}

function firstSeen(sql: SqlStorage, approvalId: string, nowMs: number): number {
  sql.exec(
    `INSERT INTO order_approval_views (approval_id, first_seen_at) VALUES (?, ?)
     ON CONFLICT (approval_id) DO NOTHING`,
    approvalId,
    nowMs,
  );
  return sql
    .exec<{ first_seen_at: number }>(
      "SELECT first_seen_at FROM order_approval_views WHERE approval_id = ?",
      approvalId,
    )
    .one().first_seen_at;
}

function clientNames(sql: SqlStorage): Map<string, { name: string; redirectHost: string }> {
  return new Map(
    listClients(sql).map(({ clientId, clientName, redirectHost }) => [
      clientId,
      { name: clientName, redirectHost },
    ]),
  );
}

const notSignedIn = (): Extract<Decided, { ok: false }> => ({
  ok: false,
  reason: "not_signed_in",
  detail: "Nobody is signed in.",
});
const noSuch = (): Extract<Decided, { ok: false }> => ({
  ok: false,
  reason: "no_such_request",
  detail: "There is no such request in this account.",
});
