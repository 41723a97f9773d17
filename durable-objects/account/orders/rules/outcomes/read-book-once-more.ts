import { forgetTask, lastDone, noteDone, tasksNamed } from "../../tables/scheduled-tasks.ts";

/**
 * Orders that a slow answer spoke of too late to count: the book is asked for them once more, also for
 * those that have ended, which no other reading looks for.
 */
const PREFIX = "look-again:";
const taskOf = (brokerAccount: string, coid: string): string => `${PREFIX}${brokerAccount}:${coid}`;

/** After how long, in milliseconds. */
export const LOOK_AGAIN_MS = 2_000;

/** Notes an order to be looked for again; one that is noted already keeps its time. */
export function lookAgain(
  sql: SqlStorage,
  { broker_account, coid }: { broker_account: string; coid: string },
  nowMs: number,
): void {
  const task = taskOf(broker_account, coid);
  if (lastDone(sql, task) === null) noteDone(sql, task, nowMs + LOOK_AGAIN_MS);
}

/** The orders of an account that are to be looked for again, those due longest first. */
export function toLookAgain(sql: SqlStorage, brokerAccount: string): string[] {
  const prefix = taskOf(brokerAccount, "");
  return tasksNamed(sql, prefix).map(({ task }) => task.slice(prefix.length));
}

/** They were asked for. */
export function lookedAgain(
  sql: SqlStorage,
  brokerAccount: string,
  coids: readonly string[],
): void {
  for (const coid of coids) forgetTask(sql, taskOf(brokerAccount, coid));
}

/** When each account's book is to be read for such an order, in milliseconds. */
export function looksAgain(sql: SqlStorage): { account: string; dueAt: number }[] {
  return tasksNamed(sql, PREFIX).map(({ task, at }) => {
    const named = task.slice(PREFIX.length);
    return { account: named.slice(0, named.indexOf(":")), dueAt: at };
  });
}
