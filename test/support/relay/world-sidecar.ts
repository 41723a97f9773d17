import type { Capability } from "@ibkr-edge-gateway/protocol/capabilities.ts";
import { encodeFrame } from "@ibkr-edge-gateway/protocol/relay/frame-codec.ts";
import { sidecarStep } from "@ibkr-edge-gateway/protocol/relay/sidecar/sidecar-machine.ts";
import { initialSidecarState } from "@ibkr-edge-gateway/protocol/relay/sidecar/sidecar-state.ts";
import type {
  SidecarEffect,
  SidecarInput,
} from "@ibkr-edge-gateway/protocol/relay/sidecar/sidecar-step.ts";
import { fakeSign, fakeVerify } from "./fake-keys.ts";
import {
  commitTo,
  loadFrom,
  memoryJournal,
  restartJournal,
  unackedBytesOf,
} from "./memory-journal.ts";

import {
  ACCOUNT,
  EDGE_KEY,
  OPERATIONS,
  ORIGIN,
  type Sidecar,
  type WorldState,
} from "./world-state.ts";

/** The PCs' half of a world: their machines, their journals, and what becomes of their effects. */
export function sidecarsOf(state: WorldState) {
  const { random, nextId, store, wires, sidecars } = state;

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
      now: state.now + sidecar.clockOffsetMs,
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
        state.watchJournal?.(step.writes);
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
          lastSeen: state.now,
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
          now: state.now,
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
      now: state.now,
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
        wire.lastSeen = state.now;
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

  return { addSidecar, sidecarInput, killSidecar, startSidecar };
}
