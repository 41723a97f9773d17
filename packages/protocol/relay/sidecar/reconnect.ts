import { RECONNECT_CAP_MS, RECONNECT_QUICK_MS, RECONNECT_QUICK_TRIES } from "../../limits.ts";

/**
 * How long to wait before the next dial: at once, then three times 200 ms, then exponential with
 * full jitter up to 30 s, so that a gateway that comes back is not met by everybody at once.
 */
export function reconnectDelayMs(attempt: number, random: number): number {
  if (attempt <= 0) return 0;
  if (attempt <= RECONNECT_QUICK_TRIES) return RECONNECT_QUICK_MS;
  const doublings = Math.min(attempt - RECONNECT_QUICK_TRIES, 16);
  return Math.round(random * Math.min(RECONNECT_CAP_MS, RECONNECT_QUICK_MS * 2 ** doublings));
}
