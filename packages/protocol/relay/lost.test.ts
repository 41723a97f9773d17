import { describe, expect, it } from "vitest";
import { restartJournal } from "../../../test/support/relay/memory-journal.ts";
import { createWorld, type World } from "../../../test/support/relay/world.ts";
import type { Sidecar } from "../../../test/support/relay/world-state.ts";
import { encodeFrame } from "./frame-codec.ts";

/** A write that reached the broker, and a PC that died before its end was told. */
function diedInTheMiddle(world = createWorld()) {
  const sidecar = world.connected();
  const write = world.submit("test.write", {}, { account: "DU1", deadlineMs: 60_000 });
  world.settle();
  world.begin(sidecar, write);
  return { world, sidecar, write };
}

function loseJournal(world: World, sidecar: Sidecar): void {
  world.killSidecar(sidecar);
  Object.assign(sidecar.journal, { id: world.nextId(), newest: 0, acked: 0, events: [] });
  sidecar.journal.jobs.clear();
}

const LOST = { ok: false, code: "OUTCOME_UNKNOWN", outcome: "unknown", retryable: false };

describe("a write whose record is gone", () => {
  it("is settled as unknown once its sidecar speaks from another journal, and the owner is told once", () => {
    const { world, sidecar, write } = diedInTheMiddle();
    loseJournal(world, sidecar);
    world.startSidecar(sidecar);
    world.advance(1_000);
    expect(world.outcome(write)).toMatchObject(LOST);
    expect(world.store.settledWrites.get(write)).toMatchObject(LOST);
    expect(world.edge().jobs.has(write)).toBe(false);
    for (let n = 0; n < 3; n += 1) {
      world.killSidecar(sidecar);
      world.startSidecar(sidecar);
      world.restartEdge("broken");
      world.advance(40_000);
    }
    expect(world.store.lost).toEqual([write]);
    expect(world.settlements.get(write)).toHaveLength(1);
    expect(world.executions.get(write)).toBe(1);
  });

  it("is not given up before everything the new journal still brings has arrived", () => {
    const { world, sidecar, write } = diedInTheMiddle();
    const { wire } = sidecar;
    if (wire === null) throw new Error("not connected");
    wire.stalled = true;
    world.emit(sidecar, { n: 1 });
    world.finish(sidecar, write, { ok: true, result: { order: 1 } });
    // The gateway was restored from an earlier day and asks for a new journal: the same end, renumbered.
    world.killSidecar(sidecar);
    restartJournal(sidecar.journal, world.nextId());
    world.startSidecar(sidecar);
    world.advance(1_000);
    expect(world.store.lost).toEqual([]);
    expect(world.outcome(write)).toMatchObject({ ok: true, result: { order: 1 } });
  });

  it("stays open while the PC it was sent to may come back with its journal", () => {
    const { world, sidecar, write } = diedInTheMiddle();
    world.killSidecar(sidecar);
    world.connected();
    world.advance(90_000);
    expect(world.store.settledWrites.has(write)).toBe(false);
    expect(world.edge().jobs.get(write)?.state).toBe("unknown");
    world.startSidecar(sidecar);
    world.advance(1_000);
    // It had begun and the process died: the journal itself says that nobody knows.
    expect(world.store.settledWrites.get(write)).toMatchObject({ code: "OUTCOME_UNKNOWN" });
    expect(world.store.lost).toEqual([]);
  });

  it("is settled as unknown when the journal says it has forgotten it", () => {
    const { world, sidecar, write } = diedInTheMiddle();
    world.killSidecar(sidecar);
    sidecar.journal.jobs.clear();
    sidecar.journal.forgottenThrough = write;
    world.startSidecar(sidecar);
    world.advance(1_000);
    expect(world.outcome(write)).toMatchObject(LOST);
    expect(world.store.lost).toEqual([write]);
  });

  it("is settled as unknown when its PC is revoked", () => {
    const { world, sidecar, write } = diedInTheMiddle();
    world.edgeInput({ kind: "revoked", sidecarId: sidecar.id });
    world.settle();
    expect(world.outcome(write)).toMatchObject(LOST);
    expect(world.store.lost).toEqual([write]);
    expect(world.edge().jobs.size).toBe(0);
  });
});

describe("a write under an id that the sidecar holds for another one", () => {
  it("is settled at once: not as done, not as refused, but as unknown", () => {
    const world = createWorld();
    const sidecar = world.connected();
    const before = world.now();
    const write = world.submit("test.write", {}, { account: "DU1", deadlineMs: 60_000 });
    const { wire } = sidecar;
    const submit = wire?.toSidecar.pop();
    if (wire === null || submit === undefined || !("text" in submit)) throw new Error("no submit");
    const { link } = sidecar.state;
    if (link.kind !== "live") throw new Error("not live");
    const text = encodeFrame({
      id: world.nextId(),
      session_id: link.session.id,
      epoch: link.session.epoch,
      correlation_id: JSON.parse(submit.text).id,
      type: "session.error",
      now: world.now(),
      payload: { scope: "request", code: "ALREADY_EXISTS", message: "taken", retryable: false },
    });
    wire.toEdge.push({ text });
    world.settle();
    expect(world.now()).toBe(before);
    expect(world.outcome(write)).toMatchObject(LOST);
    // What the other one ends in is not taken for this one's end.
    expect(world.edge().jobs.has(write)).toBe(false);
  });

  it("asked for again while it is open, it is refused without a word about how it ends", () => {
    const { world, write } = diedInTheMiddle();
    world.submit("test.write", {}, { account: "DU1", jobId: write });
    expect(world.outcome(write)).toMatchObject({ code: "ALREADY_EXISTS", outcome: "unknown" });
  });
});
