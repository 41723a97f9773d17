import { describe, expect, it } from "vitest";
import { pairedPeer } from "../../../test/support/relay/raw-peer.ts";
import { createWorld } from "../../../test/support/relay/world.ts";
import { CLOSE } from "./relay-errors.ts";

describe("closing", () => {
  it("a graceful close leaves writes that were begun to end, and their end is told later", () => {
    const world = createWorld();
    const sidecar = world.connected();
    const write = world.submit("test.write", {}, { deadlineMs: 60_000 });
    world.settle();
    world.begin(sidecar, write);
    // The edge goes away in an orderly way; the sidecar comes back by itself.
    world.restartEdge("broken");
    world.settle();
    world.work(sidecar, { order: 1 });
    world.advance(2_000);
    expect(world.store.settledWrites.get(write)).toMatchObject({ ok: true });
    expect(world.executions.get(write)).toBe(1);
  });

  it("after session.close nothing more is taken from that connection", () => {
    const world = createWorld();
    const peer = pairedPeer(world).dial();
    peer.connect();
    peer.send("session.close", { reason: "good night" });
    expect(peer.closed()).toBe(CLOSE.done);
    peer.send("broker.order", { n: 1 }, { event_seq: 1 });
    expect(world.store.applied).toEqual([]);
  });

  it("a sidecar that stops says so, and is offline at once", () => {
    const world = createWorld();
    const sidecar = world.connected();
    world.sidecarInput(sidecar, { kind: "stop", reason: "owner" });
    world.settle();
    expect(world.live()).toBeNull();
    expect(world.store.audit.at(-1)).toMatchObject({
      type: "sidecar.disconnected",
      meta: { reason: "closed" },
    });
    expect(world.outcome(world.submit("test.read"))).toMatchObject({
      code: "UNAVAILABLE",
      outcome: "not_executed",
    });
  });

  it("a drop in the middle of a chunked result gives no half of it", () => {
    const world = createWorld();
    const sidecar = world.connected();
    const read = world.submit("test.read");
    world.settle();
    world.work(sidecar, "x".repeat(1_500_000));
    const { wire } = sidecar;
    if (wire === null) throw new Error("no wire");
    world.deliver(wire, "edge");
    world.deliver(wire, "edge");
    world.cut(wire);
    world.settle();
    // Tried once more on the next connection, from its first chunk.
    world.advance(500);
    world.work(sidecar, "y".repeat(1_500_000));
    world.settle();
    expect(world.settlements.get(read)).toHaveLength(1);
    expect(world.outcome(read)).toMatchObject({ ok: true, result: "y".repeat(1_500_000) });
  });

  it("a drop between a write's end and its acknowledgement ends the write once", () => {
    const world = createWorld();
    const sidecar = world.connected();
    const write = world.submit("test.write");
    world.settle();
    world.work(sidecar, { order: 1 });
    const { wire } = sidecar;
    if (wire === null) throw new Error("no wire");
    world.deliver(wire, "edge");
    world.deliver(wire, "edge");
    expect(world.store.settledWrites.has(write)).toBe(true);
    world.cut(wire);
    world.advance(1_000);
    expect(world.settlements.get(write)).toHaveLength(1);
    expect(sidecar.journal.events).toEqual([]);
  });

  it("a read in flight is asked once more on the next session, and no more than once", () => {
    const world = createWorld();
    const sidecar = world.connected();
    const read = world.submit("test.read", {}, { deadlineMs: 10_000 });
    for (let drop = 0; drop < 2; drop += 1) {
      world.settle();
      expect(sidecar.running.size).toBe(1);
      if (sidecar.wire !== null) world.cut(sidecar.wire);
      world.advance(500);
    }
    expect(world.outcome(read)).toMatchObject({ ok: false, code: "UNAVAILABLE" });
    expect(sidecar.running.size).toBe(0);
  });

  it("a read fails within a second when nobody comes back", () => {
    const world = createWorld();
    const sidecar = world.connected();
    const read = world.submit("test.read", {}, { deadlineMs: 20_000 });
    world.settle();
    world.killSidecar(sidecar);
    world.settle();
    world.advance(1_000);
    expect(world.outcome(read)).toMatchObject({ code: "UNAVAILABLE", retryable: true });
  });

  it("a write whose frame may have arrived is unknown, and is settled by the journal's word", () => {
    const world = createWorld();
    const sidecar = world.connected();
    const write = world.submit("test.write", {}, { deadlineMs: 1_000 });
    if (sidecar.wire !== null) world.cut(sidecar.wire);
    world.settle();
    expect(world.edge().jobs.get(write)?.state).toBe("sent");
    // The frame was lost with the line: the sidecar never heard of it, and gets it again.
    world.work(sidecar);
    world.settle();
    expect(world.executions.get(write)).toBe(1);
    expect(world.outcome(write)).toMatchObject({ ok: true });
  });

  it("a write nobody waits for any more is not sent again", () => {
    const world = createWorld();
    const sidecar = world.connected();
    const write = world.submit("test.write", {}, { deadlineMs: 100 });
    const { wire } = sidecar;
    if (wire === null) throw new Error("no wire");
    wire.stalled = true;
    world.advance(500);
    expect(world.outcome(write)).toMatchObject({ code: "OUTCOME_UNKNOWN", retryable: false });
    wire.stalled = false;
    world.cut(wire);
    world.advance(2_000);
    expect(world.executions.get(write)).toBeUndefined();
    expect(world.store.settledWrites.get(write)).toMatchObject({ outcome: "not_executed" });
  });

  it("'not started' from a journal that the write was not sent to is not believed", () => {
    const world = createWorld();
    const sidecar = world.connected();
    const write = world.submit("test.write", {}, { deadlineMs: 1_000 });
    world.settle();
    world.begin(sidecar, write);
    world.killSidecar(sidecar);
    // The disk died and a new journal knows nothing of the order that went out.
    Object.assign(sidecar.journal, { id: world.nextId(), newest: 0, acked: 0, events: [] });
    sidecar.journal.jobs.clear();
    world.startSidecar(sidecar);
    world.advance(30_000);
    expect(world.executions.get(write)).toBe(1);
    expect(world.store.settledWrites.get(write)).toMatchObject({ outcome: "unknown" });
  });
});
