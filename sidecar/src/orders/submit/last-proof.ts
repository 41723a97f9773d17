import {
  type CanonicalOrder,
  principalLeg,
} from "@ibkr-edge-gateway/protocol/orders/canonical-order.ts";
import { Decimal, dec, OrderDecimal } from "@ibkr-edge-gateway/protocol/orders/decimal.ts";
import { effectOf } from "@ibkr-edge-gateway/protocol/orders/effect.ts";
import type {
  Effect,
  PositionFact,
  TicketQuote,
  WorkingOrderFact,
} from "@ibkr-edge-gateway/protocol/orders/ticket.ts";
import * as z from "zod";
import { isoTime } from "../../client-portal/clock.ts";
import type { OrderStore } from "../journal/order-store.ts";
import { provedPositions, storeProvedPositions } from "../journal/tables/proved-positions.ts";
import type { LocalRules } from "../local-policy/local-rules.ts";
import { withUnlistedOrders } from "./add-unlisted-orders.ts";
import type { Fact } from "./dated-fact.ts";
import { driftOf } from "./local-checks.ts";

/**
 * An exit whose position cannot be read and proved now is neither blocked nor guessed: one that says
 * of itself that it only reduces is judged by the position that was proved last. It is no larger than
 * that position less all that this PC sent against it since, and its price lies near this PC's own
 * quote. What it may do at worst, if the position was closed elsewhere meanwhile, is to open as much of
 * the other side, at a fair price. That is why the proof is young, or the owner has read and signed how
 * old it is; and why no mandate stands for the owner here.
 */
export const LAST_PROOF = {
  /** At a submit, where the owner saw the order as a proved exit. */
  unsaidMs: 15 * 60_000,
  /** Where the ticket says that the position is not known, and what it was when. */
  saidMs: 24 * 60 * 60_000,
} as const;

const Kept = z.array(z.tuple([z.int(), z.string()]));

/** Keeps what was proved; that the disk would not take it is no reason to fail. */
export function keepProved(
  store: Pick<OrderStore, "db">,
  accountId: string,
  read: Fact<PositionFact[]> | null,
): void {
  if (read === null || !read.proved) return;
  const kept = read.value.map(({ conid, quantity }): [number, string] => [conid, quantity]);
  try {
    storeProvedPositions(store.db, accountId, JSON.stringify(kept), Math.round(read.at));
  } catch {
    // A full disk: what was kept before is older, and its age is looked at.
  }
}

/** The position that was proved last, and what this PC sent against it since, as of one moment. */
export interface LastProof {
  positions: PositionFact[];
  taking: WorkingOrderFact[] | null;
  provedAtMs: number;
}

/** To be read before the order itself is in the journal; null where nothing was ever proved. */
export function readLastProof(
  store: Pick<OrderStore, "db" | "open" | "endedSince" | "byOrderId">,
  accountId: string,
): LastProof | null {
  const row = provedPositions(store.db, accountId);
  if (row === null) return null;
  const { provedAtMs } = row;
  return {
    positions: Kept.parse(JSON.parse(row.positions)).map(([conid, quantity]) => ({
      ...BARE,
      conid,
      quantity,
    })),
    taking: withUnlistedOrders([], store, accountId, provedAtMs),
    provedAtMs,
  };
}

/**
 * What the order is by the position that was proved last; null when that makes no exit of it. `at` is
 * when it was proved.
 */
export function exitByLastProof(
  proof: LastProof | null,
  order: CanonicalOrder,
  now: { market: TicketQuote | null; maxDriftBps: string; maxAgeMs: number; nowMs: number },
): Effect | null {
  if (!order.reduce_only || order.action !== "place" || order.structure !== "single") return null;
  if (proof === null || Math.abs(now.nowMs - proof.provedAtMs) > now.maxAgeMs) return null;
  const effect = effectOf(order, proof.positions, proof.taking, isoTime(proof.provedAtMs));
  if (effect?.kind !== "exit" || !isNearMarket(order, now)) return null;
  return { ...effect, by_last_proof: true };
}

/** At a preview, where the owner will read in the ticket how old that position is. */
export function lastProofAtPreview(
  {
    store,
    rules,
  }: { store: Pick<OrderStore, "db" | "open" | "endedSince" | "byOrderId">; rules: LocalRules },
  order: CanonicalOrder,
  market: TicketQuote | null,
  nowMs: number,
): { effect: Effect | null; note?: string } {
  const proof = readLastProof(store, order.account_id);
  const now = { market, maxDriftBps: driftOf(rules), maxAgeMs: LAST_PROOF.saidMs, nowMs };
  const effect = exitByLastProof(proof, order, now);
  if (effect !== null) return { effect, note: BY_LAST_PROOF };
  const could = exitByLastProof(proof, { ...order, reduce_only: true }, now);
  return could === null ? { effect } : { effect, note: SAY_REDUCE_ONLY };
}

const BY_LAST_PROOF =
  "The position and what works on it could not be read and proved, so this exit is judged by the position that was proved last. The owner reads when that was.";
const SAY_REDUCE_ONLY =
  "Without the position this order counts as one that may open. An exit can be prepared with reduce_only: then it is judged by the position that was proved last.";

const BARE = {
  value: null,
  asset_class: null,
  issuer: null,
  sector: null,
  country: null,
  currency: null,
} as const;

/** A market order trades at the quote that there is; a limit may lie no further beyond it than drift. */
function isNearMarket(
  order: CanonicalOrder,
  { market, maxDriftBps }: { market: TicketQuote | null; maxDriftBps: string },
): boolean {
  const { side, order_type, limit_price } = principalLeg(order);
  const quote = (side === "SELL" ? market?.bid : market?.ask) ?? null;
  if (quote === null || !OrderDecimal.safeParse(quote).success) return false;
  if (order_type === "MKT") return true;
  if (order_type !== "LMT" || limit_price === null) return false;
  const room = dec(quote).times(new Decimal(maxDriftBps)).dividedBy(10_000);
  return side === "SELL"
    ? dec(limit_price).greaterThanOrEqualTo(dec(quote).minus(room))
    : dec(limit_price).lessThanOrEqualTo(dec(quote).plus(room));
}
