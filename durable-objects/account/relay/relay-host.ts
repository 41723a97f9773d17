import type { Capability } from "@ibkr-edge-gateway/protocol/capabilities.ts";
import { HEARTBEAT_LOST_MS } from "@ibkr-edge-gateway/protocol/limits.ts";
import type { AuditCheckpoint } from "@ibkr-edge-gateway/protocol/relay/audit-messages.ts";
import { answeredBefore } from "@ibkr-edge-gateway/protocol/relay/edge/answered-before.ts";
import { edgeStep } from "@ibkr-edge-gateway/protocol/relay/edge/edge-machine.ts";
import {
  type EdgeState,
  emptyEdgeState,
  liveConnection,
} from "@ibkr-edge-gateway/protocol/relay/edge/edge-state.ts";
import type {
  CancelAnswer,
  EdgeEffect,
  EdgeEnv,
  EdgeInput,
  JobSettlement,
  NewJob,
} from "@ibkr-edge-gateway/protocol/relay/edge/edge-step.ts";
import { leaseDueAt, nextDueAt } from "@ibkr-edge-gateway/protocol/relay/edge/tick.ts";
import { ulid } from "@ibkr-edge-gateway/protocol/ulid.ts";
import { hasTables } from "../tables/migrations.ts";
import { DueTimer } from "./due-timer.ts";
import { edgeEnvOf } from "./edge-env.ts";
import { checkKey, type KeyEffect, standbyText, unlessStandby } from "./key-checks.ts";
import type { Presence, RelayHost, RelayHostOptions } from "./relay-host-interface.ts";
import { loadEdge, settledWrite, storeEdge } from "./relay-store.ts";
import { Sockets } from "./sockets.ts";
import { findSidecar } from "./tables/sidecars.ts";
import { malformedUpgrade, openerOf, upgraded } from "./upgrade.ts";
import { Waiters } from "./waiters.ts";

export const createRelayHost = (options: RelayHostOptions): RelayHost => new EdgeDriver(options);

/**
 * Drives the edge's protocol machine in a Durable Object. Its rooms: `sockets.ts` (connections),
 * `store.ts` (rows), `key-checks.ts` (verifying and signing), `due-timer.ts` (time). While nothing is
 * in flight there is no timer, and all that matters is in SQLite and in the sockets' attachments, so
 * the object may sleep.
 */
class EdgeDriver implements RelayHost {
  readonly #options: RelayHostOptions;
  readonly #sql: SqlStorage;
  readonly #env: () => EdgeEnv;
  readonly #sockets: Sockets;
  readonly #timer = new DueTimer(() => this.tick());
  readonly #settled = new Waiters<JobSettlement>();
  readonly #cancelled = new Waiters<CancelAnswer>();
  #state: EdgeState;

