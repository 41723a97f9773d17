import type { Capability } from "@ibkr-edge-gateway/protocol/capabilities.ts";
import { sha256Hex } from "@ibkr-edge-gateway/protocol/digest.ts";
import type { JsonValue } from "@ibkr-edge-gateway/protocol/json.ts";
import { HEARTBEAT_LOST_MS, SETTLED_JOBS_DAYS } from "@ibkr-edge-gateway/protocol/limits.ts";
import { answeredBefore } from "@ibkr-edge-gateway/protocol/relay/edge/answered-before.ts";
import { edgeStep } from "@ibkr-edge-gateway/protocol/relay/edge/edge-machine.ts";
import {
  type EdgeConnection,
  type EdgeJob,
  type EdgeState,
  emptyEdgeState,
  liveConnection,
  type SessionRecord,
} from "@ibkr-edge-gateway/protocol/relay/edge/edge-state.ts";
import type {
  CancelAnswer,
  EdgeEffect,
  EdgeInput,
  EdgeWrite,
  JobSettlement,
} from "@ibkr-edge-gateway/protocol/relay/edge/edge-step.ts";
import { leaseDueAt, nextDueAt } from "@ibkr-edge-gateway/protocol/relay/edge/tick.ts";
import { fingerprintWords } from "@ibkr-edge-gateway/protocol/relay/fingerprint.ts";
import { encodeFrame } from "@ibkr-edge-gateway/protocol/relay/frame-codec.ts";
import {
  sidecarDueAt,
  sidecarStep,
} from "@ibkr-edge-gateway/protocol/relay/sidecar/sidecar-machine.ts";
import {
  initialSidecarState,
  type JournalWrite,
  type SidecarState,
} from "@ibkr-edge-gateway/protocol/relay/sidecar/sidecar-state.ts";
import type {
  JobEnd,
  SidecarEffect,
  SidecarInput,
} from "@ibkr-edge-gateway/protocol/relay/sidecar/sidecar-step.ts";
import type { JobService } from "@ibkr-edge-gateway/protocol/service-class.ts";
import { ulid } from "@ibkr-edge-gateway/protocol/ulid.ts";
import { fakeSign, fakeVerify } from "./fake-keys.ts";
import {
  commitTo,
  loadFrom,
  type MemoryJournal,
  memoryJournal,
  restartJournal,
  unackedBytesOf,
} from "./memory-journal.ts";
import { seededRandom } from "./random.ts";

export const ORIGIN = "https://gateway.test";
export const ACCOUNT = "acct-1";
const EDGE_KEY = "edge-identity";
const EDGE_PUBLIC = Buffer.alloc(32, 7).toString("base64url");

/** What an edge keeps on disk. */
interface EdgeStore {
  session: SessionRecord | null;
  cursors: Map<string, number>;
  openWrites: Map<string, EdgeJob>;
  settledWrites: Map<string, JobSettlement>;
  settledAt: Map<string, number>;
  usedTokens: Set<string>;
  /** The PC in use by its owner's choice; null while none was chosen. */
  chosen: string | null;
  /** Writes whose end the owner was told will never be known. */
  lost: string[];
  /** `journal/seq` of everything applied, in order; twice the same is a defect. */
  applied: { journalId: string; seq: number; type: string; payload: unknown }[];
  audit: { type: string; sidecarId: string; meta: Readonly<Record<string, string>> }[];
  sidecars: Map<
    string,
    { key: string; granted: Capability[]; state: "active" | "revoked"; version: string }
  >;
}

type Item = { text: string } | { close: number; reason: string };

/** One dialled connection: two queues, and whether each end still sees it as open. */
export interface Wire {
  readonly id: string;
  readonly sidecar: Sidecar;
  readonly dial: number;
  toEdge: Item[];
  toSidecar: Item[];
  edgeOpen: boolean;
  sidecarOpen: boolean;
  /** The dial has had its answer; it gets no second one. */
  answered: boolean;
  /** Nothing moves, nobody is told. */
  stalled: boolean;
  lastSeen: number;
}

