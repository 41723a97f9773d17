import { mkdirSync } from "node:fs";
import { dirname } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { IbkrError } from "./errors.ts";

/** How long somebody else may hold it before this process gives up. */
const WAIT_MAX_MS = 60_000;
const LOOK_EVERY_MS = 20;
const BUSY = 5;

/**
 * Runs `body` while no other process and no other call does so under the same path. The lock is the
 * operating system's, so one whose holder dies is free at once: there is no stale lock to judge.
 */
export async function underLock<Result>(
  path: string,
  body: () => Promise<Result>,
  waitMaxMs: number = WAIT_MAX_MS,
): Promise<Result> {
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  const database = new DatabaseSync(path, { timeout: 0 });
  try {
    const until = performance.now() + waitMaxMs;
    while (!taken(database)) {
      if (performance.now() > until) throw notFree();
      await new Promise((resolve) => setTimeout(resolve, LOOK_EVERY_MS));
    }
    return await body();
  } finally {
    database.close();
  }
}

function notFree(): IbkrError {
  return new IbkrError(
    "CALL_TIMED_OUT",
    "Another program on this computer does the same just now.",
    {
      retryable: true,
    },
  );
}

function taken(database: DatabaseSync): boolean {
  try {
    database.exec("BEGIN EXCLUSIVE");
    return true;
  } catch (error) {
    if (error instanceof Error && "errcode" in error && error.errcode === BUSY) return false;
    throw error;
  }
}
