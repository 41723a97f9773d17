import { memoryJournal } from "./memory-journal.ts";
import { createWorld, type World } from "./world.ts";
import type { Sidecar, Wire } from "./world-state.ts";

/** One thing that happens to the simulated world; `pick` chooses among what is there. */
export interface Move {
  readonly kind: MoveKind;
  readonly pick: number;
}

export const MOVES = [
  "read",
  "write",
  "deliver",
  "deliver_many",
  "verdict",
  "open",
  "refuse_dial",
  "begin",
  "finish",
  "fail",
  "emit",
  "cancel",
  "cut",
  "stall",
  "unstall",
  "duplicate",
  "reorder",
  "kill",
  "start",
  "choose",
  "edge_hibernates",
  "edge_restarts",
  "wait",
  "wait_long",
  "journal_full",
  "journal_free",
] as const;

/** Days pass, old ends are dropped, a disk dies, and callers come back with ids they used before. */
export const FORGETTING_MOVES = [...MOVES, "again", "days", "prune", "journal_lost"] as const;
export type MoveKind = (typeof FORGETTING_MOVES)[number];

export interface Played {
  readonly world: World;
  readonly sidecars: readonly Sidecar[];
  readonly reads: readonly string[];
  readonly writes: readonly string[];
  /** Payload numbers of the events each sidecar's broker side spoke. */
  readonly emitted: ReadonlyMap<string, readonly number[]>;
  /** Callers who died with the edge's memory. */
  readonly orphaned: ReadonlySet<string>;
}

/** Plays the moves and then heals everything, checking on the way what must hold at every moment. */
export function play(seed: number, moves: readonly Move[]): Played {
  const world = createWorld(seed);
  const first = world.connected();
  const second = world.addSidecar();
  const sidecars = [first, second];
  const reads: string[] = [];
  const writes: string[] = [];
  const emitted = new Map<string, number[]>(sidecars.map(({ id }) => [id, []]));
  const orphaned = new Set<string>();
  let counter = 0;
  second.up = false;

  const up = () => sidecars.filter((sidecar) => sidecar.up);
  const wires = () => [...world.wires.values()];
  const choose = <T>(from: readonly T[], pick: number): T | undefined => from[pick % from.length];
  const runningOf = (pick: number): [Sidecar, string] | undefined =>
    choose(
      up().flatMap((sidecar) =>
        [...sidecar.running.keys()].map((jobId): [Sidecar, string] => [sidecar, jobId]),
      ),
      pick,
    );

  function move({ kind, pick }: Move): void {
    const wire: Wire | undefined = choose(wires(), pick);
    switch (kind) {
      case "read":
        reads.push(world.submit("test.read", { n: pick }, { deadlineMs: 500 + (pick % 5000) }));
        return;
      case "write":
        writes.push(
          world.submit(
            "test.write",
            { n: pick },
            { account: `DU${pick % 3}`, deadlineMs: 500 + (pick % 9000) },
          ),
        );
        return;
      case "deliver":
        if (wire !== undefined) world.deliver(wire, pick % 2 === 0 ? "edge" : "sidecar");
        return;
      case "deliver_many":
        for (let i = 0; i < pick % 40; i += 1) world.stepOnce();
        return;
      case "verdict": {
        const verdict = world.edgePending.shift();
        if (verdict !== undefined) world.edgeInput(verdict);
        for (const sidecar of up()) {
          const own = sidecar.pending.shift();
          if (own !== undefined) world.sidecarInput(sidecar, own);
        }
        return;
      }
      case "open":
        if (wire !== undefined) world.open(wire);
        return;
      case "refuse_dial":
        if (wire !== undefined) world.refuse(wire);
        return;
      case "begin": {
        const task = runningOf(pick);
        if (task !== undefined) world.begin(...task);
        return;
      }
      case "finish": {
        const task = runningOf(pick);
        if (task !== undefined) finish(...task, true);
        return;
      }
      case "fail": {
        const task = runningOf(pick);
        if (task !== undefined) finish(...task, false);
        return;
      }
      case "emit": {
        const sidecar = choose(up(), pick);
        if (sidecar === undefined) return;
        counter += 1;
        emitted.get(sidecar.id)?.push(counter);
        world.emit(sidecar, { n: counter });
        return;
      }
      case "cancel": {
        const jobId = choose([...reads, ...writes], pick);
        if (jobId !== undefined) world.edgeInput({ kind: "cancel", jobId });
        return;
      }
      case "cut":
        if (wire !== undefined) world.cut(wire);
        return;
      case "stall":
        if (wire !== undefined) wire.stalled = true;
        return;
      case "unstall":
        for (const each of wires()) each.stalled = false;
        return;
      case "duplicate": {
        const queue = wire === undefined ? undefined : pick % 2 ? wire.toEdge : wire.toSidecar;
        const item = queue?.[0];
        if (queue !== undefined && item !== undefined && "text" in item) queue.unshift({ ...item });
        return;
      }
      case "reorder": {
        const queue = wire === undefined ? undefined : pick % 2 ? wire.toEdge : wire.toSidecar;
        if (queue === undefined || queue.length < 2) return;
        const [a, b] = queue;
        if (a !== undefined && b !== undefined && "text" in a && "text" in b) {
          queue.splice(0, 2, b, a);
        }
        return;
      }
      case "kill": {
        const sidecar = choose(up(), pick);
        if (sidecar !== undefined) world.killSidecar(sidecar);
        return;
      }
      case "start": {
        const sidecar = choose(sidecars, pick);
        if (sidecar === undefined) return;
        if (sidecar.up) {
          if (sidecar.state.link.kind !== "stopped") return;
          world.killSidecar(sidecar);
        }
        world.startSidecar(sidecar);
        return;
      }
      case "choose": {
        const sidecar = choose(sidecars, pick);
        if (sidecar !== undefined) world.choose(sidecar);
        return;
      }
      case "edge_hibernates":
        // An object with a call in flight is not put to sleep.
        if (world.edge().jobs.size === 0 && world.edgePending.length === 0) {
          world.restartEdge("kept");
        }
        return;
      case "edge_restarts":
        for (const jobId of [...reads, ...writes]) {
          if (world.outcome(jobId) === null) orphaned.add(jobId);
        }
        world.restartEdge("broken");
        return;
      case "wait":
        world.pass(pick % 300);
        world.tick();
        return;
      case "wait_long":
        world.pass(pick % 90_000);
        world.tick();
        return;
      case "again": {
        const jobId = choose(writes, pick);
        const more = { account: `DU${pick % 3}`, deadlineMs: 5_000 };
        if (jobId !== undefined) world.submit("test.write", { n: pick % 2 }, { ...more, jobId });
        return;
      }
      case "days":
        world.pass((pick % 9) * 86_400_000);
        world.tick();
        return;
      case "prune":
        world.prune();
        return;
      case "journal_lost": {
        const sidecar = choose(sidecars, pick);
        if (sidecar === undefined || sidecar.up) return;
        Object.assign(sidecar.journal, memoryJournal(world.nextId()));
        return;
      }
      case "journal_full":
        for (const sidecar of sidecars) sidecar.journal.full = true;
        return;
      case "journal_free":
        for (const sidecar of sidecars) sidecar.journal.full = false;
    }
  }

  function finish(sidecar: Sidecar, jobId: string, ok: boolean): void {
    const task = sidecar.running.get(jobId);
    const began = sidecar.state.jobs.get(jobId)?.state === "started";
    // A write without a begin cannot succeed: there was nothing done that could have.
    if (ok && task?.class === "write" && !began && !world.begin(sidecar, jobId)) return;
    world.finish(
      sidecar,
      jobId,
      ok
        ? { ok: true, result: { jobId } }
        : { ok: false, code: "UNAVAILABLE", message: "the broker failed", retryable: true },
    );
  }

  for (const each of moves) {
    move(each);
    holdsAlways(world, sidecars);
  }
  heal(world, sidecars);
  holdsAlways(world, sidecars);
  return { world, sidecars, reads, writes, emitted, orphaned };
}

