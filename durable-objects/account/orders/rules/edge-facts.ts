import { clientUsageOf, roundTripsOf, usageOf } from "@ibkr-edge-gateway/policy/ledger.ts";
import type { EdgeFacts } from "@ibkr-edge-gateway/policy/snapshot.ts";
import { type TradingState, tighterState } from "@ibkr-edge-gateway/policy/trading-state.ts";
import { canonicalDecimal } from "@ibkr-edge-gateway/protocol/orders/decimal.ts";
import { isInDoubt, isTerminal } from "@ibkr-edge-gateway/protocol/orders/state.ts";
import { Side, type TradingMode } from "@ibkr-edge-gateway/protocol/orders/terms.ts";
import type { PreviewFacts, Quote } from "@ibkr-edge-gateway/protocol/orders/ticket.ts";
import { type Approval, approvalsAsked } from "../tables/approvals.ts";
import { feature } from "../tables/features.ts";
import { type CountedIntent, countedIntents, ledgerEntryOf } from "../tables/intents.ts";
import { killsCovering } from "../tables/kill-switches.ts";
import type { Preview } from "../tables/previews.ts";
import { tradingDay } from "../tables/trading-day.ts";
import { inFlightOf, LONGEST_READ_MS, openOrders } from "./open-orders.ts";

/** What the object knows of the world outside its tables at this moment. */
export interface World {
  nowMs: number;
  gatewayAccountId: string;
  sidecarOnline: boolean;
  sidecarId: string | null;
  /** As the sidecar last reported it. */
  session: EdgeFacts["session"];
  provedMode: TradingMode | "unknown";
  /** True from a reconnect until orders and positions were read again. */
  streamReconciling: boolean | null;
  audit: EdgeFacts["audit"];
  sidecarSkewMs: number | null;
  /** What the sidecar's session may do: its local policy and the owner's grant, both. */
  pcOffers: Record<TradingMode, boolean>;
  client: {
    clientId: string;
    scopes: string[];
    accounts: string[] | null;
    admittedAtMs: number;
    released: boolean;
    /** The owner at the console, not an agent. */
    isOwner?: boolean;
  };
}

const DAY_MS = 86_400_000;
/** Longer than any window a policy counts over. */
const RECENT_MS = 26 * 3_600_000;

/** The account object's half of a policy snapshot, read in one go inside the submit's transaction. */
export function edgeFacts(
  sql: SqlStorage,
  world: World,
  order: {
    preview: Preview;
    approval: Approval | null;
    idempotency: EdgeFacts["idempotency"];
    marketNow: Quote | null;
    mandateCovers: boolean;
    /** The working orders as they were read for this very verdict. */
    working: PreviewFacts["working"];
    /** When that was asked for, on this clock; the longest a read may take before, when unknown. */
    readAtMs?: number;
  },
): EdgeFacts {
  const { nowMs, client } = world;
  const { preview, approval } = order;
  const { brokerAccount } = preview;
  const day = tradingDay(nowMs);
  const rows = countedIntents(sql, brokerAccount, nowMs - RECENT_MS);
  const entries = rows.map(ledgerEntryOf);
  const fills = fillsSince(sql, brokerAccount, nowMs - RECENT_MS);
  const today = fills.filter((fill) => tradingDay(Date.parse(fill.at)) === day);
  const { mode } = preview.ticket.order;
  const open = openOrders(rows, order.working, order.readAtMs ?? nowMs - LONGEST_READ_MS);
  const known = feature(sql, mode);
  return {
    kill: killsCovering(sql, { brokerAccountId: brokerAccount, clientId: client.clientId }).map(
      ({ scope, engagedAt }) => ({ scope, since: iso(engagedAt) }),
    ),
    trading_state: tradingStateOf(sql, brokerAccount, day),
    sidecar_online: world.sidecarOnline,
    session: world.session,
    stream_reconciling: world.streamReconciling,
    intents_in_doubt: rows
      .filter((row) => isInDoubt(row.state))
      .map(({ conid, side }) => ({ conid, side })),
    audit: world.audit,
    sidecar_skew_ms: world.sidecarSkewMs,
    proved_mode: world.provedMode,
    features: {
      at_edge: known.enabled,
      at_pc: world.pcOffers[mode],
      checklist_complete: known.complete,
    },
    client: {
      client_id: client.clientId,
      scopes: client.scopes,
      accounts: client.accounts,
      admitted_at: iso(client.admittedAtMs),
      released: client.released,
      is_owner: client.isOwner === true,
      ...clientUsageOf(entries, client.clientId, day),
      approvals_last_hour: approvalsAsked(sql, client.clientId, nowMs - 3_600_000),
    },
    usage: {
      ...usageOf(entries, {
        nowMs,
        day,
        fillsToday: today.length,
        roundTrips: roundTripsOf(today),
      }),
      ...inFlightOf(rows, open),
    },
    history: historyOf(sql, brokerAccount, preview),
    fills,
    // Results of closed positions are not kept here; a policy that rests on them denies.
    losses: null,
    asked: [...placedOf(rows), ...deniedSince(sql, brokerAccount, nowMs - DAY_MS)],
    own_open: open,
    own_gtc: rows
      .filter(
        (row) => row.action === "place" && row.time_in_force === "GTC" && !isTerminal(row.state),
      )
      .map((row) => ({ order_ref: row.coid, placed_at: iso(row.created_at) })),
    idempotency: order.idempotency,
    economic_hash: preview.economicHash,
    preview: { expires_at: iso(preview.expiresAt), generation: preview.generation },
    market_now: order.marketNow,
    approval:
      approval === null
        ? null
        : {
            state: approval.state,
            tier: approval.tier,
            matches:
              approval.previewId === preview.previewId &&
              approval.brokerAccount === brokerAccount &&
              approval.clientId === preview.clientId,
            expires_at: iso(approval.expiresAt),
          },
    mandate_covers: order.mandateCovers,
  };
}