export interface Sidecar {
  readonly id: string;
  key: string;
  state: SidecarState;
  journal: MemoryJournal;
  /** Verdicts and signatures on their way back to the machine. */
  pending: SidecarInput[];
  running: Map<string, { class: "read" | "write"; operation: string; input: unknown }>;
  wire: Wire | null;
  up: boolean;
  offered: Capability[];
  brokerAccounts: string[] | null;
  clockOffsetMs: number;
  /** Every text it ever got and sent, for tests that look at the wire. */
  received: string[];
  sent: string[];
  /** Close codes it was given. */
  closes: number[];
}

export type World = ReturnType<typeof createWorld>;

/** Operations of the simulated broker side: one read, one write that leaves a mark. */
const OPERATIONS: Record<string, { class: "read" | "write"; capability: Capability }> = {
  "test.read": { class: "read", capability: "broker.read" },
  "test.write": { class: "write", capability: "orders.paper" },
  "order.cancel": { class: "write", capability: "orders.paper" },
  "order.place": { class: "write", capability: "orders.paper" },
  "order.preview": { class: "read", capability: "broker.read" },
  "order.answer": { class: "write", capability: "orders.paper" },
};

/**
 * Both halves of the protocol, the wire between them and their disks, as values under one clock and
 * one seed. Nothing happens by itself: a test, or the model, chooses what happens next.
 */
