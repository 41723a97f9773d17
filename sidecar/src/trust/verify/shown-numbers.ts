import type { DatabaseSync } from "node:sqlite";
import { deleteRequests } from "../tables/approval-requests.ts";
import { deleteQuestionNumbers } from "../tables/question-numbers.ts";
import { deleteUnnumberedExits } from "../tables/unnumbered-exits.ts";
import {
  countWrongTimes,
  deleteWrongTimes,
  type Guessed,
  insertWrongTime,
} from "../tables/wrong-number-times.ts";
import { addWrongTry, deleteWrongTries, wrongTries } from "../tables/wrong-numbers.ts";

/**
 * What was asked at this PC, with the four-digit number that stands beside it, and how often a wrong
 * one came back. The number is worth one try: a guess costs a tap and is right once in nine thousand.
 */

const NUMBER_TRIES = 1;

/**
 * Over all orders together: so many wrong numbers within so long, and no number is taken any more
 * until the PC's owner says so. A fresh preview would else be worth a try again.
 */
const WRONG_NUMBERS_OF_ORDERS = 6;
const DAY_MS = 24 * 60 * 60_000;
const WRONG_WITHIN_MS = 7 * DAY_MS;

/** How many wrong numbers are left before the number of this ticket is worth nothing any more. */
export function triesLeft(db: DatabaseSync, previewId: string): number {
  return Math.max(0, NUMBER_TRIES - wrongTries(db, previewId));
}

/** Whether a wrong number ever came for this ticket. */
export const wasWrong = (db: DatabaseSync, previewId: string): boolean =>
  wrongTries(db, previewId) > 0;

/** A wrong number came with a true signature; the tries that are left. */
export function noteWrongNumber(
  db: DatabaseSync,
  previewId: string,
  of: Guessed,
  nowMs: number,
): number {
  addWrongTry(db, previewId, nowMs);
  if (!numbersLocked(db, nowMs)) insertWrongTime(db, of, nowMs);
  return triesLeft(db, previewId);
}

/**
 * Whether too many wrong numbers came lately, for whatever they came. Exits are counted among them:
 * near the market they go out without a number, locked or not.
 */
export function numbersLocked(db: DatabaseSync, nowMs: number): boolean {
  const afterMs = nowMs - WRONG_WITHIN_MS;
  const wrong = countWrongTimes(db, "exit", afterMs) + countWrongTimes(db, "other", afterMs);
  return wrong >= WRONG_NUMBERS_OF_ORDERS;
}

/** Whether a wrong number came lately for any exit: then somebody may be guessing. */
export const exitsGuessed = (db: DatabaseSync, nowMs: number): boolean =>
  countWrongTimes(db, "exit", nowMs - WRONG_WITHIN_MS) > 0;

/** The owner's word at this PC that nobody is guessing; what each order has left stays as it is. */
export function unlockNumbers(db: DatabaseSync): void {
  deleteWrongTimes(db);
}

/** Forgets what belongs to tickets that are long gone. */
export function pruneNumbers(db: DatabaseSync, beforeMs: number): void {
  deleteRequests(db, beforeMs);
  deleteWrongTries(db, beforeMs);
  deleteQuestionNumbers(db, beforeMs);
  deleteWrongTimes(db, beforeMs - WRONG_WITHIN_MS);
  deleteUnnumberedExits(db, beforeMs - DAY_MS);
}
