import {
  AuditEvent,
  type ShownAuditEvent,
  shownEvent,
} from "@ibkr-edge-gateway/protocol/audit/event.ts";
import type { AuditPage } from "../rpc/account-types.ts";
import {
  type AuditRow,
  appendedAt,
  auditSize,
  type EventConditions,
  eventsBefore,
  eventsThatMeet,
} from "./tables/log.ts";

export const AUDIT_PAGE_MAX_RECORDS = 200;
/** How many events one filtered page looks through; the next page goes on behind them. */
export const AUDIT_SEARCH_MAX_EVENTS = 2_000;

/** What is looked for in the log. Times are RFC 3339, of when an event was written. */
export interface AuditQuery {
  readonly beforeSeq?: number | undefined;
  readonly limit: number;
  readonly from?: string | undefined;
  readonly to?: string | undefined;
  readonly client_id?: string | undefined;
  readonly tool?: string | undefined;
  readonly order?: string | undefined;
  readonly outcome?: "ok" | "failed" | "refused" | undefined;
}

/** The newest events before `beforeSeq` (or of all) that meet the query, newest first. */
export function tailAudit(sql: SqlStorage, query: AuditQuery): AuditPage {
  const limit = Math.min(Math.max(Math.trunc(query.limit), 1), AUDIT_PAGE_MAX_RECORDS);
  const headSeq = auditSize(sql);
  const { from, to } = query;
  const lowest = from === undefined ? 1 : firstSince(sql, Date.parse(from));
  const end = Math.min(
    query.beforeSeq ?? headSeq + 1,
    to === undefined ? headSeq + 1 : firstSince(sql, Date.parse(to)),
  );
  const wanted = conditionsOf(query);
  const fromSeq = Math.max(lowest, end - (wanted === null ? limit : AUDIT_SEARCH_MAX_EVENTS));
  const rows =
    wanted === null
      ? eventsBefore(sql, end, Math.max(0, end - fromSeq))
      : eventsThatMeet(sql, { fromSeq, toSeq: end }, wanted, limit);
  const bottom = rows.length === limit ? (rows.at(-1)?.seq ?? fromSeq) : fromSeq;
  return {
    records: rows.map(asRecord),
    nextBeforeSeq: bottom > lowest ? bottom : null,
    headSeq,
  };
}

/** Null where any event will do. */
function conditionsOf(query: AuditQuery): EventConditions | null {
  const { client_id: clientId = null, tool = null, order: fact = null, outcome = null } = query;
  const wanted = { clientId, tool, fact, outcome };
  return Object.values(wanted).every((part) => part === null) ? null : wanted;
}

/** The same for others than the owner: see {@link shownEvent}. */
export function shownTail(
  sql: SqlStorage,
  query: AuditQuery,
): Omit<AuditPage, "records"> & {
  records: { seq: number; leaf_hash: string; event: ShownAuditEvent }[];
} {
  const page = tailAudit(sql, query);
  return {
    ...page,
    records: page.records.map((record) => ({ ...record, event: shownEvent(record.event) })),
  };
}

/**
 * The number of the first event since a moment, in Unix milliseconds; the next one's where there is
 * none. Events are numbered in the order of their times, so a few rows are read and not the log.
 */
export function firstSince(sql: SqlStorage, atMs: number): number {
  let low = 1;
  let high = auditSize(sql) + 1;
  while (low < high) {
    const middle = Math.floor((low + high) / 2);
    if ((appendedAt(sql, middle) ?? atMs) < atMs) low = middle + 1;
    else high = middle;
  }
  return low;
}

const asRecord = ({ seq, leaf_hash, event }: AuditRow) => ({
  seq,
  leaf_hash,
  event: AuditEvent.parse(JSON.parse(event)),
});
