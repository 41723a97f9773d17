import type { JobSettlement } from "@ibkr-edge-gateway/protocol/relay/edge/edge-step.ts";
import type { Asked } from "./load.ts";

/** What the edge stored about one write. */
export interface StoredWrite {
  readonly job_id: string;
  readonly record: string;
  readonly settled_at: number | null;
}

export interface Evidence {
  readonly asked: readonly Asked[];
  readonly hung: readonly string[];
  readonly stored: readonly StoredWrite[];
  /** Job ids in the order in which they reached the "broker". */
  readonly marks: readonly string[];
  /** Events that stood in the sidecar's journal, and events that stand in the edge's audit log. */
  readonly journaled: readonly number[];
  readonly applied: readonly number[];
}

export interface Verdict {
  readonly jobs: Record<string, number>;
  readonly executed: number;
  readonly lost: string[];
  readonly doubled: string[];
  readonly lies: string[];
  readonly hung: number;
  readonly events: { journaled: number; applied: number; lost: number; doubled: number };
}

/** Compares what was said with what was done. Pure, so that the judge can be judged. */
export function judge(evidence: Evidence): Verdict {
  const times = count(evidence.marks);
  const stored = new Map(evidence.stored.map((row) => [row.job_id, row]));
  const jobs: Record<string, number> = {};
  const lost: string[] = [];
  const lies: string[] = [];

  for (const { jobId, write, told } of evidence.asked) {
    const said = told === null ? "caller cut off" : told.ok ? "ok" : `${told.code}/${told.outcome}`;
    const key = `${write ? "write" : "read"} ${said}`;
    jobs[key] = (jobs[key] ?? 0) + 1;
    if (!write) continue;
    const row = stored.get(jobId);
    const end = finalOf(row, told);
    const done = times.get(jobId) ?? 0;
    if (row !== undefined && row.settled_at === null) lost.push(`${jobId} was never settled`);
    if (end === null) {
      if (done > 0) lost.push(`${jobId} was executed and nobody knows how it ended`);
    } else if (end.ok && done !== 1) {
      lies.push(`${jobId} is said to be done and was executed ${done} times`);
    } else if (!end.ok && end.outcome === "not_executed" && done !== 0) {
      lies.push(`${jobId} is said not to be executed and was`);
    }
    if (told?.ok === true && end !== null && !end.ok) {
      lies.push(`${jobId}: the caller was told it was done, the edge says otherwise`);
    }
  }
  const doubled = [...times].filter(([, n]) => n > 1).map(([id, n]) => `${id} ${n} times`);
  const appliedTimes = count(evidence.applied.map(String));
  return {
    jobs,
    executed: evidence.marks.length,
    lost,
    doubled,
    lies,
    hung: evidence.hung.length,
    events: {
      journaled: evidence.journaled.length,
      applied: evidence.applied.length,
      lost: evidence.journaled.filter((n) => !appliedTimes.has(String(n))).length,
      doubled:
        [...appliedTimes.values()].filter((n) => n > 1).length + outOfOrder(evidence.applied),
    },
  };
}

export function isClean({ lost, doubled, lies, hung, events }: Verdict): boolean {
  return lost.length + doubled.length + lies.length + hung + events.lost + events.doubled === 0;
}

function finalOf(row: StoredWrite | undefined, told: JobSettlement | null): JobSettlement | null {
  if (row === undefined) return told;
  return row.settled_at === null ? null : JSON.parse(row.record);
}

function count(list: readonly string[]): Map<string, number> {
  const times = new Map<string, number>();
  for (const each of list) times.set(each, (times.get(each) ?? 0) + 1);
  return times;
}

function outOfOrder(numbers: readonly number[]): number {
  return numbers.filter((n, at) => at > 0 && n <= (numbers[at - 1] ?? 0)).length;
}
