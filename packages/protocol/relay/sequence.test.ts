import { describe, expect, it } from "vitest";
import { pairedPeer } from "../../../test/support/relay/raw-peer.ts";
import { createWorld, type World } from "../../../test/support/relay/world.ts";
import { CLOSE } from "./relay-errors.ts";

const numbers = (world: World) =>
  world.store.applied.map(({ payload }) => (payload as { n: number }).n);

describe("sequenced events", () => {
  it("numbers rise by one across concurrent jobs and events", () => {
    const world = createWorld();
    const sidecar = world.connected();
    for (const account of ["DU1", "DU2", "DU3"]) world.submit("test.write", {}, { account });
    world.emit(sidecar, { n: 1 });
    world.settle();
    world.work(sidecar);
    world.emit(sidecar, { n: 2 });
    world.settle();
    const seqs = sidecar.sent
      .filter((text) => text.startsWith("{"))
      .map((text) => JSON.parse(text).event_seq)
      .filter((seq) => seq !== undefined);
    expect(seqs).toEqual([1, 2, 3, 4, 5]);
  });

  it("a gap is answered by hanging up and healed by the replay that follows", () => {
    const world = createWorld();
    const sidecar = world.connected();
    world.emit(sidecar, { n: 1 });
    world.emit(sidecar, { n: 2 });
    const { wire } = sidecar;
    wire?.toEdge.shift();
    world.settle();
    expect(sidecar.closes).toEqual([CLOSE.protocolError]);
    world.advance(1_000);
    expect(numbers(world)).toEqual([1, 2]);
    expect(sidecar.journal.acked).toBe(2);
  });

  it("a gap tells its sender which number was expected", () => {
    const peer = pairedPeer(createWorld()).dial();
    peer.connect();
    peer.send("broker.order", { n: 9 }, { event_seq: 2 });
    expect(peer.last("session.error")?.payload).toMatchObject({
      scope: "session",
      code: "FAILED_PRECONDITION",
      details: { expected_seq: 1 },
    });
    expect(peer.closed()).toBe(CLOSE.protocolError);
  });

  it("(g) an event that comes twice is applied once and acknowledged again", () => {
    const world = createWorld();
    const peer = pairedPeer(world).dial();
    peer.connect();
    peer.send("broker.order", { n: 1 }, { event_seq: 1 });
    world.advance(300);
    peer.send("broker.order", { n: 1 }, { event_seq: 1 });
    world.advance(300);
    expect(numbers(world)).toEqual([1]);
    expect(peer.last("session.ack")?.payload).toEqual({ last_processed_seq: 1 });
    expect(peer.closed()).toBeNull();
  });

  it("an event that cannot be journaled is not sent, and leaves no hole", () => {
    const world = createWorld();
    const sidecar = world.connected();
    world.emit(sidecar, { n: 1 });
    sidecar.journal.full = true;
    world.emit(sidecar, { n: 2 });
    world.settle();
    expect(numbers(world)).toEqual([1]);
    sidecar.journal.full = false;
    world.advance(2_000);
    world.emit(sidecar, { n: 3 });
    world.advance(1_000);
    expect(numbers(world)).toEqual([1, 2, 3]);
  });

  it("pings and acknowledgements take no number", () => {
    const world = createWorld();
    const sidecar = world.connected();
    world.emit(sidecar, { n: 1 });
    world.advance(120_000);
    world.emit(sidecar, { n: 2 });
    world.advance(1_000);
    expect(world.store.applied.map(({ seq }) => seq)).toEqual([1, 2]);
  });

  it("acknowledges at most every 250 ms or every 32 events", () => {
    const world = createWorld();
    const sidecar = world.connected();
    world.advance(1_000);
    const acks = () => sidecar.received.filter((text) => text.includes('"session.ack"')).length;
    const before = acks();
    for (let n = 0; n < 100; n += 1) world.emit(sidecar, { n });
    world.settle();
    // The first at once, then one for each full 32.
    expect(acks() - before).toBe(4);
    world.advance(300);
    expect(acks() - before).toBe(5);
    expect(sidecar.journal.acked).toBe(100);
  });

  it("the effect of an event and the cursor over it are stored in one step", () => {
    const world = createWorld();
    const sidecar = world.connected();
    world.emit(sidecar, { n: 1 });
    world.settle();
    expect(world.store.cursors.get(`${sidecar.id}/${sidecar.journal.id}`)).toBe(1);
    world.restartEdge("broken");
    world.advance(1_000);
    expect(numbers(world)).toEqual([1]);
  });

  it("an edge that was restored from an earlier copy says how many events it lost", () => {
    const world = createWorld();
    const sidecar = world.connected();
    for (let n = 1; n <= 5; n += 1) world.emit(sidecar, { n });
    world.advance(1_000);
    expect(sidecar.journal.acked).toBe(5);
    world.store.cursors.set(`${sidecar.id}/${sidecar.journal.id}`, 2);
    world.restartEdge("broken");
    world.advance(1_000);
    world.emit(sidecar, { n: 6 });
    world.advance(1_000);
    expect(numbers(world)).toEqual([1, 2, 3, 4, 5, 6]);
    expect(world.store.audit.at(-1)?.meta).toMatchObject({ events_lost: "3" });
  });

  it("a sidecar whose journal was rolled back begins a new one, and reuses no number", () => {
    const world = createWorld();
    const sidecar = world.connected();
    for (let n = 1; n <= 3; n += 1) world.emit(sidecar, { n });
    world.advance(1_000);
    const old = sidecar.journal.id;
    world.killSidecar(sidecar);
    Object.assign(sidecar.journal, { newest: 1, acked: 1, events: [] });
    world.startSidecar(sidecar);
    world.advance(1_000);
    world.emit(sidecar, { n: 4 });
    world.advance(1_000);
    expect(sidecar.journal.id).not.toBe(old);
    expect(numbers(world)).toEqual([1, 2, 3, 4]);
  });
});
