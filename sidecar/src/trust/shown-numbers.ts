import type { DatabaseSync } from "node:sqlite";

/**
 * What was asked at this PC, with the two-digit number that stands beside it, and how often a wrong
 * one came back. The number is worth three tries: whoever guesses is through before the odds are.
 */
export const SHOWN_NUMBERS_SCHEMA = `
CREATE TABLE IF NOT EXISTS approval_requests (
  preview_id TEXT PRIMARY KEY,
  tier INTEGER NOT NULL,
  requested_by TEXT NOT NULL,
  asked_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS wrong_numbers (
  preview_id TEXT PRIMARY KEY,
  tries INTEGER NOT NULL,
  last_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS wrong_number_times (
  at INTEGER NOT NULL
) STRICT;
`;

export const NUMBER_TRIES = 3;

/**
 * Over all orders together: so many wrong numbers within so long, and no number is taken any more
 * until the PC's owner says so. A fresh preview would else be worth three tries again.
 */
export const WRONG_NUMBERS_OF_ORDERS = 6;
const WRONG_WITHIN_MS = 7 * 24 * 60 * 60_000;

export interface ShownRequest {
  previewId: string;
  tier: 1 | 2;
  requestedBy: string;
  askedAt: number;
}

/** Remembered for the command line, for a PC that has neither a terminal open nor a desktop. */
export function noteRequest(db: DatabaseSync, request: ShownRequest): void {
  db.prepare(
    `INSERT INTO approval_requests (preview_id, tier, requested_by, asked_at) VALUES (?, ?, ?, ?)
     ON CONFLICT (preview_id) DO NOTHING`,
  ).run(request.previewId, request.tier, request.requestedBy, request.askedAt);
}

/** Newest first. */
export function requestsSince(db: DatabaseSync, sinceMs: number): ShownRequest[] {
  return db
    .prepare("SELECT * FROM approval_requests WHERE asked_at >= ? ORDER BY asked_at DESC")
    .all(sinceMs)
    .map((row) => ({
      previewId: String(row.preview_id),
      tier: Number(row.tier) === 2 ? 2 : 1,
      requestedBy: String(row.requested_by),
      askedAt: Number(row.asked_at),
    }));
}

/** How many wrong numbers are left before the number of this ticket is worth nothing any more. */
export function triesLeft(db: DatabaseSync, previewId: string): number {
  const row = db.prepare("SELECT tries FROM wrong_numbers WHERE preview_id = ?").get(previewId);
  return Math.max(0, NUMBER_TRIES - Number(row?.tries ?? 0));
}

/** A wrong number came with a true signature; the tries that are left. */
export function noteWrongNumber(db: DatabaseSync, previewId: string, nowMs: number): number {
  db.prepare(
    `INSERT INTO wrong_numbers (preview_id, tries, last_at) VALUES (?, 1, ?)
     ON CONFLICT (preview_id) DO UPDATE SET tries = tries + 1, last_at = excluded.last_at`,
  ).run(previewId, nowMs);
  if (!numbersLocked(db, nowMs)) db.prepare("INSERT INTO wrong_number_times VALUES (?)").run(nowMs);
  return triesLeft(db, previewId);
}

/** Whether too many wrong numbers came lately, for whatever orders. */
export function numbersLocked(db: DatabaseSync, nowMs: number): boolean {
  const row = db
    .prepare("SELECT COUNT(*) AS wrong FROM wrong_number_times WHERE at > ?")
    .get(nowMs - WRONG_WITHIN_MS);
  return Number(row?.wrong ?? 0) >= WRONG_NUMBERS_OF_ORDERS;
}

/** The owner's word at this PC that nobody is guessing; what each order has left stays as it is. */
export function unlockNumbers(db: DatabaseSync): void {
  db.exec("DELETE FROM wrong_number_times");
}

/** Forgets what belongs to tickets that are long gone. */
export function pruneNumbers(db: DatabaseSync, beforeMs: number): void {
  db.prepare("DELETE FROM approval_requests WHERE asked_at < ?").run(beforeMs);
  db.prepare("DELETE FROM wrong_numbers WHERE last_at < ?").run(beforeMs);
  db.prepare("DELETE FROM wrong_number_times WHERE at < ?").run(beforeMs - WRONG_WITHIN_MS);
}
