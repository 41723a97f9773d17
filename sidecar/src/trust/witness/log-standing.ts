import type { DatabaseSync } from "node:sqlite";
import { toHex } from "@ibkr-edge-gateway/evidence/bytes.ts";
import { parseCheckpointNote } from "@ibkr-edge-gateway/evidence/checkpoint/checkpoint.ts";
import { sidecarCommand } from "@ibkr-edge-gateway/protocol/sidecar-command.ts";
import { noteAccepted } from "../tables/accepted-lines.ts";
import { settleOwed } from "../tables/owed-heads.ts";
import { keepHead, newestHead, nextLine } from "../tables/witnessed-heads.ts";
import {
  endWitnessedLog,
  type LogState,
  readWitnessedLog,
  writeWitnessedLog,
} from "../tables/witnessed-log.ts";

/** How the audit log stands to what this PC holds of it. */
export type LogStanding =
  /** No head was ever shown: an older gateway, or one without a key for its log. */
  | { readonly state: "unwitnessed" }
  | {
      readonly state: LogState;
      readonly origin: string;
      /** The head that this PC cosigned last. */
      readonly size: number;
      /** Unix milliseconds. */
      readonly cosignedAt: number;
      readonly since: number;
      /** What was shown in its place; null while the log is whole. */
      readonly shown: { readonly origin: string; readonly size: number } | null;
    };

export function logStanding(db: DatabaseSync): LogStanding {
  const log = readWitnessedLog(db);
  const head = log === null ? null : newestHead(db, log.line);
  if (log === null || head === null) return { state: "unwitnessed" };
  const shown = log.shownNote === null ? null : parseCheckpointNote(log.shownNote);
  return {
    state: log.state,
    origin: log.origin,
    size: head.size,
    cosignedAt: head.at,
    since: log.since,
    shown: shown === null ? null : { origin: shown.origin, size: shown.size },
  };
}

/** The largest head of a log, as statements name it; `root` is lower-case hex. */
export interface SeenHead {
  readonly size: number;
  readonly root: string;
}

/** The largest head that this PC cosigned; null while the log is not whole, or none was shown. */
export function seenHead(db: DatabaseSync): SeenHead | null {
  const log = readWitnessedLog(db);
  const head = log?.state === "whole" ? newestHead(db, log.line) : null;
  return head === null ? null : { size: head.size, root: toHex(head.root) };
}

export const ACCEPT_COMMAND = "audit accept";
/** Why the kill switch is engaged: accepting the log lifts it again, when this is the reason. */
export const FORK_REASON = "the gateway's audit log contradicts what this PC cosigned";

/** What is wrong with the log and what it means, for its owner; null while nothing is. */
export function standingInWords(standing: LogStanding): string | null {
  if (standing.state === "unwitnessed" || standing.state === "whole") return null;
  const { size, shown } = standing;
  const held = `This PC cosigned the gateway's audit log up to entry ${size}`;
  const accept = `At this PC run \`${sidecarCommand(ACCEPT_COMMAND)}\`.`;
  switch (standing.state) {
    case "rolled_back":
      return `${held}; the gateway now shows a log of only ${shown?.size ?? 0} entries. It may have been restored from an older copy, and puts the missing entries back from its copy by itself if it can. Until then no entry goes out; exits and cancels do. If it stays like this: ${accept}`;
    case "forked":
      return `${held}; the gateway now shows a log of ${shown?.size ?? 0} entries that is not a continuation of it. Entries that this PC had seen were changed or removed. The kill switch of this PC is engaged; exits and cancels go out. ${accept}`;
    case "another_log":
      return `${held}, as ${standing.origin}; the gateway now shows another log, ${shown?.origin ?? "of another name"}. The kill switch of this PC is engaged; exits and cancels go out. ${accept}`;
  }
}

/** Why what may open a position does not go out now; null when the log does not stand in the way. */
export function logFault(
  standing: LogStanding,
  sent: { readonly lastSentAt: number | null; readonly nowMs: number },
): string | null {
  const words = standingInWords(standing);
  if (words !== null || standing.state === "unwitnessed") return words;
  const { lastSentAt, nowMs } = sent;
  const owed = lastSentAt !== null && lastSentAt > standing.cosignedAt;
  if (!owed || nowMs - lastSentAt <= HEAD_WITHHELD_MS) return null;
  return `The gateway has shown this PC no head of its audit log since the last order went out, ${Math.floor((nowMs - lastSentAt) / 60_000)} minutes ago. Exits and cancels go out. Check the gateway; if it was set back to an older version on purpose, run \`${sidecarCommand(ACCEPT_COMMAND)}\` at this PC.`;
}

/** A head follows each order at once; without one for so long, heads are kept from this PC. */
export const HEAD_WITHHELD_MS = 15 * 60_000;

/** What the owner accepts: the log as it was shown last, or that heads are not shown any more. */
export function acceptLog(db: DatabaseSync, nowMs: number): LogStanding {
  const log = readWitnessedLog(db);
  const head = log === null ? null : newestHead(db, log.line);
  if (log === null || head === null) return { state: "unwitnessed" };
  const line = nextLine(db);
  db.exec("BEGIN IMMEDIATE");
  try {
    noteAccepted(db, {
      line: log.line,
      state: log.state,
      heldNote: head.note,
      shownNote: log.shownNote,
      atMs: nowMs,
    });
    settleOwed(db, log.line);
    if (log.shownNote === null || log.shownVkey === null) {
      endWitnessedLog(db);
    } else {
      const { origin, size, root } = parseCheckpointNote(log.shownNote);
      const { shownNote: note, shownVkey: vkey } = log;
      keepHead(db, line, { size, root, note, at: nowMs });
      const whole = { state: "whole", since: nowMs, shownNote: null, shownVkey: null } as const;
      writeWitnessedLog(db, { line, origin, vkey, ...whole });
    }
    db.exec("COMMIT");
  } catch (thrown) {
    db.exec("ROLLBACK");
    throw thrown;
  }
  return logStanding(db);
}
