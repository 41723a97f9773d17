import type { DatabaseSync } from "node:sqlite";
import { fromBase64 } from "@ibkr-edge-gateway/evidence/bytes.ts";
import {
  type CheckpointNote,
  parseCheckpointNote,
} from "@ibkr-edge-gateway/evidence/checkpoint/checkpoint.ts";
import { EvidenceFault } from "@ibkr-edge-gateway/evidence/fault.ts";
import { formatSignatureLine } from "@ibkr-edge-gateway/evidence/note/note.ts";
import { cosigner } from "@ibkr-edge-gateway/evidence/note/sign.ts";
import { formatVkey } from "@ibkr-edge-gateway/evidence/note/vkey.ts";
import {
  type HeadVerdict,
  type HeldLog,
  judgeHead,
} from "@ibkr-edge-gateway/evidence/witness/judge-head.ts";
import {
  AUDIT_PROOFS_MAX,
  type AuditCheckpoint,
  type AuditCosignature,
} from "@ibkr-edge-gateway/protocol/relay/audit-messages.ts";
import type { SigningKey } from "../pc-keys/statement-and-witness-keys.ts";
import { owedHeads, oweHead, settleOwed } from "../tables/owed-heads.ts";
import { headAt, keepHead, newestHead, nextLine, thinHeads } from "../tables/witnessed-heads.ts";
import {
  endWitnessedLog,
  type LogState,
  readWitnessedLog,
  writeWitnessedLog,
} from "../tables/witnessed-log.ts";
import { type LogStanding, logStanding, type SeenHead, seenHead } from "./log-standing.ts";

/** The witness of the gateway's audit log: judges each head, stores it, and only then cosigns it. */
export interface LogWitness {
  /** One head after the other, however many arrive at once. Never rejects. */
  judge(head: AuditCheckpoint): Promise<AuditCosignature>;
  standing(): LogStanding;
  /** What it cosigned last; see {@link seenHead}. */
  seen(): SeenHead | null;
}

export interface WitnessParts {
  readonly db: DatabaseSync;
  readonly key: SigningKey;
  /** The witness's lasting name, `<gateway host>/pc/<sidecar id>`. */
  readonly name: string;
  /** Unix milliseconds. */
  readonly now: () => number;
  /** The log was found to contradict what is held, or to lack its end; called once for each time. */
  readonly onDiffers: (standing: LogStanding) => void;
  readonly onHealed: (standing: LogStanding) => void;
}

/** All heads of so many days are kept, and of each day before them the last. */
const HISTORY_DAYS = 30;
const DAY_MS = 86_400_000;

export function createWitness(parts: WitnessParts): LogWitness {
  let last: Promise<unknown> = Promise.resolve();
  return {
    judge(head) {
      const judged = last.then(() => judge(parts, head));
      last = judged.catch(() => undefined);
      return judged;
    },
    standing: () => logStanding(parts.db),
    seen: () => seenHead(parts.db),
  };
}

async function judge(parts: WitnessParts, told: AuditCheckpoint): Promise<AuditCosignature> {
  let checkpoint: CheckpointNote;
  try {
    checkpoint = parseCheckpointNote(told.note);
  } catch (thrown) {
    if (!(thrown instanceof EvidenceFault)) throw thrown;
    return { verdict: "refused", origin: "-", size: 0, code: "MALFORMED", message: thrown.message };
  }
  const about = { origin: checkpoint.origin, size: checkpoint.size };
  try {
    const verdict = await judgeHead(
      { checkpoint, vkey: told.vkey, handovers: told.handovers, proofs: proofsOf(told) },
      heldLog(parts.db),
    );
    return await carryOut(parts, { told, checkpoint, about }, verdict);
  } catch (thrown) {
    const why = thrown instanceof Error ? thrown.message : "unknown error";
    const message = `this PC could not judge or store the head (${why})`.slice(0, 300);
    return { verdict: "refused", ...about, code: "UNAVAILABLE", message };
  }
}

interface Shown {
  readonly told: AuditCheckpoint;
  readonly checkpoint: CheckpointNote;
  readonly about: { readonly origin: string; readonly size: number };
}

