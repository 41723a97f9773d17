import { describe, expect, it } from "vitest";
import { fakeSign } from "../../../test/support/relay/fake-keys.ts";
import { pairedPeer } from "../../../test/support/relay/raw-peer.ts";
import { createWorld, type World } from "../../../test/support/relay/world.ts";
import type { Sidecar, Wire } from "../../../test/support/relay/world-state.ts";
import { CLIENT_WORDS } from "./client-words.ts";
import { encodeFrame } from "./frame-codec.ts";
import { CLOSE } from "./relay-errors.ts";

type Stage = "opening" | "opened" | "answered";

/** The sidecar has dialled somebody who is not the gateway: the edge hears nothing of it. */
function strangerAt(world: World, sidecar: Sidecar, stage: Stage, cut = true) {
  if (cut && sidecar.wire !== null) world.cut(sidecar.wire);
  while (sidecar.wire === null || sidecar.wire.answered) {
    if (!world.stepOnce()) world.advance(100, false);
  }
  const { wire } = sidecar;
  wire.answered = true;
  wire.sidecarOpen = true;
  const say = (item: Wire["toSidecar"][number]) => {
    wire.toSidecar.push(item);
    world.settle();
  };
  world.sidecarInput(sidecar, { kind: "connected", dial: wire.dial });
  if (stage !== "opening") world.settle();
  if (stage === "answered") {
    say(frame(world, "session.challenge", { challenge: world.random.base64url32() }));
  }
  expect(sidecar.state.link.kind).toBe(stage);
  return { say };
}

function facingStranger(stage: Stage) {
  const world = createWorld();
  const sidecar = world.addSidecar();
  world.startSidecar(sidecar);
  return { world, sidecar, ...strangerAt(world, sidecar, stage, false) };
}

function frame(world: World, type: string, payload: object) {
  return { text: encodeFrame({ id: world.nextId(), type, now: world.now(), payload }) };
}

/** A write that was taken up in an earlier session and has not begun. */
function held(sidecar: Sidecar): string {
  const jobId = "01ARZ3NDEKTSV4RRFFQ69G5FAV";
  const job = {
    class: "write",
    digest: "test.write - 0",
    brokerAccount: null,
    deadlineAt: Number.POSITIVE_INFINITY,
    state: "accepted",
    seq: null,
  } as const;
  sidecar.state = { ...sidecar.state, jobs: new Map([[jobId, job]]) };
  return jobId;
}