  constructor(options: RelayHostOptions) {
    const { ctx } = options;
    this.#options = options;
    this.#sql = ctx.storage.sql;
    this.#env = edgeEnvOf(options);
    this.#sockets = new Sockets(ctx);
    // After a restart or a sleep: the session from SQLite, each connection from its socket.
    const stored = hasTables(this.#sql) ? loadEdge(this.#sql) : emptyEdgeState();
    this.#state = { ...stored, connections: this.#sockets.restore() };
    this.#timer.set(nextDueAt(this.#state));
  }

  /** One step: its writes in one transaction, then the state, then the effects in their order. */
  #dispatch(input: EdgeInput): Promise<void> {
    const before = this.#state.connections;
    const env = this.#env();
    const step = edgeStep(this.#state, input, env);
    if (step.writes.length > 0) {
      const { ctx, accountId, listener } = this.#options;
      ctx.storage.transactionSync(() => {
        storeEdge(this.#sql, accountId, step.writes, env.now, listener);
      });
    }
    this.#state = step.state;
    this.#sockets.keep(before, step.state.connections);
    const pending: Promise<void>[] = [];
    for (const effect of step.effects) {
      const work = this.#perform(effect);
      if (work !== undefined) pending.push(work);
    }
    this.#timer.set(nextDueAt(this.#state));
    this.#options.onStep();
    return pending.length === 0 ? DONE : Promise.all(pending).then(() => undefined);
  }

  #perform(effect: EdgeEffect): Promise<void> | undefined {
    switch (effect.kind) {
      case "send":
        this.#sockets.send(effect.conn, effect.text);
        return undefined;
      case "close":
        this.#sockets.close(effect.conn, effect.code, effect.reason);
        return undefined;
      case "settle":
        this.#settled.resolve(effect.jobId, effect.settlement);
        return undefined;
      case "cancel_answered":
        this.#cancelled.resolve(effect.jobId, effect.answer);
        return undefined;
      case "audit_answered":
        return this.#options.listener?.witnessed?.(effect.sidecarId, effect.answer);
      default:
        return this.#checkKey(effect);
    }
  }

  async #checkKey(effect: KeyEffect): Promise<void> {
    const { origin, identity } = this.#options;
    const input = await checkKey({ sql: this.#sql, origin, identity }, effect);
    if (input === null) return;
    if (input.kind !== "token_checked") return this.#dispatch(input);
    // A connection that is dead already stands in nobody's way.
    this.presence();
    await this.#dispatch({ ...input, verdict: unlessStandby(this.#sql, input.verdict) });
  }

  async accept(request: Request): Promise<Response> {
    const malformed = malformedUpgrade(request);
    if (malformed !== null) return malformed;
    const { origin } = this.#options;
    const opener = await openerOf(this.#sql, request, { origin, now: Date.now });
    if (opener instanceof Response) return opener;
    const { sidecarId } = opener;
    const { 0: client, 1: server } = new WebSocketPair();
    const conn = ulid(Date.now());
    const connection = { openedAt: Date.now(), sidecarId, phase: { kind: "new" } } as const;
    this.#sockets.add(conn, server, connection);
    void this.#dispatch({ kind: "opened", conn, sidecarId });
    return upgraded(client);
  }

  async message(socket: WebSocket, data: string | ArrayBuffer): Promise<void> {
    const conn = this.#sockets.idOf(socket);
    if (conn === null) return;
    this.#sockets.heard(conn, Date.now());
    await this.#dispatch(
      typeof data === "string" ? { kind: "frame", conn, text: data } : { kind: "binary", conn },
    );
  }

  async closed(socket: WebSocket, code: number): Promise<void> {
    const conn = this.#sockets.idOf(socket);
    if (conn === null) return;
    await this.#dispatch({ kind: "closed", conn, code });
    this.#sockets.closed(conn, socket, code);
  }

  submit(job: NewJob): Promise<JobSettlement> {
    const jobId = job.submit.job_id;
    if (job.class === "write") {
      const before = answeredBefore(jobId, settledWrite(this.#sql, jobId), Date.now());
      if (before !== null) return Promise.resolve(before);
    }
    return this.#settled.wait(jobId, () => void this.#dispatch({ kind: "submit", job }));
  }

  cancel(jobId: string, reason?: string): Promise<CancelAnswer> {
    const input = { kind: "cancel", jobId, ...(reason === undefined ? {} : { reason }) } as const;
    return this.#cancelled.wait(jobId, () => void this.#dispatch(input));
  }

  chosen(sidecarId: string): void {
    const machine = findSidecar(this.#sql, sidecarId)?.machine ?? "another PC";
    void this.#dispatch({ kind: "chosen", sidecarId, message: standbyText(machine) });
  }

  revoked(sidecarId: string, reason?: string): void {
    void this.#dispatch({
      kind: "revoked",
      sidecarId,
      ...(reason === undefined ? {} : { reason }),
    });
  }

  narrowed(sidecarId: string, granted: readonly Capability[]): void {
    void this.#dispatch({ kind: "narrowed", sidecarId, granted });
  }

  showHead(head: AuditCheckpoint): void {
    void this.#dispatch({ kind: "audit_head", head });
  }

  get origin(): string {
    return this.#options.origin;
  }

  /** The live connection, judged by its last sign of life and never by the socket's own state. */
  presence(): Presence {
    const live = liveConnection(this.#state);
    const { sidecarId, acceptedAt, droppedAt } = this.#state.session;
    if (live === null) {
      return { online: false, sidecarId, connectedSince: null, lastSeenAt: droppedAt };
    }
    const seen = Math.max(this.#sockets.lastHeardAt(live.id), acceptedAt);
    if (Date.now() - seen > HEARTBEAT_LOST_MS) {
      void this.#dispatch({ kind: "silent" });
      return { online: false, sidecarId, connectedSince: null, lastSeenAt: seen };
    }
    return { online: true, sidecarId, connectedSince: acceptedAt, lastSeenAt: seen };
  }

  leaseDueAt(): number | null {
    return leaseDueAt(this.#state);
  }

  tick(): void {
    void this.#dispatch({ kind: "tick" });
  }
}

const DONE = Promise.resolve();
