import { challengeOf } from "@ibkr-edge-gateway/protocol/approval/statement.ts";
import { quotesSides, tradesIn } from "@ibkr-edge-gateway/protocol/market/quote-sides.ts";
import { marketSnapshot } from "@ibkr-edge-gateway/protocol/operation-schemas/market-snapshot.ts";
import type { ShownOrder } from "@ibkr-edge-gateway/protocol/operation-schemas/shown-order.ts";
import { principalLeg } from "@ibkr-edge-gateway/protocol/orders/canonical-order.ts";
import type { SeenQuote } from "@ibkr-edge-gateway/protocol/orders/compared-price.ts";
import { dec, decimalText, parseFigure } from "@ibkr-edge-gateway/protocol/orders/decimal.ts";
import { orderInWords } from "@ibkr-edge-gateway/protocol/orders/order-words.ts";
import type { TicketQuote } from "@ibkr-edge-gateway/protocol/orders/ticket.ts";
import { listPasskeys } from "../../access/tables/passkeys.ts";
import { namesOfClients } from "../../clients/tables/clients.ts";
import type { ApprovalItem, ApprovalView } from "../../rpc/order-views.ts";
import { iso, type OrderParts } from "../order-context.ts";
import { drifted, obstaclesTo } from "../rules/approvals/obstacles-to-approval.ts";
import { shownOrder } from "../rules/outcomes/order-view.ts";
import { askSidecar } from "../sidecar-calls/ask-sidecar.ts";
import { firstSeen } from "../tables/approval-views.ts";
import {
  type Approval,
  approvalsAsked,
  findApproval,
  latestApprovals,
} from "../tables/approvals.ts";
import { fillsOf } from "../tables/fills.ts";
import { findIntent } from "../tables/intents/rows.ts";
import { findPreview, previewSource } from "../tables/previews.ts";
import { sendWish } from "../tables/sends.ts";

/**
 * A request as its page shows it. Only a signed-in session of this account comes here; looking
 * decides nothing.
 */
export const READ_MS = 5_000;
const LISTED = 50;
const QUOTE_MS = 4_000;
const DAY_MS = 86_400_000;

export function listApprovals(parts: OrderParts): ApprovalItem[] {
  const { sql } = parts.storage;
  const approvals = latestApprovals(sql, LISTED).flatMap(
    (approvalId) => findApproval(sql, approvalId, parts.now()) ?? [],
  );
  const names = namesOfClients(
    sql,
    approvals.map(({ clientId }) => clientId),
  );
  return approvals.map((approval) => ({
    approvalId: approval.approvalId,
    state: approval.state,
    mandateId: approval.mandateId,
    inWords: orderInWords(approval.intent.ticket),
    mode: approval.intent.ticket.order.mode,
    clientName: names.get(approval.clientId)?.name ?? "An agent",
    createdAt: iso(approval.createdAt),
    expiresAt: iso(approval.expiresAt),
  }));
}