/** What must be true at every single moment, whatever happens. */
export function holdsAlways(world: World, sidecars: readonly Sidecar[]): void {
  for (const [jobId, times] of world.executions) {
    if (times > 1) throw new Error(`write ${jobId} was executed ${times} times`);
  }
  const bySeq = new Map<string, number>();
  for (const { journalId, seq } of world.store.applied) {
    const before = bySeq.get(journalId) ?? 0;
    if (seq <= before) throw new Error(`event ${journalId}/${seq} was applied again`);
    bySeq.set(journalId, seq);
  }
  for (const { id, journal } of sidecars) {
    const applied = world.store.cursors.get(`${id}/${journal.id}`) ?? 0;
    if (journal.acked > applied) {
      throw new Error(`events of ${id} were freed that the edge has not stored`);
    }
  }
  const live = [...world.edge().connections.values()].filter(
    ({ phase }) => phase.kind === "live" && phase.epoch === world.edge().session.epoch,
  );
  if (live.length > 1) throw new Error("two live connections");
  const { chosen } = world.store;
  if (live.length === 1 && chosen !== null && world.edge().session.sidecarId !== chosen) {
    throw new Error("a PC that was not chosen holds the session");
  }
}

/** Puts everything right and lets each sidecar in turn say what it still has to say. */
export function heal(world: World, sidecars: readonly Sidecar[]): void {
  for (const sidecar of sidecars) sidecar.journal.full = false;
  for (const sidecar of [...sidecars].reverse()) {
    for (const other of sidecars) if (other.up && other !== sidecar) world.killSidecar(other);
    for (const wire of world.wires.values()) wire.stalled = false;
    if (world.store.chosen !== null) world.choose(sidecar);
    for (let round = 0; round < 5; round += 1) {
      // Superseded is final for a process; its owner starts another one.
      if (!sidecar.up || sidecar.state.link.kind === "stopped") {
        if (sidecar.up) world.killSidecar(sidecar);
        world.startSidecar(sidecar);
      }
      world.advance(35_000);
      for (const [jobId, task] of [...sidecar.running]) {
        const began = sidecar.state.jobs.get(jobId)?.state === "started";
        if (task.class === "write" && !began) world.begin(sidecar, jobId);
        world.finish(sidecar, jobId, { ok: true, result: { healed: true } });
      }
    }
    world.advance(5_000);
  }
}
