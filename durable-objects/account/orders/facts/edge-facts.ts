import { clientUsageOf, roundTripsOf, usageOf } from "@ibkr-edge-gateway/policy/ledger.ts";
import type { EdgeFacts } from "@ibkr-edge-gateway/policy/snapshot.ts";
import { isInDoubt, isTerminal } from "@ibkr-edge-gateway/protocol/orders/order-state.ts";
import type { TradingMode } from "@ibkr-edge-gateway/protocol/orders/order-terms.ts";
import type {
  PreviewFacts,
  TicketQuote,
  Waits,
} from "@ibkr-edge-gateway/protocol/orders/ticket.ts";
import type { Asker } from "../order-context.ts";
import { ledgerEntryOf } from "../rules/limits/ledger-entry.ts";
import { sessionDay, tradingDay } from "../rules/limits/trading-day.ts";
import { feature } from "../rules/limits/trading-features.ts";
import { tradingStateOf } from "../rules/limits/trading-state.ts";
import { type Approval, approvalsAsked, deniedSince } from "../tables/approvals.ts";
import { fillsSince } from "../tables/fills.ts";
import { type CountedIntent, countedIntents, latestSizes } from "../tables/intents/counted.ts";
import type { Preview } from "../tables/previews.ts";
import { killsCovering } from "./kills-covering.ts";
import { inFlightOf, LONGEST_READ_MS, ownOpenOrders } from "./open-orders.ts";

/** What the object knows, outside its tables of orders, at this moment. */
export interface Conditions {
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
    /** Nothing that bounds an agent bounds the owner, or the gateway by itself. */
    kind: Asker["kind"];
    clientId: string;
    scopes: string[];
    accounts: string[] | null;
    admittedAtMs: number;
    released: boolean;
  };
}

const DAY_MS = 86_400_000;
/** Longer than any window a policy counts over. */
const RECENT_MS = 26 * 3_600_000;

/** The account object's half of a policy snapshot, read in one go inside the submit's transaction. */
export function edgeFacts(
  sql: SqlStorage,
  conditions: Conditions,
  order: {
    preview: Preview;
    approval: Approval | null;
    idempotency: EdgeFacts["idempotency"];
    marketNow: TicketQuote | null;
    mandateCovers: boolean;
    /** The working orders as they were read for this very verdict. */
    working: PreviewFacts["working"];
    /** When that was asked for, on this clock; the longest a read may take before, when unknown. */
    readAtMs?: number;
    /** Until when it waits at the broker, as read for this very verdict. */
    waits: Waits | null;
  },
): EdgeFacts {
  const { nowMs } = conditions;
  const { preview, approval } = order;
  const { brokerAccount } = preview;
  const { mode } = preview.ticket.order;
  const rows = countedIntents(sql, brokerAccount, {
    sinceMs: nowMs - RECENT_MS,
    day: tradingDay(nowMs),
  });
  const fills = fillsSince(sql, brokerAccount, nowMs - RECENT_MS).map((fill) => ({
    ...fill,
    at: iso(fill.at),
  }));
  const open = ownOpenOrders(rows, order.working, order.readAtMs ?? nowMs - LONGEST_READ_MS);
  const known = feature(sql, mode);
  return {
    kill: killsCovering(sql, {
      brokerAccountId: brokerAccount,
      clientId: conditions.client.clientId,
    }).map(({ scope, engagedAt }) => ({ scope, since: iso(engagedAt) })),
    trading_state: tradingStateOf(sql, brokerAccount, tradingDay(nowMs)),
    sidecar_online: conditions.sidecarOnline,
    session: conditions.session,
    stream_reconciling: conditions.streamReconciling,
    audit: conditions.audit,
    sidecar_skew_ms: conditions.sidecarSkewMs,
    proved_mode: conditions.provedMode,
    features: {
      at_edge: known.enabled,
      at_pc: conditions.pcOffers[mode],
      checklist_complete: known.complete,
    },
    ...countedOf(sql, conditions, sessionDay(order.waits, nowMs), rows, fills, open),
    history: historyOf(sql, brokerAccount, preview),
    fills,
    // Results of closed positions are not kept here; a policy that rests on them denies.
    losses: null,
    asked: [...placedOf(rows), ...deniedOf(sql, brokerAccount, nowMs - DAY_MS)],
    own_open: open,
    own_gtc: ownGtcOf(rows),
    idempotency: order.idempotency,
    economic_hash: preview.economicHash,
    preview: { expires_at: iso(preview.expiresAt), generation: preview.generation },
    previewed_effect: preview.facts.effect,
    facts_read_at: order.readAtMs === undefined ? null : iso(order.readAtMs),
    market_now: order.marketNow,
    approval: approval === null ? null : approvalFacts(approval, preview),
    mandate_covers: order.mandateCovers,
  };
}

