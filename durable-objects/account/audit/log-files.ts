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
  if (path === "checkpoint") {
    const head = newestHead(sql, log);
    return head === null ? null : { kind: "text", text: head.note };
  }
  const tile = tileOf(path);
  if (tile === null) return null;
  const { level, index, width } = tile;
  if (level === "entries") return { kind: "owner_only" };
  const there = Math.floor(log.size / TILE_WIDTH ** level) - index * TILE_WIDTH;
  if (there < width) return null;
  return { kind: "tile", bytes: tileBytes({ level, index, width }, storedNodes(sql)) };
}

/** A head as readers get it. */
export interface ServedHead {
  readonly size: number;
  readonly note: string;
  /** Verifier keys of the PCs whose lines stand on it. */
  readonly witnesses: readonly string[];
}

/** The newest head, with the lines of every PC that has cosigned it by now; null before the first. */
export function newestHead(sql: SqlStorage, { size, note }: SignedLog): ServedHead | null {
  if (note === null) return null;
  const head = parseNote(note);
  const witnesses = allWitnesses(sql).filter((witness) => witness.size === size);
  const lines = witnesses.flatMap(({ note: cosigned }) =>
    cosigned === null ? [] : parseNote(cosigned).signatures.slice(-1),
  );
  return {
    size,
    note: formatNote({ ...head, signatures: [...head.signatures, ...lines] }),
    witnesses: witnesses.flatMap(({ vkey, note: cosigned }) =>
      cosigned === null || vkey === null ? [] : [vkey],
    ),
  };
}

/** The newest head that covers an entry: one that a PC has cosigned, where there is one. */
export function headOver(sql: SqlStorage, log: SignedLog, seq: number): ServedHead | null {
  const newest = newestHead(sql, log);
  if (newest === null || newest.size < seq) return null;
  if (newest.witnesses.length > 0) return newest;
  const cosigned = allWitnesses(sql)
    .filter(({ size, note }) => size >= seq && note !== null)
    .sort((a, b) => b.size - a.size)[0];
  return cosigned === undefined || cosigned.note === null
    ? newest
    : {
        size: cosigned.size,
        note: cosigned.note,
        witnesses: cosigned.vkey === null ? [] : [cosigned.vkey],
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
