import { describe, expect, it } from "vitest";
import { pairedPeer } from "../../../test/support/relay/raw-peer.ts";
import { createWorld, type World } from "../../../test/support/relay/world.ts";
import { CLOSE } from "./relay-errors.ts";

/**
 * Defects that were observed in other implementations of such a protocol, each as the guarantee
 * that it broke.
 */
const numbers = (world: World) =>
  world.store.applied.map(({ payload }) => (payload as { n: number }).n);

describe("defects seen elsewhere do not happen here", () => {
  it("1: what a job says while its socket is gone is kept, and throws at nobody", () => {
    const world = createWorld();
    const sidecar = world.connected();
    const write = world.submit("test.write", {}, { deadlineMs: 60_000 });
    world.settle();
    world.begin(sidecar, write);
    if (sidecar.wire !== null) world.cut(sidecar.wire);
    world.settle();
    expect(() => {
      world.emit(sidecar, { n: 1 });
      world.finish(sidecar, write, { ok: true, result: { order: 1 } });
    }).not.toThrow();
    world.advance(1_000);
    expect(numbers(world)).toEqual([1]);
    expect(world.outcome(write)).toMatchObject({ ok: true });
  });

  it("2: a job that runs on across a resume speaks and ends on the new connection", () => {
    const world = createWorld();
    const sidecar = world.connected();
    const write = world.submit("test.write", {}, { deadlineMs: 60_000 });
    world.settle();
    world.begin(sidecar, write);
    if (sidecar.wire !== null) world.cut(sidecar.wire);
    world.advance(1_000);
    expect(sidecar.state.dial).toBe(2);
    world.emit(sidecar, { n: 1 });
    world.finish(sidecar, write, { ok: true, result: { order: 1 } });
    world.advance(1_000);
    expect(numbers(world)).toEqual([1]);
    expect(world.outcome(write)).toMatchObject({ ok: true, result: { order: 1 } });
  });

  it("3: a peer that has seen everything may resume", () => {
    const world = createWorld();
    const sidecar = world.connected();
    world.emit(sidecar, { n: 1 });
    world.advance(1_000);
    const id = world.edge().session.sessionId;
    if (sidecar.wire !== null) world.cut(sidecar.wire);
    world.advance(1_000);
    expect(world.edge().session.sessionId).toBe(id);
    expect(world.edge().session.epoch).toBe(2);
  });

  it("4: a stolen resume token is worth nothing to another principal", () => {
    const world = createWorld();
    const owner = pairedPeer(world).dial();
    const accepted = owner.connect();
    owner.drop();
    const thief = pairedPeer(world).dial();
    const { session_id, resume_token } = accepted?.payload ?? {};
    const answer = thief.connect({ resume: { session_id, resume_token, last_processed_seq: 0 } });
    expect(answer?.type).toBe("session.unauthenticated");
    expect(world.live()).toBeNull();
  });

  it("5: on takeover the connection before is told and closed", () => {
    const world = createWorld();
    const paired = pairedPeer(world);
    const older = paired.dial();
    older.connect();
    paired.dial().connect();
    expect(older.last()).toMatchObject({
      type: "session.evicted",
      payload: { code: "SUPERSEDED" },
    });
    expect(older.closed()).toBe(CLOSE.superseded);
  });

  it("6: a frame of a foreign session is not executed", () => {
    const world = createWorld();
    const sidecar = world.connected();
    world.submit("test.write");
    const item = sidecar.wire?.toSidecar[0];
    if (item === undefined || !("text" in item)) throw new Error("nothing was sent");
    item.text = JSON.stringify({ ...JSON.parse(item.text), session_id: "foreign" });
    world.stepOnce();
    expect(sidecar.running.size).toBe(0);
    expect(sidecar.journal.jobs.size).toBe(0);
  });

  it("7: the same frame twice has one effect, whatever its type", () => {
    const world = createWorld();
    const sidecar = world.connected();
    const write = world.submit("test.write");
    const twice = (queue: { text: string }[] | undefined) => {
      const [head] = queue ?? [];
      if (head !== undefined) queue?.unshift({ ...head });
    };
    twice(sidecar.wire?.toSidecar as { text: string }[]);
    world.settle();
    expect(sidecar.running.size).toBe(1);
    world.emit(sidecar, { n: 1 });
    twice(sidecar.wire?.toEdge as { text: string }[]);
    world.settle();
    world.work(sidecar);
    twice(sidecar.wire?.toEdge as { text: string }[]);
    world.advance(1_000);
    expect(numbers(world)).toEqual([1]);
    expect(world.settlements.get(write)).toHaveLength(1);
    expect(world.executions.get(write)).toBe(1);
  });

  it("8: a conflicting duplicate is an error about the request, never the end of the first job", () => {
    const world = createWorld();
    const sidecar = world.connected();
    const write = world.submit("test.write", { a: 1 }, { deadlineMs: 60_000 });
    world.settle();
    const frame = JSON.parse(sidecar.received.findLast((t) => t.includes("job.submit")) ?? "{}");
    const payload = { ...frame.payload, input: { a: 2 }, input_sha256: "f".repeat(64) };
    const text = JSON.stringify({ ...frame, id: world.nextId(), payload });
    sidecar.wire?.toSidecar.push({ text });
    world.settle();
    expect(world.outcome(write)).toBeNull();
    expect(world.edge().jobs.has(write)).toBe(true);
    world.work(sidecar, { order: 1 });
    world.settle();
    expect(world.settlements.get(write)).toHaveLength(1);
    expect(world.outcome(write)).toMatchObject({ ok: true });
  });

  it("9: an operation nobody knows is refused as a request, and a job only when it is its own", () => {
    const world = createWorld();
    const sidecar = world.connected();
    const known = world.submit("test.read", {}, { deadlineMs: 10_000 });
    const unknown = world.submit("test.frobnicate", {}, { deadlineMs: 10_000 });
    world.settle();
    expect(world.outcome(unknown)).toMatchObject({
      code: "UNIMPLEMENTED",
      outcome: "not_executed",
    });
    expect(world.outcome(known)).toBeNull();
    world.work(sidecar);
    world.settle();
    expect(world.outcome(known)).toMatchObject({ ok: true });
  });

  it("10: malformed JSON and binary frames are answered, not dropped in silence", () => {
    for (const spoil of ["text", "binary"] as const) {
      const world = createWorld();
      const peer = pairedPeer(world).dial();
      peer.connect();
      if (spoil === "text") peer.sendText("{nope");
      else world.edgeInput({ kind: "binary", conn: peer.wire.id });
      world.settle();
      expect(peer.last("session.error")?.payload).toMatchObject({ code: "INVALID_ARGUMENT" });
      expect(peer.closed()).toBe(CLOSE.protocolError);
    }
  });
});
