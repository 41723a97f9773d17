import { isInDoubt } from "@ibkr-edge-gateway/protocol/orders/order-state.ts";
import type { IntentRow } from "../../tables/intents/rows.ts";

/**
 * Longer than the PC's own quiet period, by more than its clock may lag behind the edge's: the edge
 * never says "absent" of an order that the PC still doubts.
 */
export const QUIET_PERIOD_MS = 240_000;
export const QUIET_READS = 3;

/**
 * An order in doubt that proved books did not show, with the quiet period over when `readAtMs` was
 * asked. Where the list of that moment does not show it either, it stands in the way of no exit: nobody
 * could ever close a position beside it. It stays in doubt, and counts for whatever opens a position.
 */
export const isNotShown = (
  { state, absent_reads, doubt_since }: Pick<IntentRow, "state" | "absent_reads" | "doubt_since">,
  readAtMs: number,
): boolean =>
  isInDoubt(state) &&
  absent_reads >= QUIET_READS &&
  doubt_since !== null &&
  readAtMs - doubt_since >= QUIET_PERIOD_MS;
