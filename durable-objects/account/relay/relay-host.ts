import {
  HEARTBEAT_LOST_MS,
  UNAUTHENTICATED_SOCKETS_MAX,
} from "@ibkr-edge-gateway/protocol/limits.ts";
import { DEVICE_TOKEN } from "@ibkr-edge-gateway/protocol/relay/device-token.ts";
import { answeredBefore } from "@ibkr-edge-gateway/protocol/relay/edge/again.ts";
import { edgeStep } from "@ibkr-edge-gateway/protocol/relay/edge/machine.ts";
import {
  type Connection,
  type EdgeState,
  emptyEdgeState,
  isUnauthenticated,
  liveConnection,
} from "@ibkr-edge-gateway/protocol/relay/edge/state.ts";
import type {
  CancelAnswer,
  EdgeEffect,
  EdgeInput,
  JobSettlement,
  TokenVerdict,
} from "@ibkr-edge-gateway/protocol/relay/edge/step.ts";
import { leaseDueAt, nextDueAt } from "@ibkr-edge-gateway/protocol/relay/edge/tick.ts";
import {
  type EdgeIdentity,
  verifyEd25519,
} from "@ibkr-edge-gateway/protocol/relay/edge-identity.ts";
import { PING, PONG, SUBPROTOCOL } from "@ibkr-edge-gateway/protocol/relay/envelope.ts";
import { fingerprintWords } from "@ibkr-edge-gateway/protocol/relay/fingerprint.ts";
import { sidecarCommand } from "@ibkr-edge-gateway/protocol/sidecar-command.ts";
import { ulid } from "@ibkr-edge-gateway/protocol/ulid.ts";
import { randomToken } from "../random.ts";
import { hasTables } from "../tables/migrations.ts";
import { checkDeviceToken } from "./device-token-check.ts";
import type { Presence, RelayHost } from "./relay-host-interface.ts";
import { type EdgeListener, loadEdge, settledWrite, storeEdge } from "./store.ts";
import { chosenSidecar, findSidecar, isKnownKey } from "./tables/sidecars.ts";

export interface RelayHostOptions {
  readonly ctx: DurableObjectState;
  readonly accountId: string;
  readonly origin: string;
  readonly version: string;
  readonly identity: EdgeIdentity | null;
  /** Called after every step, so that the object can set its alarm. */
  readonly onStep: () => void;
  /** Hears of events and connections inside the transaction that stores them. */
  readonly listener?: EdgeListener;
}

/** What a socket carries through hibernation. */
interface Attachment {
  readonly id: string;
  readonly connection: Connection;
}

/**
 * Drives the edge's protocol machine in a Durable Object: sockets, storage, keys and timers on one
 * side, values on the other. While nothing is in flight there is no timer, and all that matters is
 * in SQLite and in the sockets' attachments, so the object may sleep.
 */