/** What was sent and may be there: an order proved never to have been placed can be asked again. */
const placedOf = (rows: readonly CountedIntent[]) =>
  rows
    .filter((row) => row.ledger !== "released")
    .map((row) => ({
      economic_hash: row.economic_hash,
      at: iso(row.created_at),
      outcome: "placed" as const,
    }));

function deniedSince(sql: SqlStorage, brokerAccount: string, sinceMs: number) {
  return sql
    .exec<{ economic_hash: string; decided_at: number }>(
      `SELECT economic_hash, decided_at FROM order_approvals
       WHERE broker_account = ? AND state = 'denied' AND decided_at > ?`,
      brokerAccount,
      sinceMs,
    )
    .toArray()
    .map((row) => ({
      economic_hash: row.economic_hash,
      at: iso(row.decided_at),
      outcome: "denied" as const,
    }));
}

const HISTORY_ORDERS = 20;

function historyOf(sql: SqlStorage, brokerAccount: string, preview: Preview) {
  const [leg] = preview.ticket.order.legs;
  const rows = sql
    .exec<{ quantity: string | null; notional: string | null }>(
      `SELECT quantity, notional FROM order_intents
       WHERE broker_account = ? AND action = 'place' AND asset_class = ? AND ledger <> 'released'
       ORDER BY created_at DESC LIMIT ?`,
      brokerAccount,
      leg?.contract.asset_class ?? "",
      HISTORY_ORDERS,
    )
    .toArray();
  return {
    quantities: rows.flatMap(({ quantity }) => (quantity === null ? [] : [quantity])),
    notionals: rows.flatMap(({ notional }) => (notional === null ? [] : [notional])),
  };
}

function fillsSince(sql: SqlStorage, brokerAccount: string, sinceMs: number) {
  return sql
    .exec<{ conid: number; side: string; quantity: string; at: number }>(
      "SELECT conid, side, quantity, at FROM order_fills WHERE broker_account = ? AND at >= ?",
      brokerAccount,
      sinceMs,
    )
    .toArray()
    .map((row) => ({
      conid: row.conid,
      side: Side.parse(row.side),
      quantity: row.quantity,
      at: iso(row.at),
    }));
}

/** Keeps one execution; the same one told again changes nothing. */
export function storeFill(
  sql: SqlStorage,
  fill: {
    executionId: string;
    coid: string | null;
    brokerAccount: string;
    conid: number;
    side: Side;
    quantity: string;
    price: string;
    atMs: number;
  },
): boolean {
  return (
    sql
      .exec(
        `INSERT INTO order_fills (execution_id, coid, broker_account, conid, side, quantity, price, at)
         VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (execution_id) DO NOTHING RETURNING 1`,
        fill.executionId,
        fill.coid,
        fill.brokerAccount,
        fill.conid,
        fill.side,
        canonicalDecimal(fill.quantity),
        canonicalDecimal(fill.price),
        fill.atMs,
      )
      .toArray().length > 0
  );
}

/** Today's state; what a loss asked for yesterday is over, unless it waits for the owner. */
export function tradingStateOf(sql: SqlStorage, brokerAccount: string, day: string): TradingState {
  const [row] = sql
    .exec<{ state: string; day: string; until_owner: number }>(
      "SELECT state, day, until_owner FROM order_trading_state WHERE broker_account = ?",
      brokerAccount,
    )
    .toArray();
  if (row === undefined || (row.until_owner === 0 && row.day !== day)) return "active";
  return row.state === "reducing" || row.state === "halted" ? row.state : "active";
}

/** Tightens the state; it never loosens it. True when that changed anything. */
export function tightenTradingState(
  sql: SqlStorage,
  brokerAccount: string,
  asked: { state: TradingState; untilOwner: boolean },
  nowMs: number,
): boolean {
  const day = tradingDay(nowMs);
  const before = tradingStateOf(sql, brokerAccount, day);
  const after = tighterState(before, asked.state);
  if (after === before) return false;
  sql.exec(
    `INSERT INTO order_trading_state (broker_account, state, day, until_owner) VALUES (?, ?, ?, ?)
     ON CONFLICT (broker_account) DO UPDATE SET state = excluded.state, day = excluded.day,
       until_owner = MAX(until_owner, excluded.until_owner)`,
    brokerAccount,
    after,
    day,
    asked.untilOwner ? 1 : 0,
  );
  return true;
}

const iso = (ms: number): string => new Date(ms).toISOString();
