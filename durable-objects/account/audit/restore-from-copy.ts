import { toHex } from "@ibkr-edge-gateway/evidence/bytes.ts";
import type { ShippedRow } from "../../d1/tables/audit-events.ts";
import { leafOfCanonical } from "./leaf.ts";
import { appendLogged, type LoggedEvent } from "./log.ts";
import { auditSize, deleteEventsAfter, loggedAfter, storedNode } from "./tables/log.ts";
import { noteShipped } from "./tables/outbox.ts";
import { readSignedLog } from "./tables/signed.ts";

/**
 * Gives a log that was restored from an older state its end back, from the copy in D1. What the
 * object wrote since under numbers that were taken goes behind it: no signed head covers that, since
 * an object that differs from its copy signs nothing. Nothing under a signed head is ever touched.
 */
export interface RestoreParts {
  readonly sql: SqlStorage;
  readonly accountId: string;
  /** Runs its argument as one transaction; what it throws undoes all of it. */
  readonly atomic: <T>(act: () => T) => T;
  /** The copy: its newest event, one event's hash, and the rows after a number in their order. */
  readonly copy: {
    newest(): Promise<{ seq: number; leaf_hash: string } | null>;
    leaf(seq: number): Promise<string | null>;
    after(seq: number, limit: number): Promise<ShippedRow[]>;
  };
}

export type RestoreReport =
  /** So many events came back, and so many of ours stand behind them now. */
  | { outcome: "healed"; restored: number; moved: number }
  /** The copy holds nothing that is missing here. */
  | { outcome: "whole" }
  /** The copy contradicts what is under a signed head, or itself: nothing was changed. */
  | { outcome: "differs" };

/** Events of the copy that are asked for, and put back, at one time: about a megabyte. */
export const HEAL_PAGE_EVENTS = 1_000;

/**
 * The missing end is put back a page at a time, however long it is; each page is one transaction, in
 * which what was written here since goes behind it. One that is broken off leaves a log that the next
 * one goes on from. A copy that does not hash to what it says of itself is found before anything is
 * changed. Nobody may sign a head meanwhile.
 */
export async function restoreFromCopy(parts: RestoreParts): Promise<RestoreReport> {
  const { sql, copy } = parts;
  const newest = await copy.newest();
  if (newest === null || holds(sql, newest)) return { outcome: "whole" };
  const common = await commonEvents(parts, newest.seq);
  if (common < (readSignedLog(sql)?.size ?? 0)) return { outcome: "differs" };
  let moved = 0;
  try {
    for await (const rows of pages(parts, common, newest.seq)) hashesAsItSays(parts, rows);
    for await (const rows of pages(parts, common, newest.seq)) {
      moved = parts.atomic(() => putBack(parts, rows));
    }
  } catch (thrown) {
    if (thrown instanceof CopyDiffers) return { outcome: "differs" };
    throw thrown;
  }
  return { outcome: "healed", restored: newest.seq - common, moved };
}

/** The copy's rows after a number, up to another, without a gap. */
async function* pages(
  { copy }: RestoreParts,
  from: number,
  through: number,
): AsyncGenerator<ShippedRow[]> {
  for (let after = from; after < through; ) {
    const rows = await copy.after(after, Math.min(HEAL_PAGE_EVENTS, through - after));
    if (rows.length === 0) throw new CopyDiffers();
    for (const row of rows) if (row.seq !== ++after) throw new CopyDiffers();
    yield rows;
  }
}

function hashesAsItSays({ accountId }: RestoreParts, rows: readonly ShippedRow[]): void {
  for (const { seq, event, leaf_hash } of rows) {
    if (toHex(leafOfCanonical(accountId, seq, event)) !== leaf_hash) throw new CopyDiffers();
  }
}

/** How many events, from the first on, both hold alike: found by halving, since they part once. */
async function commonEvents({ sql, copy }: RestoreParts, copied: number): Promise<number> {
  let low = 0;
  let high = Math.min(auditSize(sql), copied);
  while (low < high) {
    const middle = Math.ceil((low + high) / 2);
    const leaf = await copy.leaf(middle);
    if (leaf !== null && holds(sql, { seq: middle, leaf_hash: leaf })) low = middle;
    else high = middle - 1;
  }
  return low;
}

/** Puts a page in its place, and what was written here since behind it; how much that was. */
function putBack({ sql, accountId }: RestoreParts, rows: readonly ShippedRow[]): number {
  const before = (rows[0]?.seq ?? 1) - 1;
  // A head that was signed since covers what would have to move.
  if (before < (readSignedLog(sql)?.size ?? 0)) throw new CopyDiffers();
  const ours = loggedAfter(sql, before);
  deleteEventsAfter(sql, before);
  for (const row of rows) {
    const { seq, leafHash } = appendLogged(sql, accountId, copied(row));
    // What does not hash to what the copy says of it is no copy of this log.
    if (seq !== row.seq || leafHash !== row.leaf_hash) throw new CopyDiffers();
  }
  for (const one of ours) appendLogged(sql, accountId, one);
  const copiedSeq = rows.at(-1)?.seq ?? before;
  noteShipped(sql, { seq: copiedSeq, caughtUpFromSeq: copiedSeq });
  return ours.length;
}

/** The copy holds neither salts nor the time of appending; the event says when it was closed. */
function copied({ event }: ShippedRow): LoggedEvent {
  const said: unknown = JSON.parse(event);
  const endedAt = said instanceof Object && "ended_at" in said ? said.ended_at : null;
  const at = typeof endedAt === "string" ? Date.parse(endedAt) : Number.NaN;
  return { event, salts: null, appendedAt: Number.isNaN(at) ? 0 : at };
}

/** Undoes the transaction that it is thrown in. */
class CopyDiffers extends Error {
  override readonly name = "CopyDiffers";
}

function holds(sql: SqlStorage, { seq, leaf_hash }: { seq: number; leaf_hash: string }): boolean {
  return seq <= auditSize(sql) && toHex(storedNode(sql, seq, 0)) === leaf_hash;
}
