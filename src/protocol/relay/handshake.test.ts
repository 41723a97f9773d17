import { describe, expect, it } from "vitest";
import { pairedPeer } from "../../../test/support/relay/raw-peer.ts";
import { createWorld } from "../../../test/support/relay/world.ts";
import { encodeFrame } from "./codec.ts";
import { CLOSE } from "./errors.ts";

describe("handshake", () => {
  it("a peer that says nothing is closed after ten seconds", () => {
    const world = createWorld();
    const peer = pairedPeer(world).dial();
    world.advance(9_000);
    expect(peer.closed()).toBeNull();
    world.advance(1_500);
    expect(peer.last()).toMatchObject({
      type: "session.error",
      payload: { code: "DEADLINE_EXCEEDED" },
    });
    expect(peer.closed()).toBe(CLOSE.unauthenticated);
  });

  it("a peer that stops in the middle is closed after the same ten seconds", () => {
    const world = createWorld();
    const peer = pairedPeer(world).dial();
    world.advance(5_000);
    peer.open();
    world.advance(4_900);
    expect(peer.closed()).toBeNull();
    world.advance(200);
    expect(peer.closed()).toBe(CLOSE.unauthenticated);
  });

  it.each(["not json", "[]", "42", '"ping?"', "{}", '{"arcp":"1.1"}', "\u0000"])(
    "garbage is answered and the connection closed: %j",
    (garbage) => {
      const peer = pairedPeer(createWorld()).dial();
      peer.sendText(garbage);
      expect(peer.last()?.payload).toMatchObject({
        scope: "connection",
        code: "INVALID_ARGUMENT",
      });
      expect(peer.closed()).toBe(CLOSE.protocolError);
    },
  );

  it("a wrong protocol version is told to upgrade", () => {
    const world = createWorld();
    const peer = pairedPeer(world).dial();
    const frame = JSON.parse(
      encodeFrame({ id: world.nextId(), type: "session.open", now: world.now(), payload: {} }),
    );
    peer.sendText(JSON.stringify({ ...frame, arcp: "1" }));
    expect(peer.last()?.payload).toMatchObject({ scope: "connection", code: "UNIMPLEMENTED" });
    expect(peer.closed()).toBe(CLOSE.upgradeRequired);
  });

  it("a bad token gets an error and a close", () => {
    const peer = pairedPeer(createWorld()).dial();
    const answer = peer.open({ key: "another-key" });
    expect(answer).toMatchObject({
      type: "session.unauthenticated",
      payload: { code: "UNAUTHENTICATED" },
    });
    expect(peer.closed()).toBe(CLOSE.unauthenticated);
  });

  it("a token shown before opens nothing", () => {
    const paired = pairedPeer(createWorld());
    paired.dial().connect({ jti: "once" });
    const second = paired.dial();
    expect(second.open({ jti: "once" })?.type).toBe("session.unauthenticated");
    expect(second.closed()).toBe(CLOSE.unauthenticated);
  });

  it("a challenge signed by another key gets an error and a close", () => {
    const peer = pairedPeer(createWorld()).dial();
    const challenge = peer.open();
    expect(challenge?.type).toBe("session.challenge");
    const answer = peer.authenticate(challenge?.payload.challenge, "another-key");
    expect(answer?.type).toBe("session.unauthenticated");
    expect(peer.closed()).toBe(CLOSE.unauthenticated);
  });

  it("an answer to another connection's challenge is refused", () => {
    const paired = pairedPeer(createWorld());
    const [one, two] = [paired.dial(), paired.dial()];
    one.open();
    const other = two.open();
    expect(one.authenticate(other?.payload.challenge)?.type).toBe("session.unauthenticated");
  });

  it("what is effective is what the sidecar offers and the owner granted, and nothing more", () => {
    const world = createWorld();
    const sidecar = world.connected(["broker.read", "orders.live", "events"]);
    expect(world.edge().session.capabilities).toEqual(["broker.read", "events"]);
    expect(sidecar.state.link).toMatchObject({
      kind: "live",
      session: { capabilities: ["broker.read", "events"] },
    });
    const write = world.submit("test.write");
    expect(world.outcome(write)).toMatchObject({ ok: false, code: "PERMISSION_DENIED" });
  });

  it.each(["job.result", "broker.order", "session.close", "session.jobs"])(
    "%s before session.accepted is refused and the connection closed",
    (type) => {
      const peer = pairedPeer(createWorld()).dial();
      peer.open();
      const payload =
        type === "job.result"
          ? { job_id: "01ARZ3NDEKTSV4RRFFQ69G5FAV", result: 1, result_sha256: "0".repeat(64) }
          : type === "session.jobs"
            ? { jobs: [] }
            : {};
      peer.send(type, payload);
      expect(peer.last()?.payload).toMatchObject({ code: "FAILED_PRECONDITION" });
      expect(peer.closed()).toBe(CLOSE.protocolError);
    },
  );

  it("a second session.open ends the connection", () => {
    const peer = pairedPeer(createWorld()).dial();
    expect(peer.connect()?.type).toBe("session.accepted");
    peer.open();
    expect(peer.closed()).toBe(CLOSE.protocolError);
  });

  it("a fifth handshake at the same time is turned away, and a later one is not", () => {
    const world = createWorld();
    const paired = pairedPeer(world);
    const four = [paired.dial(), paired.dial(), paired.dial(), paired.dial()];
    const fifth = paired.dial();
    world.settle();
    expect(fifth.closed()).toBe(CLOSE.overloaded);
    expect(fifth.last()?.payload).toMatchObject({ code: "RESOURCE_EXHAUSTED", retryable: true });
    four[0]?.drop();
    expect(paired.dial().connect()?.type).toBe("session.accepted");
  });

  it("a sidecar that was turned away waits for as long as it was asked to", () => {
    const world = createWorld();
    const paired = pairedPeer(world);
    const four = [paired.dial(), paired.dial(), paired.dial(), paired.dial()];
    const sidecar = world.addSidecar();
    world.startSidecar(sidecar);
    world.settle();
    expect(four.map((peer) => peer.closed())).toEqual([null, null, null, null]);
    expect(sidecar.closes).toEqual([CLOSE.overloaded]);
    world.advance(9_900);
    expect(sidecar.state.dial).toBe(1);
    world.advance(2_000);
    expect(sidecar.state.link.kind).toBe("live");
  });

  it("a sidecar hangs up on an edge that cannot prove its key", () => {
    const world = createWorld();
    const sidecar = world.addSidecar();
    world.startSidecar(sidecar);
    while (sidecar.pending.every(({ kind }) => kind !== "proof_checked")) world.stepOnce();
    const { dial } = sidecar.state;
    sidecar.pending = [];
    world.sidecarInput(sidecar, { kind: "proof_checked", dial, valid: false });
    expect(sidecar.state.link.kind).not.toBe("live");
    expect(sidecar.state.trouble).toMatchObject({ code: "UNAUTHENTICATED" });
    expect(sidecar.state.link.kind).not.toBe("stopped");
  });

  it("what comes right behind session.accepted waits for the proof, and is not lost", () => {
    const world = createWorld();
    const sidecar = world.connected();
    const read = world.submit("test.read", {}, { deadlineMs: 10_000 });
    world.settle();
    if (sidecar.wire !== null) world.cut(sidecar.wire);
    while (!sidecar.pending.some(({ kind }) => kind === "proof_checked")) world.stepOnce();
    const verdict = sidecar.pending.splice(0);
    // The read is asked again on the new connection before the sidecar has verified anything.
    world.settle();
    expect(sidecar.state.link).toMatchObject({ kind: "verifying" });
    expect(sidecar.running.has(read)).toBe(false);
    for (const input of verdict) world.sidecarInput(sidecar, input);
    expect(sidecar.running.has(read)).toBe(true);
    world.work(sidecar);
    world.settle();
    expect(world.outcome(read)).toMatchObject({ ok: true });
    expect(sidecar.state.dial).toBe(2);
  });

  it("a revoked sidecar is rejected for good, and only after its token proved to be its own", () => {
    const world = createWorld();
    const sidecar = world.addSidecar();
    const known = world.store.sidecars.get(sidecar.id);
    if (known !== undefined) known.state = "revoked";
    world.startSidecar(sidecar);
    world.settle();
    expect(sidecar.closes).toEqual([CLOSE.revoked]);
    expect(sidecar.state.link).toMatchObject({ kind: "stopped", code: CLOSE.revoked });
  });

  it("a sidecar whose clock is wrong by hours connects all the same", () => {
    const world = createWorld();
    const sidecar = world.addSidecar();
    sidecar.clockOffsetMs = -5 * 3_600_000;
    world.startSidecar(sidecar);
    world.settle();
    expect(sidecar.state.link.kind).toBe("live");
    const read = world.submit("test.read");
    world.settle();
    world.work(sidecar);
    world.settle();
    expect(world.outcome(read)).toMatchObject({ ok: true });
  });
});