/** The client with what it has used of the order's day, the account's usage, and what is in doubt. */
function countedOf(
  sql: SqlStorage,
  { nowMs, client }: Conditions,
  day: string,
  rows: readonly CountedIntent[],
  fills: NonNullable<EdgeFacts["fills"]>,
  open: ReturnType<typeof ownOpenOrders>,
): Pick<EdgeFacts, "client" | "usage" | "intents_in_doubt"> {
  const calendarDay = tradingDay(nowMs);
  const entries = rows.map(ledgerEntryOf);
  const today = fills.filter((fill) => tradingDay(Date.parse(fill.at)) === calendarDay);
  const roundTrips = roundTripsOf(today);
  return {
    client: {
      client_id: client.clientId,
      scopes: client.scopes,
      accounts: client.accounts,
      admitted_at: iso(client.admittedAtMs),
      released: client.released,
      is_owner: client.kind === "owner",
      ...clientUsageOf(entries, client.clientId, day),
      approvals_last_hour: approvalsAsked(sql, client.clientId, nowMs - 3_600_000),
    },
    usage: {
      ...usageOf(entries, { nowMs, day, calendarDay, fillsToday: today.length, roundTrips }),
      ...inFlightOf(rows, open),
    },
    intents_in_doubt: rows
      .filter((row) => isInDoubt(row.state))
      .map(({ conid, side }) => ({ conid, side })),
  };
}

const ownGtcOf = (rows: readonly CountedIntent[]): EdgeFacts["own_gtc"] =>
  rows
    .filter(
      (row) => row.action === "place" && row.time_in_force === "GTC" && !isTerminal(row.state),
    )
    .map((row) => ({ order_ref: row.coid, placed_at: iso(row.created_at) }));

const approvalFacts = (approval: Approval, preview: Preview): EdgeFacts["approval"] => ({
  state: approval.state,
  tier: approval.tier,
  matches:
    approval.previewId === preview.previewId &&
    approval.brokerAccount === preview.brokerAccount &&
    approval.clientId === preview.clientId,
  expires_at: iso(approval.expiresAt),
});

/** What was sent and may be there: an order proved never to have been placed can be asked again. */
const placedOf = (rows: readonly CountedIntent[]) =>
  rows
    .filter((row) => row.ledger !== "released")
    .map((row) => ({
      economic_hash: row.economic_hash,
      at: iso(row.created_at),
      outcome: "placed" as const,
    }));

const deniedOf = (sql: SqlStorage, brokerAccount: string, sinceMs: number) =>
  deniedSince(sql, brokerAccount, sinceMs).map((row) => ({
    economic_hash: row.economic_hash,
    at: iso(row.decided_at),
    outcome: "denied" as const,
  }));

const HISTORY_ORDERS = 20;

function historyOf(sql: SqlStorage, brokerAccount: string, preview: Preview) {
  const [leg] = preview.ticket.order.legs;
  const assetClass = leg?.contract.asset_class ?? "";
  const rows = latestSizes(sql, { brokerAccount, assetClass }, HISTORY_ORDERS);
  return {
    quantities: rows.flatMap(({ quantity }) => (quantity === null ? [] : [quantity])),
    notionals: rows.flatMap(({ notional }) => (notional === null ? [] : [notional])),
  };
}

const iso = (ms: number): string => new Date(ms).toISOString();