describe("handshake", () => {
  it("tells the gateway which words the PC knows, and the account's version stays a version", () => {
    const world = createWorld();
    const sidecar = world.connected();
    expect(world.edge().session.knows).toEqual([...CLIENT_WORDS]);
    expect(world.store.sidecars.get(sidecar.id)?.version).toBe("test");
    // A PC of the version before, in its place: nothing that the other one knew is taken for known.
    pairedPeer(world).dial().connect();
    expect(world.edge().session.knows).toEqual([]);
  });

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

  it("a PC's fifth handshake at the same time takes the place of its oldest", () => {
    const world = createWorld();
    const paired = pairedPeer(world);
    const four = [paired.dial(), paired.dial(), paired.dial(), paired.dial()];
    expect(four.map((peer) => peer.closed())).toEqual([null, null, null, null]);
    const fifth = paired.dial();
    world.settle();
    expect(four.map((peer) => peer.closed())).toEqual([CLOSE.overloaded, null, null, null]);
    expect(four[0]?.last()?.payload).toMatchObject({ code: "RESOURCE_EXHAUSTED" });
    expect(fifth.connect()?.type).toBe("session.accepted");
  });

  it("silent handshakes of one PC keep no other out", () => {
    const world = createWorld();
    const paired = pairedPeer(world);
    const silent = Array.from({ length: 40 }, () => paired.dial());
    const sidecar = world.addSidecar();
    world.startSidecar(sidecar);
    world.settle();
    expect(sidecar.state.link.kind).toBe("live");
    expect(silent.filter((peer) => peer.closed() === null)).toHaveLength(4);
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

  it.each([CLOSE.revoked, CLOSE.upgradeRequired])(
    "a stranger in the gateway's place cannot stop a sidecar for good with close %i",
    (code) => {
      for (const stage of ["opening", "opened", "answered"] as const) {
        const { world, sidecar, say } = facingStranger(stage);
        const write = held(sidecar);
        say({ close: code, reason: "go away" });
        expect(sidecar.state.link.kind).not.toBe("stopped");
        // What was taken up before is not taken back at a stranger's word either.
        expect(sidecar.state.jobs.get(write)?.state).toBe("accepted");
        world.advance(60_000);
        expect(sidecar.state.link.kind).toBe("live");
      }
    },
  );

  it.each([
    ["without a signature", {}],
    ["with another key's signature", { proof: fakeSign("stranger", new Uint8Array(1)) }],
  ])("a refusal %s neither renumbers the journal nor ends the session to resume", (_, more) => {
    const world = createWorld();
    const sidecar = world.connected();
    world.emit(sidecar, { n: 1 });
    world.advance(1_000);
    const { id } = sidecar.journal;
    const { resume } = sidecar.state;
    expect(resume).not.toBeNull();
    for (const type of ["session.unauthenticated", "session.rejected"]) {
      const { say } = strangerAt(world, sidecar, "opened");
      say(frame(world, type, { code: "FAILED_PRECONDITION", message: "a new one", ...more }));
      say({ close: type === "session.rejected" ? CLOSE.revoked : 4002, reason: "" });
      world.settle();
      expect(sidecar.journal.id).toBe(id);
      expect(sidecar.state.link.kind).not.toBe("stopped");
      world.advance(60_000);
      expect(sidecar.state.link.kind).toBe("live");
    }
    world.emit(sidecar, { n: 2 });
    world.advance(1_000);
    expect(sidecar.journal).toMatchObject({ id, newest: 2, acked: 2 });
    expect(world.store.audit.filter(({ meta }) => meta.resumed === "true")).toHaveLength(2);
  });

  it("a signed refusal of an earlier session.open is worth nothing to a later one", () => {
    const world = createWorld();
    const sidecar = world.addSidecar();
    const known = world.store.sidecars.get(sidecar.id);
    if (known !== undefined) known.state = "revoked";
    world.startSidecar(sidecar);
    world.settle();
    const rejected = sidecar.received.find((text) => text.includes("session.rejected")) ?? "";
    expect(JSON.parse(rejected).payload.proof).toEqual(expect.any(String));
    if (known !== undefined) known.state = "active";
    world.killSidecar(sidecar);
    world.startSidecar(sidecar);
    const { say } = strangerAt(world, sidecar, "opened", false);
    say({ text: rejected });
    say({ close: CLOSE.revoked, reason: "revoked" });
    expect(sidecar.state.link.kind).not.toBe("stopped");
    world.advance(60_000);
    expect(sidecar.state.link.kind).toBe("live");
  });

  it("a close that overtakes the verification of the edge's proof counts once it is verified", () => {
    for (const valid of [true, false]) {
      const world = createWorld();
      const sidecar = world.addSidecar();
      world.startSidecar(sidecar);
      while (sidecar.pending.every(({ kind }) => kind !== "proof_checked")) world.stepOnce();
      const { dial } = sidecar.state;
      sidecar.pending = [];
      world.sidecarInput(sidecar, { kind: "closed", dial, code: CLOSE.revoked, reason: "" });
      expect(sidecar.state.link.kind).toBe("verifying");
      world.sidecarInput(sidecar, { kind: "proof_checked", dial, valid });
      expect(sidecar.state.link.kind === "stopped").toBe(valid);
    }
  });

  it("an edge signs no refusal for a stranger", () => {
    const peer = pairedPeer(createWorld()).dial();
    expect(peer.open({ key: "another-key" })?.payload.proof).toBeUndefined();
    const other = pairedPeer(createWorld()).dial();
    const challenge = other.open();
    const answer = other.authenticate(challenge?.payload.challenge, "another-key");
    expect(answer?.payload.proof).toBeUndefined();
  });

  it("what a device said in session.open cannot be changed on its way", () => {
    const peer = pairedPeer(createWorld()).dial();
    const challenge = peer.open({ journal: { id: "j", oldest_seq: 900, newest_seq: 900 } });
    peer.meant({ journal: { id: "j", oldest_seq: 1, newest_seq: 0 } });
    expect(peer.authenticate(challenge?.payload.challenge)?.type).toBe("session.unauthenticated");
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