export function createWorld(seed = 1) {
  const random = seededRandom(seed);
  let now = Date.UTC(2026, 10, 20, 10);
  const nextId = () => ulid(now, random.bytes(10));

  const store: EdgeStore = {
    session: null,
    cursors: new Map(),
    openWrites: new Map(),
    settledWrites: new Map(),
    settledAt: new Map(),
    usedTokens: new Set(),
    chosen: null,
    lost: [],
    applied: [],
    audit: [],
    sidecars: new Map(),
  };
  let edge: EdgeState = emptyEdgeState();
  const edgePending: EdgeInput[] = [];
  const wires = new Map<string, Wire>();
  const sidecars: Sidecar[] = [];
  const settlements = new Map<string, JobSettlement[]>();
  const cancelAnswers = new Map<string, CancelAnswer[]>();
  let watchJournal: ((writes: readonly JournalWrite[]) => void) | undefined;
  let watchWrites: ((writes: readonly EdgeWrite[]) => void) | undefined;
  /** How often each write really happened at the broker. */
  const executions = new Map<string, number>();

  // --- the edge -------------------------------------------------------------------------------

  /** Which PC is in use is asked in the moment in which the verdict arrives, as the host does. */
  function unlessStandby(input: EdgeInput): EdgeInput {
    if (input.kind !== "token_checked" || !input.verdict.ok || store.chosen === null) return input;
    if (input.verdict.known.sidecarId === store.chosen) return input;
    const verdict = {
      ok: false,
      code: "STANDBY",
      message: "this PC stands by",
      verdict: "unauthenticated",
    } as const;
    return { ...input, verdict };
  }

  function edgeInput(input: EdgeInput): void {
    const step = edgeStep(edge, unlessStandby(input), {
      now,
      origin: ORIGIN,
      account: ACCOUNT,
      edgeFingerprint: fingerprintWords(EDGE_PUBLIC).join(" "),
      edgeVersion: "test",
      ulid: nextId,
      random32: random.base64url32,
    });
    for (const write of step.writes) edgeStore(write);
    if (step.writes.length > 0) watchWrites?.(step.writes);
    edge = step.state;
    for (const effect of step.effects) edgeEffect(effect);
  }

  function edgeStore(write: EdgeWrite): void {
    switch (write.kind) {
      case "session":
        store.session = write.record;
        return;
      case "cursor":
        store.cursors.set(`${write.sidecarId}/${write.journalId}`, write.seq);
        return;
      case "event":
        store.applied.push({
          journalId: edge.session.journalId ?? "",
          seq: write.seq,
          type: write.type,
          payload: write.payload,
        });
        return;
      case "job":
        store.openWrites.set(write.job.submit.job_id, write.job);
        return;
      case "job_settled":
        if (store.settledWrites.has(write.jobId)) throw new Error("a write was settled twice");
        store.openWrites.delete(write.jobId);
        store.settledWrites.set(write.jobId, write.settlement);
        store.settledAt.set(write.jobId, now);
        return;
      case "write_lost":
        store.lost.push(write.job.submit.job_id);
        return;
      case "sidecar_seen":
        return;
      case "sidecar_key": {
        const known = store.sidecars.get(write.sidecarId);
        if (known !== undefined) known.key = write.publicKey;
        return;
      }
      case "audit":
        store.audit.push(write);
    }
  }

  function edgeEffect(effect: EdgeEffect): void {
    switch (effect.kind) {
      case "send": {
        const wire = wires.get(effect.conn);
        if (wire?.edgeOpen) wire.toSidecar.push({ text: effect.text });
        return;
      }
      case "close": {
        const wire = wires.get(effect.conn);
        if (!wire?.edgeOpen) return;
        wire.edgeOpen = false;
        wire.toSidecar.push({ close: effect.code, reason: effect.reason });
        edgePending.push({ kind: "closed", conn: effect.conn, code: effect.code });
        return;
      }
      case "check_token":
        edgePending.push({
          kind: "token_checked",
          conn: effect.conn,
          verdict: checkToken(effect.token, effect.principal, effect.journalId),
        });
        return;
      case "check_answer":
        edgePending.push({
          kind: "answer_checked",
          conn: effect.conn,
          valid: fakeVerify(effect.publicKey, effect.message, effect.signature),
        });
        return;
      case "check_refresh":
        edgePending.push({
          kind: "answer_checked",
          conn: effect.conn,
          valid: fakeVerify(
            store.sidecars.get(effect.sidecarId)?.key ?? "",
            effect.message,
            effect.signature,
          ),
        });
        return;
      case "check_rotation": {
        const old = store.sidecars.get(effect.sidecarId)?.key ?? "";
        const { conn, requestId, publicKey, message } = effect;
        const valid =
          fakeVerify(old, message, effect.oldSignature) &&
          fakeVerify(publicKey, message, effect.newSignature);
        edgePending.push({ kind: "rotation_checked", conn, requestId, publicKey, valid });
        return;
      }
      case "sign_proof":
        edgePending.push({
          kind: "proof_signed",
          conn: effect.conn,
          proof: fakeSign(EDGE_KEY, effect.message),
        });
        return;
      case "settle":
        settlements.set(effect.jobId, [
          ...(settlements.get(effect.jobId) ?? []),
          effect.settlement,
        ]);
        return;
      case "cancel_answered":
        cancelAnswers.set(effect.jobId, [
          ...(cancelAnswers.get(effect.jobId) ?? []),
          effect.answer,
        ]);
    }
  }

  function checkToken(token: string, principal: string, journalId: string) {
    const known = store.sidecars.get(principal);
    const [, key, jti = ""] = token.split("|");
    const refused = {
      ok: false,
      code: "UNAUTHENTICATED",
      message: "refused",
      verdict: "unauthenticated",
    } as const;
    if (known === undefined || key !== known.key || store.usedTokens.has(jti)) return refused;
    if (known.state === "revoked") {
      return {
        ...refused,
        code: "LEASE_REVOKED",
        verdict: "revoked",
        sidecarId: principal,
      } as const;
    }
    store.usedTokens.add(jti);
    return {
      ok: true,
      known: {
        sidecarId: principal,
        publicKey: known.key,
        granted: known.granted,
        cursor: store.cursors.get(`${principal}/${journalId}`) ?? 0,
      },
    } as const;
  }

  /** The owner takes this PC into use. */
  function choose({ id }: Sidecar): void {
    store.chosen = id;
    edgeInput({ kind: "chosen", sidecarId: id, message: "this PC stands by" });
  }

  /** The object is thrown out of memory; its sockets survive (hibernation) or do not. */
  function restartEdge(sockets: "kept" | "broken"): void {
    const connections = new Map<string, EdgeConnection>();
    if (sockets === "kept") {
      for (const [id, connection] of edge.connections) {
        connections.set(id, JSON.parse(JSON.stringify(connection)));
      }
    } else {
      for (const wire of wires.values()) {
        if (!wire.edgeOpen) continue;
        wire.edgeOpen = false;
        wire.toSidecar.push({ close: 1006, reason: "" });
      }
    }
    const session = store.session ?? emptyEdgeState().session;
    const cursor = store.cursors.get(`${session.sidecarId}/${session.journalId}`) ?? 0;
    const jobs = new Map<string, EdgeJob>();
    for (const [jobId, job] of store.openWrites) {
      jobs.set(jobId, { ...job, abandoned: true, state: "unknown" });
    }
    edgePending.length = 0;
    edge = { ...emptyEdgeState(session, cursor), connections, jobs };
  }

  /** What the object's alarm drops, by the same rule. */
  function prune(): void {
    for (const [jobId, at] of store.settledAt) {
      if (at >= now - SETTLED_JOBS_DAYS * 86_400_000) continue;
      store.settledAt.delete(jobId);
      store.settledWrites.delete(jobId);
    }
  }

  // --- the sidecar ----------------------------------------------------------------------------

  function addSidecar(granted: Capability[] = ["broker.read", "orders.paper", "events", "chunks"]) {
    const id = `sidecar-${sidecars.length + 1}`;
    const key = `device-key-${sidecars.length + 1}`;
    store.sidecars.set(id, { key, granted, state: "active", version: "test" });
    const journal = memoryJournal(nextId());
    const { index, jobs } = loadFrom(journal);
    const sidecar: Sidecar = {
      id,
      key,
      state: initialSidecarState(index, jobs),
      journal,
      pending: [],
      running: new Map(),
      wire: null,
      up: true,
      offered: ["broker.read", "orders.paper", "events", "chunks"],
      brokerAccounts: null,
      clockOffsetMs: 0,
      received: [],
      sent: [],
      closes: [],
    };
    sidecars.push(sidecar);
    return sidecar;
  }

  function sidecarEnv(sidecar: Sidecar) {
    return {
      now: now + sidecar.clockOffsetMs,
      origin: ORIGIN,
      account: ACCOUNT,
      sidecar: sidecar.id,
      version: "test",
      fingerprint: "six words",
      offered: sidecar.offered,
      brokerAccounts: sidecar.brokerAccounts,
      operations: (name: string) => OPERATIONS[name] ?? null,
      ulid: nextId,
      random32: random.base64url32,
      random: random.next,
    };
  }

  function sidecarInput(sidecar: Sidecar, input: SidecarInput): void {
    if (!sidecar.up) return;
    const step = sidecarStep(sidecar.state, input, sidecarEnv(sidecar));
    if (step.writes.length > 0) {
      try {
        commitTo(sidecar.journal, step.writes);
        watchJournal?.(step.writes);
      } catch (error) {
        if (input.kind === "unjournaled" || !sidecar.journal.full) throw error;
        sidecarInput(sidecar, { kind: "unjournaled", input });
        return;
      }
    }
    sidecar.state = step.state;
    if (step.writes.some(({ kind }) => kind === "acked")) {
      const unackedBytes = unackedBytesOf(sidecar.journal);
      sidecar.state = sidecarStep(
        sidecar.state,
        { kind: "measured", unackedBytes },
        sidecarEnv(sidecar),
      ).state;
    }
    for (const effect of step.effects) sidecarEffect(sidecar, effect);
  }

  function sidecarEffect(sidecar: Sidecar, effect: SidecarEffect): void {
    switch (effect.kind) {
      case "dial":
        sidecar.wire = {
          id: nextId(),
          sidecar,
          dial: effect.dial,
          toEdge: [],
          toSidecar: [],
          edgeOpen: false,
          sidecarOpen: false,
          answered: false,
          stalled: false,
          lastSeen: now,
        };
        wires.set(sidecar.wire.id, sidecar.wire);
        return;
      case "send":
        transmit(sidecar, effect.text);
        return;
      case "close": {
        const { wire } = sidecar;
        if (wire?.sidecarOpen) {
          wire.sidecarOpen = false;
          wire.toEdge.push({ close: effect.code, reason: effect.reason });
        }
        sidecar.wire = null;
        return;
      }
      case "sign_token":
        sidecar.pending.push({
          kind: "token_signed",
          dial: effect.dial,
          token: `token|${sidecar.key}|${nextId()}`,
        });
        return;
      case "sign_answer":
        sidecar.pending.push({
          kind: "answer_signed",
          dial: effect.dial,
          response: fakeSign(sidecar.key, effect.message),
        });
        return;
      case "check_proof":
        sidecar.pending.push({
          kind: "proof_checked",
          dial: effect.dial,
          valid: fakeVerify(EDGE_KEY, effect.message, effect.proof),
        });
        return;
      case "execute":
        sidecar.running.set(effect.job.job_id, {
          class: effect.class,
          operation: effect.job.operation,
          input: effect.job.input,
        });
        return;
      case "abort":
        sidecar.running.delete(effect.jobId);
        return;
      case "pump": {
        let through = effect.after;
        for (const event of sidecar.journal.events) {
          if (event.seq <= through) continue;
          transmit(sidecar, framed(sidecar, event.type, JSON.parse(event.payload), event.seq));
          through = event.seq;
        }
        sidecarInput(sidecar, { kind: "pumped", dial: effect.dial, through });
        return;
      }
      case "resend_terminal": {
        const job = sidecar.journal.jobs.get(effect.jobId);
        if (job?.terminal == null || job.seq === null) return;
        transmit(sidecar, framed(sidecar, job.terminal.type, job.terminal.payload, job.seq));
        return;
      }
      case "list_jobs": {
        const jobs = effect.jobs.map(({ jobId, state }) => {
          const terminal = sidecar.journal.jobs.get(jobId)?.terminal ?? null;
          if (state !== "done") return { job_id: jobId, state };
          if (terminal === null) return { job_id: jobId, state: "forgotten" };
          return { job_id: jobId, state, terminal };
        });
        const text = encodeFrame({
          id: nextId(),
          ...liveHead(sidecar),
          correlation_id: effect.requestId,
          type: "session.jobs",
          now,
          payload: { jobs },
        });
        transmit(sidecar, text);
        return;
      }
      case "rotated":
        return;
      case "restart_journal": {
        try {
          restartJournal(sidecar.journal, nextId());
        } catch {
          sidecarInput(sidecar, { kind: "journal_stuck" });
          return;
        }
        const { index, jobs } = loadFrom(sidecar.journal);
        sidecarInput(sidecar, { kind: "journal_restarted", journal: index, jobs });
      }
    }
  }

  function framed(sidecar: Sidecar, type: string, payload: unknown, seq: number): string {
    return encodeFrame({
      id: nextId(),
      ...liveHead(sidecar),
      event_seq: seq,
      type,
      now,
      payload,
    });
  }

  function liveHead({ state: { link } }: Sidecar) {
    return link.kind === "live" ? { session_id: link.session.id, epoch: link.session.epoch } : {};
  }

  function transmit(sidecar: Sidecar, text: string): void {
    const { wire } = sidecar;
    if (!wire?.sidecarOpen) return;
    sidecar.sent.push(text);
    if (text === "ping") {
      // The runtime answers for the object, which sleeps on.
      if (wire.edgeOpen && !wire.stalled) {
        wire.lastSeen = now;
        wire.toSidecar.push({ text: "pong" });
      }
      return;
    }
    wire.toEdge.push({ text });
  }

  /** SIGKILL: memory is gone, the journal is not; whatever ran at the broker has happened or not. */
  function killSidecar(sidecar: Sidecar): void {
    sidecar.up = false;
    sidecar.running.clear();
    sidecar.pending = [];
    const { wire } = sidecar;
    if (wire !== null) {
      wire.sidecarOpen = false;
      wire.toEdge.push({ close: 1006, reason: "" });
      wire.toSidecar = [];
    }
    sidecar.wire = null;
  }

  function startSidecar(sidecar: Sidecar): void {
    const { index, jobs } = loadFrom(sidecar.journal);
    sidecar.up = true;
    sidecar.state = { ...initialSidecarState(index, jobs), dial: sidecar.state.dial };
    sidecarInput(sidecar, { kind: "start" });
  }

  // --- the wire -------------------------------------------------------------------------------

  /** Completes a dial. */
  function open(wire: Wire): void {
    if (wire.sidecar.wire !== wire || wire.answered || !wire.sidecar.up) return;
    wire.answered = true;
    wire.edgeOpen = true;
    wire.sidecarOpen = true;
    edgeInput({ kind: "opened", conn: wire.id, sidecarId: wire.sidecar.id });
    sidecarInput(wire.sidecar, { kind: "connected", dial: wire.dial });
  }

  function refuse(wire: Wire): void {
    if (wire.sidecar.wire !== wire || wire.answered) return;
    wire.answered = true;
    wires.delete(wire.id);
    sidecarInput(wire.sidecar, { kind: "dial_failed", dial: wire.dial, message: "refused" });
  }

  /** Moves the oldest item of one direction; false when there was none. */
  function deliver(wire: Wire, to: "edge" | "sidecar"): boolean {
    if (wire.stalled) return false;
    const item = to === "edge" ? wire.toEdge.shift() : wire.toSidecar.shift();
    if (item === undefined) return false;
    if (to === "edge") {
      if (!wire.edgeOpen) return true;
      if ("text" in item) {
        wire.lastSeen = now;
        edgeInput({ kind: "frame", conn: wire.id, text: item.text });
      } else {
        wire.edgeOpen = false;
        edgeInput({ kind: "closed", conn: wire.id, code: item.close });
      }
      return true;
    }
    if (!wire.sidecarOpen || wire.sidecar.wire !== wire) return true;
    if ("text" in item) {
      wire.sidecar.received.push(item.text);
      sidecarInput(wire.sidecar, { kind: "frame", dial: wire.dial, text: item.text });
    } else {
      wire.sidecarOpen = false;
      wire.sidecar.closes.push(item.close);
      sidecarInput(wire.sidecar, {
        kind: "closed",
        dial: wire.dial,
        code: item.close,
        reason: item.reason,
      });
    }
    return true;
  }

  /** The line breaks: what was on it is lost, and each end finds out in its own time. */
  function cut(wire: Wire): void {
    wire.toEdge = wire.edgeOpen ? [{ close: 1006, reason: "" }] : [];
    wire.toSidecar = wire.sidecarOpen ? [{ close: 1006, reason: "" }] : [];
  }

  // --- moving on ------------------------------------------------------------------------------

  /** One thing that can happen without time passing; false when nothing can. */
  function stepOnce(): boolean {
    const verdict = edgePending.shift();
    if (verdict !== undefined) {
      edgeInput(verdict);
      return true;
    }
    for (const sidecar of sidecars) {
      const own = sidecar.pending.shift();
      if (own !== undefined) {
        sidecarInput(sidecar, own);
        return true;
      }
      const { wire } = sidecar;
      if (wire !== null && !wire.answered && !wire.stalled && sidecar.up) {
        open(wire);
        return true;
      }
    }
    for (const wire of wires.values()) {
      if (deliver(wire, "edge") || deliver(wire, "sidecar")) return true;
    }
    return false;
  }

  /** Lets everything that is under way arrive. */
  function settle(): void {
    for (let steps = 0; stepOnce(); steps += 1) {
      if (steps > 200_000) throw new Error("the world does not come to rest");
    }
    sweep();
  }

  function sweep(): void {
    for (const [id, wire] of wires) {
      if (!wire.edgeOpen && !wire.sidecarOpen && wire.sidecar.wire !== wire) wires.delete(id);
    }
  }

  /** Time passes, in steps that stop at whatever is due, with everything arriving in between. */
  function advance(ms: number, arrive = true): void {
    const end = now + ms;
    for (;;) {
      if (arrive) settle();
      const due = Math.min(
        nextDueAt(edge) ?? end,
        leaseDueAt(edge) ?? end,
        ...sidecars
          .filter(({ up }) => up)
          .map((sidecar) => (sidecarDueAt(sidecar.state) ?? end) - sidecar.clockOffsetMs),
      );
      now = Math.max(now, Math.min(end, due));
      tick();
      if (now >= end && !(due <= end && due > now)) break;
      if (due <= now) now = Math.min(end, now + 1);
    }
    if (arrive) settle();
  }

  function tick(): void {
    const live = liveConnection(edge);
    const wire = live === null ? undefined : wires.get(live.id);
    if (wire !== undefined && now - wire.lastSeen > HEARTBEAT_LOST_MS) {
      edgeInput({ kind: "silent" });
    }
    edgeInput({ kind: "tick" });
    for (const sidecar of sidecars) sidecarInput(sidecar, { kind: "tick" });
  }

  // --- what an edge's user and a broker do -----------------------------------------------------

  function submit(
    operation: string,
    input: Record<string, JsonValue> = {},
    more: { account?: string; deadlineMs?: number; jobId?: string; service?: JobService } = {},
  ): string {
    const jobId = more.jobId ?? nextId();
    const known = OPERATIONS[operation] ?? { class: "read", capability: "broker.read" };
    const stored = store.settledWrites.get(jobId) ?? null;
    const before = known.class === "write" ? answeredBefore(jobId, stored, now) : null;
    if (before !== null) {
      settlements.set(jobId, [...(settlements.get(jobId) ?? []), before]);
      return jobId;
    }
    edgeInput({
      kind: "submit",
      job: {
        class: known.class,
        submit: {
          job_id: jobId,
          operation,
          input,
          input_sha256: sha256Hex(JSON.stringify(input, Object.keys(input).sort())),
          grant: {
            capability: known.capability,
            ...(more.account === undefined ? {} : { broker_account: more.account }),
            scope: "test",
            expires_at: new Date(now + 60_000).toISOString(),
          },
          deadline_ms: more.deadlineMs ?? 5_000,
          ...(more.service === undefined ? {} : { service: more.service }),
        },
      },
    });
    return jobId;
  }

  /** The broker side reaches the point of no return of a write; true when it may go on. */
  function begin(sidecar: Sidecar, jobId: string): boolean {
    const task = sidecar.running.get(jobId);
    if (task?.class !== "write") return false;
    const before = sidecar.state.jobs.get(jobId)?.state;
    if (before !== "started") sidecarInput(sidecar, { kind: "begin", jobId });
    if (sidecar.state.jobs.get(jobId)?.state !== "started" || before === "started") return false;
    executions.set(jobId, (executions.get(jobId) ?? 0) + 1);
    return true;
  }

  function finish(sidecar: Sidecar, jobId: string, end: JobEnd): void {
    if (!sidecar.running.delete(jobId)) return;
    sidecarInput(sidecar, { kind: "finished", jobId, end });
  }

  /** A job from beginning to end, as a healthy broker side does it. */
  function work(sidecar: Sidecar, result: JsonValue = { done: true }): void {
    for (const [jobId, task] of [...sidecar.running]) {
      if (task.class === "write" && sidecar.state.jobs.get(jobId)?.state === "accepted") {
        if (!begin(sidecar, jobId)) continue;
      }
      finish(sidecar, jobId, { ok: true, result });
    }
  }

  return {
    store,
    sidecars,
    wires,
    settlements,
    cancelAnswers,
    executions,
    random,
    edge: () => edge,
    now: () => now,
    pass: (ms: number) => {
      now += ms;
    },
    edgeInput,
    edgePending,
    sidecarInput,
    addSidecar,
    /** Shows what the edge stores, step by step. */
    onEdgeWrites(watch: (writes: readonly EdgeWrite[]) => void) {
      watchWrites = watch;
    },
    restartEdge,
    prune,
    /** Shows what sidecars commit to their journals, transaction by transaction. */
    onJournalWrites(watch: (writes: readonly JournalWrite[]) => void) {
      watchJournal = watch;
    },
    killSidecar,
    startSidecar,
    open,
    refuse,
    deliver,
    cut,
    stepOnce,
    settle,
    choose,
    advance,
    tick,
    submit,
    begin,
    finish,
    work,
    nextId,
    /** A paired sidecar with a live session. */
    connected(granted?: Capability[]) {
      const sidecar = addSidecar(granted);
      startSidecar(sidecar);
      settle();
      return sidecar;
    },
    emit(sidecar: Sidecar, payload: Record<string, unknown>) {
      sidecarInput(sidecar, { kind: "event", type: "broker.order", payload });
    },
    outcome(jobId: string): JobSettlement | null {
      return settlements.get(jobId)?.at(-1) ?? null;
    },
    live: () => liveConnection(edge),
  };
}
