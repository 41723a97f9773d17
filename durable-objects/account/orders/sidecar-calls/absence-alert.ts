import type { OrderParts } from "../order-context.ts";
import { isRaised } from "../tables/alerts.ts";
import { hasOpenPlacement } from "../tables/intents/working.ts";
import { raiseAlert } from "../transactions/raise-alert.ts";

/**
 * The PC is away while orders are open: nobody watches them, and nobody can cancel one. A PC may
 * restart, or sleep for a moment; of longer than that its owner must hear, once for each absence.
 */
const MISSED_MS = 5 * 60_000;

const keyOf = (lastSeenAt: number): string => `pc-missed:${lastSeenAt}`;

/** Tells the owner where it is due. The PC must be away. */
export function watchPc(parts: OrderParts): void {
  const { lastSeenAt } = parts.relay.presence();
  const missedAt = pcMissedAt(parts);
  if (lastSeenAt === null || missedAt === null || parts.now() < missedAt) return;
  raiseAlert(
    parts,
    {
      key: keyOf(lastSeenAt),
      kind: "session_lost",
      brokerAccount: null,
      coid: null,
      message:
        "The PC has not been heard of for five minutes while orders are open. They stand at the broker as they are: look at them there, and at the PC.",
      brokerText: null,
      cancelOffered: [],
    },
    // The PC itself, when it is back, knows that it was away.
    "pc",
  );
}

/** When the owner must hear of it; null when no order is open, or when it was said. */
export function pcMissedAt(parts: OrderParts): number | null {
  const { sql } = parts.storage;
  const { lastSeenAt } = parts.relay.presence();
  if (lastSeenAt === null) return null;
  const said = isRaised(sql, keyOf(lastSeenAt));
  return said || !hasOpenPlacement(sql) ? null : lastSeenAt + MISSED_MS;
}
