import { entryBytes } from "@ibkr-edge-gateway/evidence/event/entry.ts";
import { EvidenceFault } from "@ibkr-edge-gateway/evidence/fault.ts";
import { formatNote, parseNote } from "@ibkr-edge-gateway/evidence/note/note.ts";
import { encodeBundle } from "@ibkr-edge-gateway/evidence/tiles/bundle.ts";
import { parseTilePath, TILE_WIDTH } from "@ibkr-edge-gateway/evidence/tiles/path.ts";
import { tileBytes } from "@ibkr-edge-gateway/evidence/tiles/tile.ts";
import { storedNodes } from "./log.ts";
import { auditRowsAfter } from "./tables/log.ts";
import { readSignedLog, type SignedLog } from "./tables/signed.ts";
import { allWitnesses } from "./tables/witnesses.ts";

/** One file of the signed log as it is served (C2SP tlog-tiles): hashes and heads, no event. */
export type LogFile =
  | { kind: "text"; text: string }
  | { kind: "tile"; bytes: Uint8Array }
  /** Entries are the owner's. */
  | { kind: "owner_only" };

/**
 * The file of a path under the log's prefix: `checkpoint`, `vkey`, `tile/<L>/<N>[.p/<W>]`. Null where
 * there is none; a tile is served as far as the newest signed head covers it.
 */
export function logFile(sql: SqlStorage, logId: string, path: string): LogFile | null {
  const log = readSignedLog(sql);
  if (log?.logId !== logId) return null;
  if (path === "vkey") return { kind: "text", text: `${log.vkey}\n` };
  if (path === "checkpoint") return headFile(sql, log);
  const tile = tileOf(path);
  if (tile === null) return null;
  const { level, index, width } = tile;
  if (level === "entries") return { kind: "owner_only" };
  const there = Math.floor(log.size / TILE_WIDTH ** level) - index * TILE_WIDTH;
  if (there < width) return null;
  return { kind: "tile", bytes: tileBytes({ level, index, width }, storedNodes(sql)) };
}

/** The newest head, with the lines of every PC that has cosigned it by now. */
function headFile(sql: SqlStorage, { size, note }: SignedLog): LogFile | null {
  if (note === null) return null;
  const lines = allWitnesses(sql)
    .filter((witness) => witness.size === size && witness.note !== null)
    .flatMap((witness) => parseNote(witness.note ?? "").signatures.slice(-1));
  if (lines.length === 0) return { kind: "text", text: note };
  const head = parseNote(note);
  return {
    kind: "text",
    text: formatNote({ ...head, signatures: [...head.signatures, ...lines] }),
  };
}

/**
 * The owner's: the bundle of entries of a path (`tile/entries/<N>[.p/<W>]`), as they were hashed, as
 * far as the newest signed head covers them. Null where there is none, or for another log's id.
 */
export function entryBundle(
  sql: SqlStorage,
  account: string,
  asked: { logId: string; path: string },
): Uint8Array | null {
  const log = readSignedLog(sql);
  const tile = tileOf(asked.path);
  if (log?.logId !== asked.logId || tile?.level !== "entries") return null;
  const from = tile.index * TILE_WIDTH;
  if (log.size - from < tile.width) return null;
  const rows = auditRowsAfter(sql, from, tile.width);
  return encodeBundle(rows.map(({ seq, event }) => entryBytes({ account, seq, event })));
}

function tileOf(path: string): ReturnType<typeof parseTilePath> | null {
  try {
    return parseTilePath(path);
  } catch (error) {
    if (error instanceof EvidenceFault) return null;
    throw error;
  }
}
