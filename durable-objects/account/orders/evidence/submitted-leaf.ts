import type { AuditEvent } from "@ibkr-edge-gateway/protocol/audit/event.ts";
import { firstSince } from "../../audit/find-events.ts";
import { eventsWith } from "../../audit/tables/log.ts";

/**
 * The leaf that let this order out, found by its time; null when the log has none. Events are
 * numbered in the order of their times, so that a few rows are read and not the whole log.
 */
export function submittedLeaf(
  sql: SqlStorage,
  coid: string,
  atMs: number,
): { seq: number; mandate: string } | null {
  const range = {
    fromSeq: firstSince(sql, atMs - LEAF_SLACK_MS),
    toSeq: firstSince(sql, atMs + LEAF_SLACK_MS),
  };
  for (const { seq, event } of eventsWith(sql, range, coid)) {
    const leaf: AuditEvent = JSON.parse(event);
    if (leaf.type === "order.submitted" && leaf.meta.coid === coid) {
      return { seq, mandate: leaf.meta.mandate ?? "" };
    }
  }
  return null;
}

/** The intent and its leaf are written in one turn; the clock may be read twice in it. */
const LEAF_SLACK_MS = 5_000;