async function carryOut(
  parts: WitnessParts,
  shown: Shown,
  verdict: HeadVerdict,
): Promise<AuditCosignature> {
  const { about, told } = shown;
  const stopped = stoppedState(parts.db);
  switch (verdict.act) {
    case "ask":
      return { verdict: "ask", ...about, from: verdict.from.slice(0, AUDIT_PROOFS_MAX) };
    case "refuse": {
      const message = verdict.why.slice(0, 300);
      return { verdict: "refused", ...about, code: verdict.code, message };
    }
    case "cosign":
      // What contradicted this PC once is settled by its owner, and not by showing something else.
      if (stopped !== null) return differs(parts, shown, stopped);
      return cosigned(parts, shown, verdict);
    default: {
      if (verdict.act === "rolled_back" && stopped === null) {
        const { size, root } = verdict.shown;
        if (!verdict.proved) owe(parts, { size, root, note: told.note });
      }
      return differs(parts, shown, stopped ?? verdict.act);
    }
  }
}

/** Stored, on the disk, and only then signed: what a crash interrupts is shown and cosigned again. */
async function cosigned(
  { db, key, name, now, onHealed }: WitnessParts,
  { told, checkpoint, about }: Shown,
  verdict: Extract<HeadVerdict, { act: "cosign" }>,
): Promise<AuditCosignature> {
  const before = readWitnessedLog(db);
  const line = before?.line ?? nextLine(db);
  const at = now();
  atomic(db, () => {
    keepHead(db, line, { ...verdict.head, note: told.note, at });
    settleOwed(db, line);
    thinHeads(db, at - HISTORY_DAYS * DAY_MS);
    writeWitnessedLog(db, {
      line,
      origin: checkpoint.origin,
      vkey: verdict.vkey,
      state: "whole",
      since: before?.state === "whole" ? before.since : at,
      shownNote: null,
      shownVkey: null,
    });
  });
  const witness = cosigner(
    name,
    { publicKey: key.publicKey, sign: async (message) => key.sign(message) },
    () => Math.floor(at / 1_000),
  );
  const line_ = formatSignatureLine(await witness.sign(checkpoint.note.text));
  if (before?.state === "rolled_back") onHealed(logStanding(db));
  return { verdict: "cosigned", ...about, vkey: formatVkey(witness.key), line: line_ };
}

/** The log is not what this PC holds: noted durably, told once, and answered with what is held. */
function differs(
  { db, now, onDiffers }: WitnessParts,
  { told, about }: Shown,
  state: Exclude<LogState, "whole">,
): AuditCosignature {
  const log = readWitnessedLog(db);
  const held = log === null ? null : newestHead(db, log.line);
  if (log === null || held === null) throw new TypeError("a log differs from nothing");
  const news = log.state !== state;
  const since = news ? now() : log.since;
  atomic(db, () => {
    writeWitnessedLog(db, { ...log, state, since, shownNote: told.note, shownVkey: told.vkey });
  });
  if (news) onDiffers(logStanding(db));
  return { verdict: state, ...about, held: held.note };
}

/** At most so many; the smallest ones say most, since whatever contains one later contains them all. */
function owe(
  { db, now }: WitnessParts,
  head: { size: number; root: Uint8Array; note: string },
): void {
  const log = readWitnessedLog(db);
  if (log === null || owedHeads(db, log.line).length >= AUDIT_PROOFS_MAX - 1) return;
  oweHead(db, log.line, { ...head, at: now() });
}

/** What only the owner ends; null while the witness may cosign. */
function stoppedState(db: DatabaseSync): "forked" | "another_log" | null {
  const state = readWitnessedLog(db)?.state;
  return state === "forked" || state === "another_log" ? state : null;
}

function heldLog(db: DatabaseSync): HeldLog | null {
  const log = readWitnessedLog(db);
  if (log === null) return null;
  const head = newestHead(db, log.line);
  if (head === null) {
    endWitnessedLog(db);
    return null;
  }
  return {
    origin: log.origin,
    vkey: log.vkey,
    head,
    rootAt: (size) => headAt(db, log.line, size)?.root ?? null,
    owed: owedHeads(db, log.line),
  };
}

function proofsOf({ proofs }: AuditCheckpoint): Map<number, readonly Uint8Array[]> {
  return new Map(
    proofs.map(({ from, hashes }) => [from, hashes.map((hash) => fromBase64(hash) ?? EMPTY)]),
  );
}

const EMPTY = new Uint8Array();

function atomic(db: DatabaseSync, act: () => void): void {
  db.exec("BEGIN IMMEDIATE");
  try {
    act();
    db.exec("COMMIT");
  } catch (thrown) {
    db.exec("ROLLBACK");
    throw thrown;
  }
}