export async function approvalView(
  parts: OrderParts,
  approvalId: string,
): Promise<ApprovalView | null> {
  const { sql } = parts.storage;
  const asked = findApproval(sql, approvalId, parts.now());
  if (asked === null) return null;
  const marketNow = asked.state === "pending" ? await quoteNow(parts, asked) : null;
  const nowMs = parts.now();
  const approval = findApproval(sql, approvalId, nowMs) ?? asked;
  const client = namesOfClients(sql, [approval.clientId]).get(approval.clientId);
  const source = previewSource(sql, approval.previewId);
  const intent = findIntent(sql, approval.intent.coid);
  const order = intent === null ? null : shownOrder(intent, nowMs);
  const open = approval.state === "pending";
  const seenAt = open ? firstSeen(sql, approvalId, nowMs) : nowMs;
  return {
    approvalId,
    state: approval.state,
    mandateId: approval.mandateId,
    sendsOnApproval: sendWish(sql, approvalId) !== null,
    tier: approval.tier === 2 ? 2 : 1,
    ticket: approval.intent.ticket,
    intentHash: approval.intentHash,
    client: client ?? { name: "A client that is gone", redirectHost: "" },
    source: source === "simulator" || source === "client_portal" ? source : "unknown",
    createdAt: iso(approval.createdAt),
    expiresAt: iso(approval.expiresAt),
    marketNow,
    zones: zonesOf(sql, approval),
    position: positionOf(sql, approval),
    askedInDay: approvalsAsked(sql, approval.clientId, nowMs - DAY_MS),
    standsInTheWay: open
      ? [...away(parts), ...obstaclesTo(parts, approval), ...drifted(parts, approval, marketNow)]
      : [],
    readUntil: open && approval.tier === 2 ? iso(seenAt + READ_MS) : null,
    order,
    filledAt: order === null ? null : filledAt(sql, approval, order),
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

/** Nothing could be checked or sent now; nobody is asked for a passkey in vain. */
const away = ({ relay }: OrderParts): string[] =>
  relay.presence().online
    ? []
    : ["Your PC is away, so nothing can be checked or sent. This page goes on when it is back."];

/** The average over the executions that are known; null unless they are all that filled. */
function filledAt(sql: SqlStorage, approval: Approval, { order_ref, orders }: ShownOrder) {
  const { order } = approval.intent.ticket;
  const filled = parseFigure(orders[0]?.filled ?? null);
  if (order.action !== "place" || order.structure !== "single" || filled === null) return null;
  const fills = fillsOf(sql, order_ref);
  const counted = fills.reduce((sum, { quantity }) => sum.plus(dec(quantity)), dec("0"));
  if (counted.isZero() || !counted.equals(filled)) return null;
  const paid = fills.reduce(
    (sum, fill) => sum.plus(dec(fill.price).times(dec(fill.quantity))),
    dec("0"),
  );
  const price = decimalText(paid.dividedBy(counted).toDecimalPlaces(8));
  return { price, currency: principalLeg(order).contract.currency };
}

/** What the market is while the owner looks; null when the PC cannot say within a moment. */
async function quoteNow(parts: OrderParts, approval: Approval): Promise<SeenQuote | null> {
  const { contract, outside_rth } = principalLeg(approval.intent.ticket.order);
  const { conid } = contract;
  const answer = await askSidecar(
    parts,
    marketSnapshot,
    { conids: [conid], fields: ["bid", "ask", "last", "prior_close"] },
    { scope: "ibkr:marketdata:read", account: null, deadlineMs: QUOTE_MS },
  );
  const quote = answer.ok ? answer.value.quotes.find((one) => one.conid === conid) : undefined;
  if (quote === undefined) return null;
  const { bid = null, ask = null, last = null, prior_close = null } = quote.values;
  const { state } = quote.market;
  const sides = quotesSides(state, quote.availability, quote.reference_price);
  const read: TicketQuote = {
    conid,
    bid: sides ? bid : null,
    ask: sides ? ask : null,
    last,
    prior_close,
    availability: quote.availability,
    halted: quote.halted,
    // As the PC proved it: while nothing trades there are no sides, and drift is a move of this one.
    reference: quote.reference_price,
    at: quote.quote_at,
  };
  return { quote: read, waits: tradesIn(state, outside_rth) === false };
}

/** Of an order that stands by itself, or of a bracket's entry; null for all others. */
function positionOf(
  sql: SqlStorage,
  { previewId, intent: { ticket } }: Approval,
): NonNullable<ApprovalView["position"]> | null {
  const effect = findPreview(sql, previewId)?.facts.effect ?? null;
  const { side, quantity } = principalLeg(ticket.order);
  const { action, structure } = ticket.order;
  const before = parseFigure(effect?.position ?? null);
  if (effect?.by_last_proof === true || before === null || quantity === null) return null;
  if (action !== "place" || structure === "oca") return null;
  const after = side === "BUY" ? before.plus(dec(quantity)) : before.minus(dec(quantity));
  return { before: decimalText(before), after: decimalText(after) };
}

/** In which zones a time of this order's market is said; null where nobody told. */
function zonesOf(sql: SqlStorage, approval: Approval): ApprovalView["zones"] {
  const instrument = findPreview(sql, approval.previewId)?.facts.instrument ?? null;
  const waits = approval.intent.ticket.waits ?? instrument?.waits ?? null;
  return {
    exchange: instrument?.market?.time_zone ?? waits?.time_zone ?? null,
    owner: waits?.owner_zone ?? null,
  };
}
