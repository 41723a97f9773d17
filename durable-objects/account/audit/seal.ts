import { toHex } from "@ibkr-edge-gateway/evidence/bytes.ts";
import { canonicalJson } from "@ibkr-edge-gateway/evidence/canonical-json.ts";
import { commit } from "@ibkr-edge-gateway/evidence/event/commitment.ts";
import type { AuditEventV2 } from "@ibkr-edge-gateway/protocol/audit/event.ts";
import type { HiddenValues, NewAuditEvent } from "./events.ts";

/** An event as it is hashed, and what opens its commitments. */
export interface SealedEvent {
  readonly event: AuditEventV2;
  /** JSON of salts by field, lower-case hex; null where the event hides nothing. */
  readonly salts: string | null;
}

/**
 * Puts commitments in the place of an event's private values, each under a salt of its own, so that
 * one can be erased without the others. `random` gives that many random bytes.
 */
export function seal(
  { hidden, ...event }: NewAuditEvent,
  random: (bytes: number) => Uint8Array,
): SealedEvent {
  const salts: Partial<Record<keyof HiddenValues, string>> = {};
  const committed = (field: keyof HiddenValues): string | null => {
    const value = hidden[field];
    if (value === null) return null;
    const { commitment, opening } = commit(field, canonicalJson(value), random);
    salts[field] = toHex(opening.salt);
    return commitment;
  };
  const sealed = {
    ...event,
    account: committed("account"),
    input: committed("input"),
    output: committed("output"),
  };
  return {
    event: sealed,
    salts: Object.keys(salts).length === 0 ? null : JSON.stringify(salts),
  };
}
