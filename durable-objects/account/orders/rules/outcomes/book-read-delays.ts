import { isInDoubt, type OrderState } from "@ibkr-edge-gateway/protocol/orders/order-state.ts";
import type { IntentRow } from "../../tables/intents/rows.ts";

/** After how long the next reading of the book follows, by how many there were. */
const READ_DELAYS_MS = [5_000, 10_000, 20_000, 30_000, 60_000, 120_000, 300_000];
export const readDelayMs = (reads: number): number =>
  READ_DELAYS_MS[Math.min(reads, READ_DELAYS_MS.length - 1)] ?? 300_000;

/** What is in doubt, or accepted and not yet seen, is looked for; what is proved is not. */
export function nextReadAfter(
  intent: IntentRow,
  state: OrderState,
  seen: boolean,
  nowMs: number,
): number | null {
  if (isInDoubt(state)) return nowMs + readDelayMs(isInDoubt(intent.state) ? intent.looks : 0);
  return state === "accepted" && !seen ? nowMs + readDelayMs(intent.looks) : null;
}
