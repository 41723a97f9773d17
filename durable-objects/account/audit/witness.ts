import { toBase64 } from "@ibkr-edge-gateway/evidence/bytes.ts";
import {
  formatCheckpoint,
  parseCheckpointNote,
} from "@ibkr-edge-gateway/evidence/checkpoint/checkpoint.ts";
import { EvidenceFault } from "@ibkr-edge-gateway/evidence/fault.ts";
import { treeRoot } from "@ibkr-edge-gateway/evidence/merkle/nodes.ts";
import { consistencyProof } from "@ibkr-edge-gateway/evidence/merkle/proofs.ts";
import { formatNote, parseNote } from "@ibkr-edge-gateway/evidence/note/note.ts";
import { openNote } from "@ibkr-edge-gateway/evidence/note/open.ts";
import { parseVkey, SIGNATURE_TYPES } from "@ibkr-edge-gateway/evidence/note/vkey.ts";
import type {
  AuditCheckpoint,
  AuditCosignature,
} from "@ibkr-edge-gateway/protocol/relay/audit-messages.ts";
import {
  AUDIT_HANDOVERS_MAX,
  AUDIT_PROOFS_MAX,
} from "@ibkr-edge-gateway/protocol/relay/audit-messages.ts";
import { logEvent, type NewAuditEvent } from "./events.ts";
import { storedNodes } from "./log.ts";
import { handovers } from "./tables/handovers.ts";
import { readSignedLog } from "./tables/signed.ts";
import {
  findWitness,
  storeWitness,
  type WitnessRow,
  type WitnessState,
} from "./tables/witnesses.ts";

/**
 * The edge's half of witnessing: the newest signed head goes to the PC that is connected, with the
 * proof that it goes on from what that PC cosigned last; its cosignature is kept and served beside the
 * head. Nothing waits for it: heads are published first, and cosigned as the PC comes to it.
 */
export interface WitnessingParts {
  readonly sql: () => SqlStorage;
  /** The PC that is connected; null when none is. */
  readonly connected: () => string | null;
  readonly show: (head: AuditCheckpoint) => void;
  readonly append: (event: NewAuditEvent) => void;
  /** The PC holds more than this object does: the copy may give back what is missing. */
  readonly heal: () => Promise<void>;
  readonly now: () => number;
}

export interface Witnessing {
  /** After a head was signed. One is under way at a time; the newest goes next. */
  signed(): void;
  /** The PC came back: whatever was under way is forgotten. */
  reconnected(): void;
  /** Never rejects for what the PC says. */
  answered(sidecarId: string, answer: AuditCosignature): Promise<void>;
}

/** A PC that says nothing for so long is shown the newest head anew. */
const ANSWER_MS = 30_000;

export function createWitnessing(parts: WitnessingParts): Witnessing {
  let shown: { size: number; note: string; at: number; asked: boolean } | null = null;

  function show(from: readonly number[] | null): void {
    const sql = parts.sql();
    const sidecarId = parts.connected();
    const log = readSignedLog(sql);
    if (sidecarId === null || log?.note == null) return;
    const seen = from ?? [findWitness(sql, sidecarId)?.size ?? 0];
    shown = { size: log.size, note: log.note, at: parts.now(), asked: from !== null };
    parts.show(headFrame(sql, { ...log, note: log.note }, seen));
  }

  const settled = (): void => {
    const before = shown;
    shown = null;
    const newest = readSignedLog(parts.sql())?.size ?? 0;
    if (before !== null && newest > before.size) show(null);
  };

  return {
    signed() {
      if (shown === null || parts.now() - shown.at > ANSWER_MS) show(null);
    },
    reconnected() {
      shown = null;
      show(null);
    },
    async answered(sidecarId, answer) {
      const sql = parts.sql();
      const log = readSignedLog(sql);
      if (log === null || log.origin !== answer.origin) return;
      switch (answer.verdict) {
        case "ask":
          // Asked once more of the same head it would never end.
          if (shown?.asked === true && shown.size === answer.size) shown = null;
          else show(answer.from);
          return;
        case "cosigned": {
          const note =
            shown?.size === answer.size ? shown.note : log.size === answer.size ? log.note : null;
          if (note !== null) await keepCosignature(parts, sidecarId, { ...answer, note });
          settled();
          return;
        }
        case "refused":
          warn({ event: "audit.head_refused", code: answer.code, detail: answer.message });
          shown = null;
          return;
        default:
          shown = null;
          await differs(parts, sidecarId, answer);
      }
    },
  };
}

