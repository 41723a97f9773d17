import { CURSORS_PER_SIDECAR_MAX, SETTLED_JOBS_DAYS } from "@ibkr-edge-gateway/protocol/limits.ts";
import type { AuditCosignature } from "@ibkr-edge-gateway/protocol/relay/audit-messages.ts";
import {
  type EdgeJob,
  type EdgeState,
  emptyEdgeState,
  type SessionRecord,
} from "@ibkr-edge-gateway/protocol/relay/edge/edge-state.ts";
import type { EdgeWrite, JobSettlement } from "@ibkr-edge-gateway/protocol/relay/edge/edge-step.ts";
import { auditEvent } from "../audit/events.ts";
import { appendAudit } from "../audit/log.ts";
import { storeBrokerStatus } from "./tables/broker-status.ts";
import { cursorOf, deleteOldCursors, storeCursor } from "./tables/event-cursors.ts";
import { deleteSettledJobs, findJob, openJobs, storeJob, storeSettlement } from "./tables/jobs.ts";
import { storedSession, storeSession } from "./tables/session.ts";
import { rotateSidecarKey, sidecarSeen } from "./tables/sidecars.ts";

/**
 * The relay's rows. What is read here was written by {@link storeEdge} of this version or the one
 * before, so fields may be added to the JSON and are never renamed.
 */
export function loadEdge(sql: SqlStorage): EdgeState {
  const stored = storedSession(sql);
  if (stored === null) return emptyEdgeState();
  const session: SessionRecord = JSON.parse(stored);
  const cursor =
    session.sidecarId === null || session.journalId === null
      ? 0
      : cursorOf(sql, session.sidecarId, session.journalId);
  const jobs = new Map<string, EdgeJob>();
  for (const record of openJobs(sql)) {
    const job: EdgeJob = JSON.parse(record);
    // Whoever waited for it is gone with the memory that this state replaces.
    jobs.set(job.submit.job_id, { ...job, abandoned: true, state: "unknown" });
  }
  return { ...emptyEdgeState(session, cursor), jobs };
}

/**
 * Drops the settled writes nobody can ask about any more (see `answeredBefore`), and the places in
 * journals that gave way to newer ones. The end of a write that is still waited for stays, however
 * old: without it an order would count as never sent. The caller knows which they are.
 */
export function pruneRelay(
  sql: SqlStorage,
  { nowMs, waitedFor }: { nowMs: number; waitedFor: readonly string[] },
): void {
  deleteSettledJobs(sql, nowMs - SETTLED_JOBS_DAYS * 86_400_000, waitedFor);
  const stored = storedSession(sql);
  const session: SessionRecord | null = stored === null ? null : JSON.parse(stored);
  deleteOldCursors(sql, CURSORS_PER_SIDECAR_MAX, session?.journalId ?? null);
}

/** The end that stands under a write's id; null when there is none (yet). */
export function settledWrite(sql: SqlStorage, jobId: string): JobSettlement | null {
  const job = findJob(sql, jobId);
  return job === null || job.settledAt === null ? null : JSON.parse(job.record);
}

/** Who else stores something of a step, in the same transaction. */
export interface EdgeListener {
  event(event: { type: string; payload: Record<string, unknown> }): void;
  connected(): void;
  /** A write whose end will never be known: its journal is gone. */
  lost(job: EdgeJob): void;
  /** What the PC says of a head of the audit log; called outside of any transaction, fails nobody. */
  witnessed?(sidecarId: string, answer: AuditCosignature): Promise<void>;
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
      storeSession(sql, JSON.stringify(write.record));
      return;
    case "cursor":
      storeCursor(sql, write, nowMs);
      return;
    case "job":
      storeJob(sql, write.job.submit.job_id, JSON.stringify(write.job));
      return;
    case "job_settled":
      storeSettlement(sql, write.jobId, JSON.stringify(write.settlement), nowMs);
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
