import { describe, expect, it } from "vitest";
import { createWorld } from "../../../test/support/relay/world.ts";
import { leaseDueAt, nextDueAt } from "./edge/tick.ts";
import { CLOSE } from "./relay-errors.ts";

describe("heartbeat", () => {
  it("an idle sidecar pings every twenty seconds, and nothing else is said", () => {
    const world = createWorld();
    const sidecar = world.connected();
    const before = sidecar.sent.length;
    world.advance(3_600_000);
    const since = sidecar.sent.slice(before);
    expect(new Set(since)).toEqual(new Set(["ping"]));
    expect(since).toHaveLength(180);
  });

  it("an idle edge has nothing due, so that its object sleeps until the lease nears its end", () => {
    const world = createWorld();
    world.connected();
    world.advance(3_600_000);
    expect(nextDueAt(world.edge())).toBeNull();
    expect(leaseDueAt(world.edge())).toBeGreaterThan(world.now() + 20 * 3_600_000);
  });

  it("a ping that is not answered is sent once more after 5 s, and 5 s later the line is dead", () => {
    const world = createWorld();
    const sidecar = world.connected();
    const { wire } = sidecar;
    if (wire === null) throw new Error("no wire");
    const pings = () => sidecar.sent.filter((text) => text === "ping").length;
    wire.stalled = true;
    world.advance(20_500);
    expect(pings()).toBe(1);
    world.advance(5_000);
    expect(pings()).toBe(2);
    expect(sidecar.state.dial).toBe(1);
    world.advance(5_000);
    expect(sidecar.state.dial).toBe(2);
    expect(sidecar.state.link.kind).toBe("live");
  });

  it("an answer that comes late but comes keeps the line", () => {
    const world = createWorld();
    const sidecar = world.connected();
    const { wire } = sidecar;
    if (wire === null) throw new Error("no wire");
    for (let round = 0; round < 5; round += 1) {
      wire.stalled = true;
      world.advance(24_000);
      wire.stalled = false;
      wire.toSidecar.push({ text: "pong" });
      wire.lastSeen = world.now();
      world.advance(1_000);
    }
    expect(sidecar.state.dial).toBe(1);
  });

  it("(f) 45 s of silence are dead on both ends, and the writes under way survive it", () => {
    const world = createWorld();
    const sidecar = world.connected();
    const write = world.submit("test.write", {}, { deadlineMs: 300_000 });
    world.settle();
    world.begin(sidecar, write);
    const { wire } = sidecar;
    if (wire === null) throw new Error("no wire");
    wire.stalled = true;
    const { dial } = sidecar.state;
    // Even behind a full line, on which a pong may be late.
    world.sidecarInput(sidecar, { kind: "congested", dial, on: true });
    world.advance(44_000);
    expect(sidecar.state.link.kind).toBe("live");
    expect(sidecar.state.dial).toBe(1);
    world.advance(2_000);
    expect(sidecar.state.dial).toBe(2);
    expect(sidecar.state.link.kind).toBe("live");
    expect(sidecar.running.has(write)).toBe(true);
    world.work(sidecar, { order: 1 });
    world.advance(1_000);
    expect(world.outcome(write)).toMatchObject({ ok: true, result: { order: 1 } });
  });

  it("an edge that finds its sidecar silent closes with 4008", () => {
    const world = createWorld();
    const sidecar = world.connected();
    world.edgeInput({ kind: "silent" });
    world.settle();
    expect(sidecar.closes).toEqual([CLOSE.heartbeatLost]);
    world.advance(1_000);
    expect(sidecar.state.link.kind).toBe("live");
  });

  it("anything that arrives counts as a sign of life", () => {
    const world = createWorld();
    const sidecar = world.connected();
    const { wire } = sidecar;
    if (wire === null) throw new Error("no wire");
    for (let round = 0; round < 10; round += 1) {
      world.submit("test.read");
      // Jobs arrive; pongs do not.
      world.advance(10_000);
      wire.toSidecar = wire.toSidecar.filter((item) => !("text" in item && item.text === "pong"));
    }
    expect(sidecar.closes).toEqual([]);
    expect(sidecar.state.dial).toBe(1);
  });

  it("a clock that is set by hours ends nothing at the edge's word", () => {
    const world = createWorld();
    const sidecar = world.connected();
    const write = world.submit("test.write", {}, { deadlineMs: 20_000 });
    world.settle();
    // The machine runs on a monotonic clock; what jumps is only the offset to the edge's time.
    sidecar.state = { ...sidecar.state, skewMs: 7 * 3_600_000 };
    world.work(sidecar, { order: 1 });
    world.advance(1_000);
    expect(world.outcome(write)).toMatchObject({ ok: true });
  });
});
