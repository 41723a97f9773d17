import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  FORGETTING_MOVES,
  MOVES,
  type Move,
  type Played,
  play,
} from "../../../test/support/relay/model.ts";

const RUNS = Number(process.env.MODEL_RUNS ?? 150);
const SEED = Number(process.env.MODEL_SEED ?? 20_261_120);

/** Common moves are common: a run in which nothing ever gets through finds nothing. */
const WEIGHTS: Partial<Record<Move["kind"], number>> = {
  read: 3,
  write: 6,
  deliver: 12,
  deliver_many: 14,
  verdict: 6,
  open: 4,
  begin: 6,
  finish: 6,
  emit: 6,
  wait: 4,
  start: 3,
};

function moves(without: readonly Move["kind"][] = []): fc.Arbitrary<Move[]> {
  const kinds = MOVES.filter((kind) => !without.includes(kind));
  const move = fc.record({
    kind: fc.oneof(
      ...kinds.map((kind) => ({ weight: WEIGHTS[kind] ?? 1, arbitrary: fc.constant(kind) })),
    ),
    pick: fc.nat(100_000),
  });
  return fc.array(move, { minLength: 10, maxLength: 220, size: "max" });
}

/** What the story of every job must come to once everything is healed. */
function checkJobs({ world, reads, writes, orphaned }: Played): void {
  for (const jobId of reads) {
    const ends = world.settlements.get(jobId) ?? [];
    expect(ends.length, `ends of read ${jobId}`).toBe(
      orphaned.has(jobId) ? Math.min(ends.length, 1) : 1,
    );
  }
  for (const jobId of writes) {
    const told = world.settlements.get(jobId) ?? [];
    const final = told.filter(
      (end) =>
        end.ok || end.code !== "OUTCOME_UNKNOWN" || world.store.settledWrites.get(jobId) === end,
    );
    expect(final.length, `final ends of write ${jobId}`).toBeLessThanOrEqual(1);
    expect(world.store.openWrites.has(jobId), `write ${jobId} is left open`).toBe(false);
    const end = world.store.settledWrites.get(jobId) ?? told[0];
    const times = world.executions.get(jobId) ?? 0;
    if (end === undefined) {
      expect(orphaned.has(jobId), `write ${jobId} has no end`).toBe(true);
      expect(times).toBe(0);
    } else if (end.ok) {
      expect(times, `write ${jobId} is said to be done`).toBe(1);
    } else if (end.outcome === "not_executed") {
      expect(times, `write ${jobId} is said not to have been executed`).toBe(0);
    } else if (end.outcome === "executed") {
      expect(times).toBe(1);
    }
  }
}

function appliedNumbers({ world }: Played, type = "broker.order"): number[] {
  return world.store.applied
    .filter((event) => event.type === type)
    .map(({ payload }) => (payload as { n: number }).n);
}

describe("whatever happens to edge, sidecar and line", () => {
  it("every job ends once, no write is executed twice, and no end lies about it", () => {
    fc.assert(
      fc.property(fc.nat(1_000_000), moves(), (seed, list) => checkJobs(play(seed, list))),
      { seed: SEED, numRuns: RUNS },
    );
  });

  it("every event is applied exactly once, in order, and nothing unapplied is freed", () => {
    fc.assert(
      fc.property(fc.nat(1_000_000), moves(["journal_full", "journal_free"]), (seed, list) => {
        const played = play(seed, list);
        const applied = new Set(appliedNumbers(played));
        expect(applied.size).toBe(appliedNumbers(played).length);
        for (const { id, journal } of played.sidecars) {
          const spoken = played.emitted.get(id) ?? [];
          expect(spoken.filter((n) => !applied.has(n))).toEqual([]);
          expect(appliedNumbers(played).filter((n) => spoken.includes(n))).toEqual(spoken);
          expect(journal.events).toEqual([]);
          expect(journal.acked).toBe(journal.newest);
        }
      }),
      { seed: SEED, numRuns: RUNS },
    );
  });

  it("with a disk that fills up, what is applied is still in order and once", () => {
    fc.assert(
      fc.property(fc.nat(1_000_000), moves(), (seed, list) => {
        const played = play(seed, list);
        for (const { id } of played.sidecars) {
          const spoken = new Set(played.emitted.get(id));
          const heard = appliedNumbers(played).filter((n) => spoken.has(n));
          expect(heard).toEqual([...new Set(heard)].sort((a, b) => a - b));
        }
      }),
      { seed: SEED + 1, numRuns: RUNS },
    );
  });

  it("dropping old ends never leads to a second execution, whoever asks again and whatever was lost", () => {
    const forgetting = fc.array(
      fc.record({
        kind: fc.oneof(
          ...FORGETTING_MOVES.map((kind) => ({
            weight: WEIGHTS[kind] ?? (MOVES.some((common) => common === kind) ? 1 : 5),
            arbitrary: fc.constant(kind),
          })),
        ),
        pick: fc.nat(100_000),
      }),
      { minLength: 10, maxLength: 220, size: "max" },
    );
    fc.assert(
      fc.property(fc.nat(1_000_000), forgetting, (seed, list) => {
        // After every move the model itself checks that nothing was executed twice.
        const { world, writes } = play(seed, list);
        for (const jobId of writes) {
          const end = world.store.settledWrites.get(jobId);
          const times = world.executions.get(jobId) ?? 0;
          if (end?.ok === true) expect(times, jobId).toBe(1);
          if (end?.ok === false && end.outcome === "not_executed") expect(times, jobId).toBe(0);
        }
        expect(new Set(world.store.lost).size).toBe(world.store.lost.length);
      }),
      { seed: SEED + 3, numRuns: RUNS },
    );
  });

  it("memory and journal stay bounded", () => {
    fc.assert(
      fc.property(fc.nat(1_000_000), moves(), (seed, list) => {
        const { world, sidecars } = play(seed, list);
        expect(world.edge().jobs.size).toBe(0);
        expect(world.edge().connections.size).toBeLessThanOrEqual(2);
        for (const { state, running } of sidecars) {
          expect(running.size).toBe(0);
          expect(state.unjournaled).toEqual([]);
          expect([...state.jobs.values()].filter((job) => job.class === "read")).toEqual([]);
        }
      }),
      { seed: SEED + 2, numRuns: RUNS },
    );
  });
});
