import { describe, expect, it } from "vitest";
import { pairedPeer } from "../../../test/support/relay/raw-peer.ts";
import { createWorld, type World } from "../../../test/support/relay/world.ts";
import { RESUME_WINDOW_MS } from "../limits.ts";
import { CLOSE } from "./relay-errors.ts";

const numbers = (world: World) =>
  world.store.applied.map(({ payload }) => (payload as { n: number }).n);

/** A raw peer with a session, and what it needs to resume it. */
function session() {
  const world = createWorld();
  const paired = pairedPeer(world);
  const peer = paired.dial();
  const accepted = peer.connect();
  const { session_id, resume_token } = accepted?.payload ?? {};
  return { world, paired, peer, resume: { session_id, resume_token, last_processed_seq: 0 } };
}

describe("resume", () => {
  it("a drop in the middle of a job: what happened meanwhile is replayed, then live, then the end, once", () => {
    const world = createWorld();
    const sidecar = world.connected();
    const before = sidecar.state.link.kind === "live" ? sidecar.state.link.session : null;
    const write = world.submit("test.write", {}, { deadlineMs: 60_000 });
    world.settle();
    const [task] = [...sidecar.running.keys()];
    if (task !== undefined) world.begin(sidecar, task);
    world.emit(sidecar, { n: 1 });
    if (sidecar.wire !== null) world.cut(sidecar.wire);
    world.settle();
    world.emit(sidecar, { n: 2 });
    world.advance(1_000);
    world.emit(sidecar, { n: 3 });
    world.work(sidecar, { order: 1 });
    world.advance(1_000);
    expect(sidecar.state.link).toMatchObject({ kind: "live", session: { id: before?.id } });
    expect(numbers(world)).toEqual([1, 2, 3]);
    expect(world.settlements.get(write)).toHaveLength(1);
    expect(world.outcome(write)).toMatchObject({ ok: true, result: { order: 1 } });
    expect(world.executions.get(write)).toBe(1);
  });

  it("a caught-up peer resumes", () => {
    const world = createWorld();
    const sidecar = world.connected();
    world.emit(sidecar, { n: 1 });
    world.advance(1_000);
    expect(sidecar.journal.acked).toBe(1);
    if (sidecar.wire !== null) world.cut(sidecar.wire);
    world.advance(1_000);
    expect(world.store.audit.at(-1)).toMatchObject({
      type: "sidecar.connected",
      meta: { resumed: "true" },
    });
  });

  it("a peer that never sent an event resumes at zero", () => {
    const { paired, peer, resume } = session();
    peer.drop();
    expect(paired.dial().connect({ resume })).toMatchObject({
      type: "session.accepted",
      payload: { session_id: resume.session_id, last_processed_seq: 0 },
    });
  });

  it("a cursor beyond what was ever applied is refused", () => {
    const { paired, peer, resume } = session();
    peer.drop();
    const next = paired.dial();
    const answer = next.connect({ resume: { ...resume, last_processed_seq: 7 } });
    expect(answer?.payload).toMatchObject({ code: "RESUME_WINDOW_EXPIRED" });
    expect(next.closed()).toBe(CLOSE.unauthenticated);
  });

  it("after the window the session is gone, and a fresh one is given", () => {
    const { world, paired, peer, resume } = session();
    peer.drop();
    world.advance(RESUME_WINDOW_MS + 1);
    expect(paired.dial().connect({ resume })?.payload).toMatchObject({
      code: "RESUME_WINDOW_EXPIRED",
    });
    const fresh = paired.dial().connect();
    expect(fresh?.type).toBe("session.accepted");
    expect(fresh?.payload.session_id).not.toBe(resume.session_id);
  });

  it("a replay larger than one batch arrives whole and in order", () => {
    const world = createWorld();
    const sidecar = world.connected();
    if (sidecar.wire !== null) world.cut(sidecar.wire);
    for (let n = 1; n <= 1_000; n += 1) world.emit(sidecar, { n });
    world.advance(2_000);
    expect(numbers(world)).toEqual(Array.from({ length: 1_000 }, (_, n) => n + 1));
    expect(sidecar.journal.events).toEqual([]);
  });

  it("a wrong token of the right length is refused", () => {
    const { world, paired, peer, resume } = session();
    peer.drop();
    const wrong = { ...resume, resume_token: world.random.base64url32() };
    expect(paired.dial().connect({ resume: wrong })?.payload).toMatchObject({
      code: "UNAUTHENTICATED",
    });
  });

  it("a token that was rotated away opens nothing once the new one was used", () => {
    const { paired, peer, resume } = session();
    peer.drop();
    const second = paired.dial();
    const accepted = second.connect({ resume });
    second.send("session.error", {
      scope: "request",
      code: "INTERNAL",
      message: "a first frame",
      retryable: false,
    });
    second.drop();
    expect(paired.dial().connect({ resume })?.payload).toMatchObject({ code: "UNAUTHENTICATED" });
    const next = { ...resume, resume_token: accepted?.payload.resume_token };
    expect(paired.dial().connect({ resume: next })?.type).toBe("session.accepted");
  });

  it("when session.accepted was lost, the token before it still resumes", () => {
    const { paired, peer, resume } = session();
    peer.drop();
    const second = paired.dial();
    second.connect({ resume });
    second.drop();
    const third = paired.dial().connect({ resume });
    expect(third).toMatchObject({
      type: "session.accepted",
      payload: { session_id: resume.session_id },
    });
  });

  it("another paired sidecar with a stolen token gets nothing", () => {
    const { world, peer, resume } = session();
    peer.drop();
    const thief = pairedPeer(world).dial();
    expect(thief.connect({ resume })?.payload).toMatchObject({ code: "UNAUTHENTICATED" });
    expect(thief.closed()).toBe(CLOSE.unauthenticated);
  });

  it("of two resumes that race exactly one lives, and the other is told so", () => {
    const { world, paired, peer, resume } = session();
    peer.drop();
    const [one, two] = [paired.dial(), paired.dial()];
    const [first, second] = [one.open({ resume }), two.open({ resume })];
    one.authenticate(first?.payload.challenge);
    two.authenticate(second?.payload.challenge);
    expect(one.closed()).toBe(CLOSE.superseded);
    expect(one.last("session.evicted")?.payload).toMatchObject({ code: "SUPERSEDED" });
    expect(two.closed()).toBeNull();
    expect(world.live()?.id).toBe(two.wire.id);
  });

  it("two proofs that are signed at the same time give two epochs", () => {
    const world = createWorld();
    const [a, b] = [world.addSidecar(), world.addSidecar()];
    world.startSidecar(a);
    world.startSidecar(b);
    world.settle();
    expect(world.edge().session.epoch).toBe(2);
    const links = [a, b].map(({ state }) => state.link.kind).sort();
    expect(links).toEqual(["live", "waiting"]);
  });

  it("the connection before is closed as superseded", () => {
    const { paired, peer } = session();
    expect(paired.dial().connect()?.type).toBe("session.accepted");
    expect(peer.last("session.evicted")?.payload).toMatchObject({ code: "SUPERSEDED" });
    expect(peer.closed()).toBe(CLOSE.superseded);
  });

  it("a takeover by the same sidecar hands its reads over at once and asks about its writes", () => {
    const world = createWorld();
    const sidecar = world.connected();
    const read = world.submit("test.read", {}, { deadlineMs: 20_000 });
    const write = world.submit("test.write", {}, { deadlineMs: 20_000 });
    world.settle();
    world.begin(sidecar, write);
    // Only the sidecar notices that the line is gone; the edge learns it from the new connection.
    const { wire } = sidecar;
    if (wire === null) throw new Error("no wire");
    wire.toEdge = [];
    wire.toSidecar = [{ close: 1006, reason: "" }];
    wire.stalled = false;
    world.deliver(wire, "sidecar");
    wire.stalled = true;
    world.settle();
    expect(world.edge().session.epoch).toBe(2);
    expect(sidecar.running.has(read)).toBe(true);
    expect(sidecar.received.some((text) => text.includes("session.list_jobs"))).toBe(true);
    world.work(sidecar);
    world.settle();
    expect(world.outcome(read)).toMatchObject({ ok: true });
    expect(world.outcome(write)).toMatchObject({ ok: true });
    expect(world.executions.get(write)).toBe(1);
  });

  it("a takeover by another sidecar leaves the first one's write unknown, and asks the other nothing", () => {
    const world = createWorld();
    const first = world.connected();
    const write = world.submit("test.write", {}, { deadlineMs: 20_000 });
    world.settle();
    world.begin(first, write);
    const second = world.addSidecar();
    world.startSidecar(second);
    world.settle();
    expect(world.edge().jobs.get(write)?.state).toBe("unknown");
    expect(second.received.some((text) => text.includes("session.list_jobs"))).toBe(false);
    expect(second.running.size).toBe(0);
    world.advance(21_000);
    expect(world.outcome(write)).toMatchObject({ code: "OUTCOME_UNKNOWN", outcome: "unknown" });
  });

  it("a late frame of an old epoch is refused and changes nothing", () => {
    const { world, paired, peer, resume } = session();
    peer.drop();
    const next = paired.dial();
    next.connect({ resume });
    next.send("broker.order", { n: 1 }, { event_seq: 1, epoch: 1 });
    expect(world.store.applied).toEqual([]);
    expect(next.last("session.error")?.payload).toMatchObject({ code: "SUPERSEDED" });
    expect(next.closed()).toBe(CLOSE.superseded);
  });

  it("an epoch that was never given out ends the connection", () => {
    const { world, peer } = session();
    peer.send("broker.order", { n: 1 }, { event_seq: 1, epoch: 99 });
    expect(world.store.applied).toEqual([]);
    expect(peer.closed()).toBe(CLOSE.protocolError);
  });

  it("a foreign session id is refused and changes nothing", () => {
    const { world, peer } = session();
    peer.send("broker.order", { n: 1 }, { event_seq: 1, session_id: "somebody-else" });
    expect(world.store.applied).toEqual([]);
    expect(peer.last("session.error")?.payload).toMatchObject({ code: "PERMISSION_DENIED" });
    expect(peer.closed()).toBe(CLOSE.protocolError);
  });

  it("a sidecar hangs up on frames of a session that is not its own", () => {
    const world = createWorld();
    const sidecar = world.connected();
    const { wire } = sidecar;
    world.submit("test.write");
    const item = wire?.toSidecar[0];
    if (item === undefined || !("text" in item)) throw new Error("nothing was sent");
    item.text = JSON.stringify({ ...JSON.parse(item.text), session_id: "another" });
    world.deliver(wire as NonNullable<typeof wire>, "sidecar");
    expect(sidecar.running.size).toBe(0);
    expect(sidecar.state.link.kind).not.toBe("live");
  });

  it("a token is bound to its journal: with another one the session does not resume", () => {
    const { paired, peer, resume } = session();
    peer.drop();
    const journal = { id: "another-journal", oldest_seq: 1, newest_seq: 0 };
    expect(paired.dial().connect({ resume, journal })?.payload).toMatchObject({
      code: "RESUME_WINDOW_EXPIRED",
    });
  });
});
