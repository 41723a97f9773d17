import type { Capability } from "@ibkr-edge-gateway/protocol/capabilities.ts";
import { sha256Hex } from "@ibkr-edge-gateway/protocol/digest.ts";
import type { JsonValue } from "@ibkr-edge-gateway/protocol/json.ts";
import { HEARTBEAT_LOST_MS } from "@ibkr-edge-gateway/protocol/limits.ts";
import { answeredBefore } from "@ibkr-edge-gateway/protocol/relay/edge/answered-before.ts";
import { liveConnection } from "@ibkr-edge-gateway/protocol/relay/edge/edge-state.ts";
import type { EdgeWrite, JobSettlement } from "@ibkr-edge-gateway/protocol/relay/edge/edge-step.ts";
import { leaseDueAt, nextDueAt } from "@ibkr-edge-gateway/protocol/relay/edge/tick.ts";
import { sidecarDueAt } from "@ibkr-edge-gateway/protocol/relay/sidecar/sidecar-machine.ts";
import type { JournalWrite } from "@ibkr-edge-gateway/protocol/relay/sidecar/sidecar-state.ts";
import type { JobEnd } from "@ibkr-edge-gateway/protocol/relay/sidecar/sidecar-step.ts";
import type { JobService } from "@ibkr-edge-gateway/protocol/service-class.ts";
import { edgeOf } from "./world-edge.ts";
import { sidecarsOf } from "./world-sidecar.ts";
import { newWorldState, OPERATIONS, type Sidecar, type Wire } from "./world-state.ts";

export type World = ReturnType<typeof createWorld>;

/**
 * Both halves of the protocol, the wire between them and their disks, as values under one clock and
 * one seed. Nothing happens by itself: a test, or the model, chooses what happens next.
 */
export function createWorld(seed = 1) {
  const state = newWorldState(seed);
  const { random, nextId, store, edgePending, wires, sidecars, settlements, cancelAnswers } = state;
  /** How often each write really happened at the broker. */
  const executions = new Map<string, number>();
  const { edgeInput, choose, restartEdge, prune } = edgeOf(state);
  const { addSidecar, sidecarInput, killSidecar, startSidecar } = sidecarsOf(state);

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
        wire.lastSeen = state.now;
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
    const end = state.now + ms;
    for (;;) {
      if (arrive) settle();
      const due = Math.min(
        nextDueAt(state.edge) ?? end,
        leaseDueAt(state.edge) ?? end,
        ...sidecars
          .filter(({ up }) => up)
          .map((sidecar) => (sidecarDueAt(sidecar.state) ?? end) - sidecar.clockOffsetMs),
      );
      state.now = Math.max(state.now, Math.min(end, due));
      tick();
      if (state.now >= end && !(due <= end && due > state.now)) break;
      if (due <= state.now) state.now = Math.min(end, state.now + 1);
    }
    if (arrive) settle();
  }

  function tick(): void {
    const live = liveConnection(state.edge);
    const wire = live === null ? undefined : wires.get(live.id);
    if (wire !== undefined && state.now - wire.lastSeen > HEARTBEAT_LOST_MS) {
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
    const before = known.class === "write" ? answeredBefore(jobId, stored, state.now) : null;
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
            expires_at: new Date(state.now + 60_000).toISOString(),
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
    edge: () => state.edge,
    now: () => state.now,
    pass: (ms: number) => {
      state.now += ms;
    },
    edgeInput,
    edgePending,
    sidecarInput,
    addSidecar,
    /** Shows what the edge stores, step by step. */
    onEdgeWrites(watch: (writes: readonly EdgeWrite[]) => void) {
      state.watchWrites = watch;
    },
    restartEdge,
    prune,
    /** Shows what sidecars commit to their journals, transaction by transaction. */
    onJournalWrites(watch: (writes: readonly JournalWrite[]) => void) {
      state.watchJournal = watch;
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
    live: () => liveConnection(state.edge),
  };
}
