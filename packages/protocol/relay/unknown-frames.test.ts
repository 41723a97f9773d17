import { describe, expect, it } from "vitest";
import { pairedPeer } from "../../../test/support/relay/raw-peer.ts";
import { createWorld } from "../../../test/support/relay/world.ts";
import { CLOSE } from "./relay-errors.ts";

function connected() {
  const world = createWorld();
  const peer = pairedPeer(world).dial();
  peer.connect();
  return { world, peer };
}

describe("what a peer does not know", () => {
  it.each(["session.frobnicate", "job.frobnicate", "x-vendor.thing.1"])(
    "%s is answered with a request-scoped error, and the session goes on",
    (type) => {
      const { peer } = connected();
      const id = peer.send(type, {});
      expect(peer.last()).toMatchObject({
        type: "session.error",
        correlation_id: id,
        payload: { scope: "request", code: "UNIMPLEMENTED" },
      });
      expect(peer.closed()).toBeNull();
    },
  );

  it("a type that its sender marked as optional is passed over", () => {
    const { peer } = connected();
    const before = peer.frames().length;
    peer.send("x-vendor.thing.1", { anything: [1] }, { optional: true });
    expect(peer.frames()).toHaveLength(before);
    expect(peer.closed()).toBeNull();
  });

  it("an unknown kind of broker event ends nothing and applies nothing", () => {
    const { world, peer } = connected();
    peer.send("broker.frobnicate", { n: 1 });
    expect(peer.last()?.payload).toMatchObject({ scope: "request", code: "UNIMPLEMENTED" });
    expect(world.store.applied).toEqual([]);
  });

  it("an unknown field beside the known ones of an envelope is ignored", () => {
    const { world, peer } = connected();
    peer.send("broker.order", { n: 1 }, { event_seq: 1, colour: "green" });
    expect(world.store.applied).toHaveLength(1);
  });

  it("an unknown field inside a payload is refused, and the session goes on", () => {
    const { peer } = connected();
    const id = peer.send("session.close", { reason: "x", colour: "green" });
    expect(peer.last()).toMatchObject({
      correlation_id: id,
      payload: { scope: "request", code: "INVALID_ARGUMENT" },
    });
    expect(peer.closed()).toBeNull();
  });

  it("malformed JSON within a session is answered and closed, and the job in flight survives it", () => {
    const world = createWorld();
    const sidecar = world.connected();
    const read = world.submit("test.read", {}, { deadlineMs: 10_000 });
    world.settle();
    sidecar.wire?.toEdge.push({ text: "{" });
    world.settle();
    expect(sidecar.closes).toEqual([CLOSE.protocolError]);
    world.advance(500);
    world.work(sidecar);
    world.settle();
    expect(world.outcome(read)).toMatchObject({ ok: true });
  });

  it("a binary frame is answered and closed", () => {
    const { world, peer } = connected();
    world.edgeInput({ kind: "binary", conn: peer.wire.id });
    world.settle();
    expect(peer.last()?.payload).toMatchObject({ scope: "connection", code: "INVALID_ARGUMENT" });
    expect(peer.closed()).toBe(CLOSE.protocolError);
  });

  it("a frame over 1 MiB is answered and closed", () => {
    const { peer } = connected();
    peer.send("broker.order", { text: "x".repeat(1_048_576) }, { event_seq: 1 });
    expect(peer.last()?.payload).toMatchObject({ code: "PAYLOAD_TOO_LARGE" });
    expect(peer.closed()).toBe(CLOSE.protocolError);
  });

  it("a frame nested a thousand deep is answered and closed", () => {
    const { peer } = connected();
    peer.sendText(`{"payload":${"[".repeat(1_000)}${"]".repeat(1_000)}}`);
    expect(peer.last()?.payload).toMatchObject({ code: "INVALID_ARGUMENT" });
    expect(peer.closed()).toBe(CLOSE.protocolError);
  });

  it("a sidecar answers unknown types in the same way", () => {
    const world = createWorld();
    const sidecar = world.connected();
    const { link } = sidecar.state;
    if (link.kind !== "live") throw new Error("not connected");
    const id = world.nextId();
    const frame = {
      arcp: "1.1",
      id,
      type: "session.frobnicate",
      timestamp: new Date(world.now()).toISOString(),
      session_id: link.session.id,
      epoch: link.session.epoch,
      payload: {},
    };
    sidecar.wire?.toSidecar.push({ text: JSON.stringify(frame) });
    world.settle();
    expect(JSON.parse(sidecar.sent.at(-1) ?? "{}")).toMatchObject({
      type: "session.error",
      correlation_id: id,
      payload: { scope: "request", code: "UNIMPLEMENTED" },
    });
    expect(sidecar.state.link.kind).toBe("live");
  });
});
