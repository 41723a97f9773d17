import { canonicalJson } from "@ibkr-edge-gateway/evidence/canonical-json.ts";
import { entryBytes } from "@ibkr-edge-gateway/evidence/event/entry.ts";
import { ENTRY_MAX_BYTES } from "@ibkr-edge-gateway/evidence/tiles/bundle.ts";
import type { AuditEventV2 } from "@ibkr-edge-gateway/protocol/audit/event.ts";
import { sha256Hex } from "@ibkr-edge-gateway/protocol/digest.ts";

/** How much of one small fact is kept in an event that is too large. */
const CUT_FACT_CHARS = 256;

/**
 * An event as RFC 8785 text that fits into an entry of its place (65,535 bytes, so that a tile can
 * hold it). One that is too large loses the ends of its long facts, then all of them: `meta.cut` says
 * so, and `meta.whole_sha256` is the hash of what they were. Whatever is done is never kept from its
 * event by the event's size. Throws a RangeError where the rest alone is too large, which no event's is.
 */
export function fitting(account: string, seq: number, event: AuditEventV2): string {
  const whole = canonicalJson(event);
  if (fits(account, seq, whole)) return whole;
  const whole_sha256 = sha256Hex(canonicalJson(event.meta));
  const short = Object.fromEntries(
    Object.entries(event.meta).map(([name, fact]) => [name, cut(fact)]),
  );
  for (const meta of [
    { ...short, cut: "long", whole_sha256 },
    { cut: "all", whole_sha256 },
  ]) {
    const text = canonicalJson({ ...event, meta });
    if (fits(account, seq, text)) return text;
  }
  throw new RangeError("an event is too large without its facts");
}

function fits(account: string, seq: number, event: string): boolean {
  // Most events are far from the bound, whatever their characters weigh.
  if (event.length * 3 + account.length * 6 + 100 <= ENTRY_MAX_BYTES) return true;
  return entryBytes({ account, seq, event }).length <= ENTRY_MAX_BYTES;
}

/** Never half a character at the end. */
function cut(fact: string): string {
  return fact.length <= CUT_FACT_CHARS
    ? fact
    : fact.slice(0, CUT_FACT_CHARS).replace(/[\uD800-\uDBFF]$/, "");
}