export function createRelayHost(options: RelayHostOptions): RelayHost {
  const { ctx, identity } = options;
  const { sql } = ctx.storage;
  const edgeFingerprint = identity === null ? "" : fingerprintWords(identity.publicKey).join(" ");
  const sockets = new Map<string, WebSocket>();
  const ids = new WeakMap<WebSocket, string>();
  const lastFrameAt = new Map<string, number>();
  const waiters = new Map<string, (settlement: JobSettlement) => void>();
  const cancels = new Map<string, (answer: CancelAnswer) => void>();
  let timer: { handle: ReturnType<typeof setTimeout>; at: number } | null = null;
  let state = wake();

  ctx.setWebSocketAutoResponse(new WebSocketRequestResponsePair(PING, PONG));
  arm();

  /** After a restart or a sleep: the session from SQLite, each connection from its socket. */
  function wake(): EdgeState {
    const stored = hasTables(sql) ? loadEdge(sql) : emptyEdgeState();
    const connections = new Map<string, Connection>();
    for (const socket of ctx.getWebSockets()) {
      const attachment: Attachment | null = socket.deserializeAttachment();
      if (attachment === null) continue;
      sockets.set(attachment.id, socket);
      ids.set(socket, attachment.id);
      connections.set(attachment.id, attachment.connection);
    }
    return { ...stored, connections };
  }

  function env() {
    return {
      now: Date.now(),
      origin: options.origin,
      account: options.accountId,
      edgeFingerprint,
      edgeVersion: options.version,
      ulid: () => ulid(Date.now()),
      random32: () => randomToken(32),
    };
  }

  function dispatch(input: EdgeInput): Promise<void> {
    const before = state.connections;
    const sources = env();
    const step = edgeStep(state, input, sources);
    if (step.writes.length > 0) {
      ctx.storage.transactionSync(() => {
        storeEdge(sql, options.accountId, step.writes, sources.now, options.listener);
      });
    }
    state = step.state;
    for (const [id, connection] of state.connections) {
      if (before.get(id) === connection) continue;
      sockets.get(id)?.serializeAttachment({ id, connection } satisfies Attachment);
    }
    const pending: Promise<void>[] = [];
    for (const effect of step.effects) {
      const work = perform(effect);
      if (work !== undefined) pending.push(work);
    }
    arm();
    options.onStep();
    return pending.length === 0 ? DONE : Promise.all(pending).then(() => undefined);
  }

  function perform(effect: EdgeEffect): Promise<void> | undefined {
    switch (effect.kind) {
      case "send":
        trySend(effect.conn, effect.text);
        return undefined;
      case "close":
        tryClose(effect.conn, effect.code, effect.reason);
        return undefined;
      case "settle": {
        const waiter = waiters.get(effect.jobId);
        waiters.delete(effect.jobId);
        waiter?.(effect.settlement);
        return undefined;
      }
      case "cancel_answered": {
        const waiter = cancels.get(effect.jobId);
        cancels.delete(effect.jobId);
        waiter?.(effect.answer);
        return undefined;
      }
      case "check_token":
        return checkToken(effect);
      case "check_answer":
        return verifyEd25519(effect.publicKey, effect.message, effect.signature).then((valid) =>
          dispatch({ kind: "answer_checked", conn: effect.conn, valid }),
        );
      case "check_refresh": {
        const key = findSidecar(sql, effect.sidecarId)?.publicKey ?? "";
        return verifyEd25519(key, effect.message, effect.signature).then((valid) =>
          dispatch({ kind: "answer_checked", conn: effect.conn, valid }),
        );
      }
      case "check_rotation":
        return checkRotation(effect);
      case "sign_proof":
        return signProof(effect);
    }
  }

  async function checkToken(effect: Extract<EdgeEffect, { kind: "check_token" }>) {
    const verdict =
      identity === null || !hasTables(sql)
        ? ({
            ok: false,
            code: "UNAUTHENTICATED",
            message: "this sidecar is not paired here",
            verdict: "unauthenticated",
          } as const)
        : await checkDeviceToken(sql, DEVICE_TOKEN.open, effect, {
            origin: options.origin,
            now: Date.now,
          });
    // A connection that is dead already stands in nobody's way.
    presence();
    await dispatch({ kind: "token_checked", conn: effect.conn, verdict: unlessStandby(verdict) });
  }

  /** A paired PC that its owner did not choose is told so, and is given no session. */
  function unlessStandby(verdict: TokenVerdict): TokenVerdict {
    if (!verdict.ok) return verdict;
    const chosen = chosenSidecar(sql);
    if (chosen === null || chosen.sidecarId === verdict.known.sidecarId) return verdict;
    return {
      ok: false,
      code: "STANDBY",
      message: standbyWords(chosen.machine),
      verdict: "unauthenticated",
    };
  }

  function standbyWords(machine: string): string {
    return `this PC stands by: "${machine.slice(0, 80)}" is the one in use; to switch, run here: ${sidecarCommand("use")}, or choose this PC in the console, under Sidecars`;
  }

  async function checkRotation(effect: Extract<EdgeEffect, { kind: "check_rotation" }>) {
    const { conn, requestId, publicKey, message } = effect;
    const old = findSidecar(sql, effect.sidecarId)?.publicKey ?? "";
    const [byOld, byNew] = await Promise.all([
      verifyEd25519(old, message, effect.oldSignature),
      verifyEd25519(publicKey, message, effect.newSignature),
    ]);
    const valid =
      byOld &&
      byNew &&
      findSidecar(sql, effect.sidecarId)?.publicKey === old &&
      !isKnownKey(sql, publicKey);
    await dispatch({ kind: "rotation_checked", conn, requestId, publicKey, valid });
  }

  async function signProof(effect: Extract<EdgeEffect, { kind: "sign_proof" }>) {
    if (identity === null) return;
    const proof = await identity.sign(effect.message);
    await dispatch({ kind: "proof_signed", conn: effect.conn, proof });
  }

  /** A socket that is already gone says so by its close event; sending to it is no failure of ours. */
  function trySend(conn: string, text: string): void {
    try {
      sockets.get(conn)?.send(text);
    } catch {
      // Its close event follows.
    }
  }

  function tryClose(conn: string, code: number, reason: string): void {
    try {
      sockets.get(conn)?.close(code, reason.slice(0, 100));
    } catch {
      // Closed by the other side in the same instant.
    }
  }

  /** One timer for the next thing due while something is in flight; none otherwise. */
  function arm(): void {
    const at = nextDueAt(state);
    if (timer !== null && timer.at === at) return;
    if (timer !== null) clearTimeout(timer.handle);
    timer = null;
    if (at === null) return;
    const handle = setTimeout(
      () => {
        timer = null;
        void dispatch({ kind: "tick" });
      },
      Math.max(0, at - Date.now()),
    );
    timer = { handle, at };
  }

  function lastSeen(id: string, connection: Connection): number {
    const socket = sockets.get(id);
    const answered = socket === undefined ? null : ctx.getWebSocketAutoResponseTimestamp(socket);
    return Math.max(
      answered?.getTime() ?? 0,
      lastFrameAt.get(id) ?? 0,
      connection.phase.kind === "live" ? state.session.acceptedAt : 0,
    );
  }

  /** The live connection, judged by its last sign of life and never by the socket's own state. */
  function presence(): Presence {
    const live = liveConnection(state);
    const { sidecarId, acceptedAt, droppedAt } = state.session;
    if (live === null) {
      return { online: false, sidecarId, connectedSince: null, lastSeenAt: droppedAt };
    }
    const seen = lastSeen(live.id, live.connection);
    if (Date.now() - seen > HEARTBEAT_LOST_MS) {
      void dispatch({ kind: "silent" });
      return { online: false, sidecarId, connectedSince: null, lastSeenAt: seen };
    }
    return { online: true, sidecarId, connectedSince: acceptedAt, lastSeenAt: seen };
  }

  return {
    accept(request) {
      if (request.headers.get("Upgrade")?.toLowerCase() !== "websocket") {
        return new Response("expected a WebSocket upgrade\n", { status: 426 });
      }
      const offered = request.headers.get("Sec-WebSocket-Protocol") ?? "";
      if (!offered.split(",").some((name) => name.trim() === SUBPROTOCOL)) {
        return new Response(`expected the subprotocol ${SUBPROTOCOL}\n`, { status: 400 });
      }
      const waiting = [...state.connections.values()].filter(isUnauthenticated).length;
      if (waiting >= UNAUTHENTICATED_SOCKETS_MAX) {
        return new Response("too many handshakes at once\n", {
          status: 429,
          headers: { "Retry-After": "10" },
        });
      }
      const { 0: client, 1: server } = new WebSocketPair();
      const id = ulid(Date.now());
      ctx.acceptWebSocket(server);
      sockets.set(id, server);
      ids.set(server, id);
      server.serializeAttachment({
        id,
        connection: { openedAt: Date.now(), phase: { kind: "new" } },
      } satisfies Attachment);
      void dispatch({ kind: "opened", conn: id });
      return new Response(null, {
        status: 101,
        webSocket: client,
        headers: { "Sec-WebSocket-Protocol": SUBPROTOCOL },
      });
    },

    async message(socket, data) {
      const conn = idOf(socket);
      if (conn === null) return;
      lastFrameAt.set(conn, Date.now());
      await dispatch(
        typeof data === "string" ? { kind: "frame", conn, text: data } : { kind: "binary", conn },
      );
    },

    async closed(socket, code) {
      const conn = idOf(socket);
      if (conn === null) return;
      await dispatch({ kind: "closed", conn, code });
      sockets.delete(conn);
      lastFrameAt.delete(conn);
      try {
        // Without an answer the peer never sees its own close completed.
        socket.close(code >= 4000 || code === 1000 ? code : 1000, "");
      } catch {
        // Already closed from here.
      }
    },

    submit(job) {
      const jobId = job.submit.job_id;
      if (job.class === "write") {
        const before = answeredBefore(jobId, settledWrite(sql, jobId), Date.now());
        if (before !== null) return Promise.resolve(before);
      }
      return new Promise((resolve) => {
        waiters.set(job.submit.job_id, resolve);
        void dispatch({ kind: "submit", job });
      });
    },

    cancel(jobId, reason) {
      return new Promise((resolve) => {
        cancels.set(jobId, resolve);
        void dispatch({
          kind: "cancel",
          jobId,
          ...(reason === undefined ? {} : { reason }),
        });
      });
    },

    chosen(sidecarId) {
      const machine = findSidecar(sql, sidecarId)?.machine ?? "another PC";
      void dispatch({ kind: "chosen", sidecarId, message: standbyWords(machine) });
    },

    revoked(sidecarId) {
      void dispatch({ kind: "revoked", sidecarId });
    },

    narrowed(sidecarId, granted) {
      void dispatch({ kind: "narrowed", sidecarId, granted });
    },

    presence,
    leaseDueAt: () => leaseDueAt(state),
    tick() {
      void dispatch({ kind: "tick" });
    },
  };

  /** The runtime may hand over another object for the same socket after a sleep. */
  function idOf(socket: WebSocket): string | null {
    const known = ids.get(socket);
    if (known !== undefined) return known;
    const attachment: Attachment | null = socket.deserializeAttachment();
    return attachment?.id ?? null;
  }
}

const DONE = Promise.resolve();