/** A head with what proves that it goes on from each of those sizes that are smaller. */
export function headFrame(
  sql: SqlStorage,
  log: { size: number; note: string; vkey: string },
  from: readonly number[],
): AuditCheckpoint {
  const nodes = storedNodes(sql);
  const sizes = [...new Set(from)].filter((size) => size > 0 && size < log.size);
  return {
    note: log.note,
    vkey: log.vkey,
    handovers: handovers(sql, AUDIT_HANDOVERS_MAX).map(({ vkey, note }) => ({ vkey, note })),
    proofs: sizes.slice(0, AUDIT_PROOFS_MAX).map((size) => ({
      from: size,
      hashes: consistencyProof(size, log.size, nodes).map(toBase64),
    })),
  };
}

/** The PC's line is kept where it holds over the very head; the log names each witness's key once. */
async function keepCosignature(
  { sql: tables, append, now }: WitnessingParts,
  sidecarId: string,
  answer: Extract<AuditCosignature, { verdict: "cosigned" }> & { note: string },
): Promise<void> {
  const sql = tables();
  const { size, vkey, origin } = answer;
  let note: string;
  try {
    const text = formatCheckpoint({ origin, size, root: treeRoot(size, storedNodes(sql)) });
    const head = parseNote(answer.note);
    const [line] = parseNote(`${text}\n${answer.line}`).signatures;
    const key = parseVkey(vkey);
    if (line === undefined || key.type !== SIGNATURE_TYPES.cosignatureV1 || head.text !== text)
      return;
    await openNote({ text, signatures: [line] }, [key]);
    note = formatNote({ text, signatures: [...head.signatures, line] });
  } catch (thrown) {
    if (!(thrown instanceof EvidenceFault)) throw thrown;
    warn({ event: "audit.cosignature_bad", code: thrown.code, detail: thrown.message });
    return;
  }
  const before = findWitness(sql, sidecarId);
  if ((before?.size ?? 0) > size && before?.state === "whole") return;
  const at = now();
  storeWitness(sql, {
    sidecar_id: sidecarId,
    vkey,
    size,
    note,
    cosigned_at: at,
    state: "whole",
    answered_at: at,
  });
  if (before?.vkey !== vkey) append(logEvent("log.witness", at, { sidecarId, meta: { vkey } }));
  if (before !== null && before.state !== "whole") {
    append(
      logEvent("log.settled", at, { sidecarId, meta: { was: before.state, size: String(size) } }),
    );
  }
}

/** Noted once, in the log and beside it; the PC tells the owner, by its own ways and in the console. */
async function differs(
  parts: WitnessingParts,
  sidecarId: string,
  answer: Extract<AuditCosignature, { held: string }>,
): Promise<void> {
  const sql = parts.sql();
  const before = findWitness(sql, sidecarId);
  const state: WitnessState = answer.verdict;
  const at = parts.now();
  const row: WitnessRow = before ?? {
    sidecar_id: sidecarId,
    vkey: null,
    size: 0,
    note: null,
    cosigned_at: null,
    state,
    answered_at: at,
  };
  storeWitness(sql, { ...row, state, answered_at: at });
  if (before?.state !== state) {
    const meta = { shown: String(answer.size), held: heldSize(answer.held) };
    parts.append(logEvent(`log.${state}`, at, { sidecarId, meta }));
  }
  if (state === "rolled_back") await parts.heal();
}

function heldSize(note: string): string {
  try {
    return String(parseCheckpointNote(note).size);
  } catch {
    return "unknown";
  }
}

function warn(facts: { event: string; code: string; detail: string }): void {
  console.warn(JSON.stringify({ level: "warn", ...facts }));
}
