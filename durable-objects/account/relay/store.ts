import { CURSORS_PER_SIDECAR_MAX, SETTLED_JOBS_DAYS } from "@ibkr-edge-gateway/protocol/limits.ts";
import {
  type EdgeJob,
  type EdgeState,
  emptyEdgeState,
  type SessionRecord,
} from "@ibkr-edge-gateway/protocol/relay/edge/state.ts";
import type { EdgeWrite, JobSettlement } from "@ibkr-edge-gateway/protocol/relay/edge/step.ts";
import { auditEvent } from "../audit/events.ts";
import { appendAudit } from "../audit/log.ts";
import { storeBrokerStatus } from "./broker-status.ts";
import { cursorOf } from "./device-token-check.ts";
import { rotateSidecarKey, sidecarSeen } from "./sidecars.ts";

/**
 * The relay's rows. What is read here was written by {@link storeEdge} of this version or the one
 * before, so fields may be added to the JSON and are never renamed.
 */
export function loadEdge(sql: SqlStorage): EdgeState {
  const [row] = sql.exec<{ record: string }>("SELECT record FROM relay_session").toArray();
  if (row === undefined) return emptyEdgeState();
  const session: SessionRecord = JSON.parse(row.record);
  const cursor =
    session.sidecarId === null || session.journalId === null
      ? 0
      : cursorOf(sql, session.sidecarId, session.journalId);
  const jobs = new Map<string, EdgeJob>();
  for (const { record } of sql
    .exec<{ record: string }>("SELECT record FROM relay_jobs WHERE settled_at IS NULL")
    .toArray()) {
    const job: EdgeJob = JSON.parse(record);
    // Whoever waited for it is gone with the memory that this state replaces.
    jobs.set(job.submit.job_id, { ...job, abandoned: true, state: "unknown" });
  }
  return { ...emptyEdgeState(session, cursor), jobs };
}

/**
 * Drops the settled writes nobody can ask about any more (see `answeredBefore`), and the places in
 * journals that gave way to newer ones. The end of a write that its order has not taken yet stays,
 * however old: without it the order would count as never sent.
 */
export function pruneRelay(sql: SqlStorage, nowMs: number): void {
  sql.exec(
    `DELETE FROM relay_jobs WHERE settled_at IS NOT NULL AND settled_at < ?
       AND job_id NOT IN (SELECT job_id FROM order_intents WHERE state = 'submitting')`,
    nowMs - SETTLED_JOBS_DAYS * 86_400_000,
  );
  sql.exec(
    `DELETE FROM event_cursors WHERE (sidecar_id, journal_id) IN (
       SELECT sidecar_id, journal_id FROM (
         SELECT sidecar_id, journal_id, ROW_NUMBER() OVER (
           PARTITION BY sidecar_id ORDER BY touched_at DESC, journal_id DESC
         ) AS place FROM event_cursors
       ) WHERE place > ?
     ) AND journal_id IS NOT (SELECT json_extract(record, '$.journalId') FROM relay_session)`,
    CURSORS_PER_SIDECAR_MAX,
  );
}

/** The end that stands under a write's id; null when there is none (yet). */
export function settledWrite(sql: SqlStorage, jobId: string): JobSettlement | null {
  const [row] = sql
    .exec<{ record: string }>(
      "SELECT record FROM relay_jobs WHERE job_id = ? AND settled_at IS NOT NULL",
      jobId,
    )
    .toArray();
  return row === undefined ? null : JSON.parse(row.record);
}

/** Who else stores something of a step, in the same transaction. */
export interface EdgeListener {
  event(event: { type: string; payload: Record<string, unknown> }): void;
  connected(): void;
  /** A write whose end will never be known: its journal is gone. */
  lost(job: EdgeJob): void;
}

/** Stores one step; the caller wraps it in the transaction that also holds the step's cause. */
export function storeEdge(
  sql: SqlStorage,
  accountId: string,
  writes: readonly EdgeWrite[],
  nowMs: number,
  listener?: EdgeListener,
): void {
  for (const write of writes) {
    store(sql, accountId, write, nowMs);
    if (write.kind === "event") listener?.event(write);
    if (write.kind === "write_lost") listener?.lost(write.job);
    if (write.kind === "audit" && write.type === "sidecar.connected") listener?.connected();
  }
}

function store(sql: SqlStorage, accountId: string, write: EdgeWrite, nowMs: number): void {
  switch (write.kind) {
    case "session":
      sql.exec(
        `INSERT INTO relay_session (one, record) VALUES (1, ?)
         ON CONFLICT (one) DO UPDATE SET record = excluded.record`,
        JSON.stringify(write.record),
      );
      return;
    case "cursor":
      sql.exec(
        `INSERT INTO event_cursors (sidecar_id, journal_id, last_seq, touched_at)
         VALUES (?, ?, ?, ?) ON CONFLICT (sidecar_id, journal_id)
         DO UPDATE SET last_seq = excluded.last_seq, touched_at = excluded.touched_at`,
        write.sidecarId,
        write.journalId,
        write.seq,
        nowMs,
      );
      return;
    case "job":
      sql.exec(
        `INSERT INTO relay_jobs (job_id, record, settled_at) VALUES (?, ?, NULL)
         ON CONFLICT (job_id) DO UPDATE SET record = excluded.record`,
        write.job.submit.job_id,
        JSON.stringify(write.job),
      );
      return;
    case "job_settled":
      sql.exec(
        "UPDATE relay_jobs SET record = ?, settled_at = ? WHERE job_id = ?",
        JSON.stringify(write.settlement),
        nowMs,
        write.jobId,
      );
      return;
    case "write_lost":
      return;
    case "sidecar_seen":
      sidecarSeen(sql, write.sidecarId, write.version, nowMs);
      return;
    case "sidecar_key":
      rotateSidecarKey(sql, write.sidecarId, write.publicKey);
      return;
    case "audit":
      appendAudit(
        sql,
        accountId,
        auditEvent({
          type: write.type,
          startedAt: nowMs,
          endedAt: nowMs,
          who: {
            kind: "sidecar",
            subject: accountId,
            client_id: null,
            sidecar_id: write.sidecarId,
          },
          meta: write.meta,
        }),
        nowMs,
      );
      return;
    case "event":
      applyEvent(sql, accountId, write, nowMs);
  }
}

/** The effect of one broker event, in the transaction that also moves the cursor over it. */
function applyEvent(
  sql: SqlStorage,
  accountId: string,
  event: Extract<EdgeWrite, { kind: "event" }>,
  nowMs: number,
): void {
  if (event.type !== "broker.session") return;
  const status = storeBrokerStatus(sql, event.sidecarId, event.payload, nowMs);
  if (status === null) return;
  appendAudit(
    sql,
    accountId,
    auditEvent({
      type: "broker.session",
      startedAt: nowMs,
      endedAt: nowMs,
      who: {
        kind: "sidecar",
        subject: accountId,
        client_id: null,
        sidecar_id: event.sidecarId,
      },
      meta: {
        state: status.state,
        mode: status.mode,
        source: status.source,
        event_seq: String(event.seq),
        ...(status.generation === null ? {} : { generation: String(status.generation) }),
      },
    }),
    nowMs,
  );
}
