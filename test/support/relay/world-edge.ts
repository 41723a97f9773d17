import { SETTLED_JOBS_DAYS } from "@ibkr-edge-gateway/protocol/limits.ts";
import { edgeStep } from "@ibkr-edge-gateway/protocol/relay/edge/edge-machine.ts";
import {
  type EdgeConnection,
  type EdgeJob,
  emptyEdgeState,
} from "@ibkr-edge-gateway/protocol/relay/edge/edge-state.ts";
import type {
  EdgeEffect,
  EdgeInput,
  EdgeWrite,
} from "@ibkr-edge-gateway/protocol/relay/edge/edge-step.ts";
import { fingerprintWords } from "@ibkr-edge-gateway/protocol/relay/fingerprint.ts";
import { fakeSign, fakeVerify } from "./fake-keys.ts";

import {
  ACCOUNT,
  EDGE_KEY,
  EDGE_PUBLIC,
  ORIGIN,
  type Sidecar,
  type WorldState,
} from "./world-state.ts";

/** The edge's half of a world: its machine, what it keeps on disk, and what becomes of its effects. */
export function edgeOf(state: WorldState) {
  const { random, nextId, store, edgePending, wires, settlements, cancelAnswers } = state;

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
    const step = edgeStep(state.edge, unlessStandby(input), {
      now: state.now,
      origin: ORIGIN,
      account: ACCOUNT,
      edgeFingerprint: fingerprintWords(EDGE_PUBLIC).join(" "),
      edgeVersion: "test",
      ulid: nextId,
      random32: random.base64url32,
    });
    for (const write of step.writes) edgeStore(write);
    if (step.writes.length > 0) state.watchWrites?.(step.writes);
    state.edge = step.state;
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
          journalId: state.edge.session.journalId ?? "",
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
        store.settledAt.set(write.jobId, state.now);
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
      for (const [id, connection] of state.edge.connections) {
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
    state.edge = { ...emptyEdgeState(session, cursor), connections, jobs };
  }

  /** What the object's alarm drops, by the same rule. */
  function prune(): void {
    for (const [jobId, at] of store.settledAt) {
      if (at >= state.now - SETTLED_JOBS_DAYS * 86_400_000) continue;
      store.settledAt.delete(jobId);
      store.settledWrites.delete(jobId);
    }
  }

  return { edgeInput, choose, restartEdge, prune };
}
