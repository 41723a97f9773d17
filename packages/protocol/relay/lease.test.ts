import { describe, expect, it } from "vitest";
import { fakeSign } from "../../../test/support/relay/fake-keys.ts";
import { pairedPeer } from "../../../test/support/relay/raw-peer.ts";
import { createWorld } from "../../../test/support/relay/world.ts";
import { ACCOUNT, ORIGIN } from "../../../test/support/relay/world-state.ts";
import { LEASE_HOURS, LEASE_REFRESH_BEFORE_MS, LEASE_REFRESH_DEADLINE_MS } from "../limits.ts";
import { CLOSE } from "./relay-errors.ts";
import { rotationTranscript } from "./transcript.ts";

const LEASE_MS = LEASE_HOURS * 3_600_000;

describe("the session's lease", () => {
  it("is renewed in band before it ends, without a new connection", () => {
    const world = createWorld();
    const sidecar = world.connected();
    const first = world.edge().session.leaseExpiresAt;
    world.advance(LEASE_MS + 1_000);
    expect(sidecar.state.dial).toBe(1);
    expect(world.edge().session.leaseExpiresAt).toBeGreaterThan(first);
    expect(sidecar.state.link.kind).toBe("live");
  });

  it("ends the session when the refresh is not answered in time", () => {
    const world = createWorld();
    const peer = pairedPeer(world).dial();
    peer.connect();
    // A raw peer does not ping: keep it in sight.
    world.pass(LEASE_MS - LEASE_REFRESH_BEFORE_MS);
    peer.wire.lastSeen = world.now();
    world.tick();
    world.settle();
    expect(peer.last()?.type).toBe("session.refresh");
    peer.wire.lastSeen = world.now();
    world.pass(LEASE_REFRESH_DEADLINE_MS);
    peer.wire.lastSeen = world.now();
    world.tick();
    world.settle();
    expect(peer.last("session.evicted")?.payload).toMatchObject({ code: "LEASE_EXPIRED" });
    expect(peer.closed()).toBe(CLOSE.leaseExpired);
  });

  it("ends the session when the refresh is answered by another key", () => {
    const world = createWorld();
    const peer = pairedPeer(world).dial();
    peer.connect();
    world.pass(LEASE_MS - LEASE_REFRESH_BEFORE_MS);
    peer.wire.lastSeen = world.now();
    world.tick();
    world.settle();
    peer.authenticate(peer.last("session.refresh")?.payload.challenge, "another-key");
    expect(peer.closed()).toBe(CLOSE.leaseExpired);
  });

  it("an answer that nobody asked for is refused and changes nothing", () => {
    const world = createWorld();
    const peer = pairedPeer(world).dial();
    peer.connect();
    const before = world.edge().session.leaseExpiresAt;
    peer.authenticate(world.random.base64url32());
    expect(peer.last("session.error")?.payload).toMatchObject({ code: "FAILED_PRECONDITION" });
    expect(world.edge().session.leaseExpiresAt).toBe(before);
    expect(peer.closed()).toBeNull();
  });

  it("that ends while a write is under way ends the session, and not the write", () => {
    const world = createWorld();
    const sidecar = world.connected();
    const write = world.submit("test.write", {}, { deadlineMs: 3 * LEASE_MS });
    world.settle();
    world.begin(sidecar, write);
    const { wire } = sidecar;
    if (wire === null) throw new Error("no wire");
    // The refresh is asked for and never arrives.
    world.pass(LEASE_MS - LEASE_REFRESH_BEFORE_MS);
    wire.lastSeen = world.now();
    world.edgeInput({ kind: "tick" });
    wire.toSidecar = [];
    world.pass(LEASE_REFRESH_DEADLINE_MS);
    world.edgeInput({ kind: "tick" });
    world.deliver(wire, "sidecar");
    world.deliver(wire, "sidecar");
    expect(sidecar.closes).toEqual([CLOSE.leaseExpired]);
    world.advance(1_000);
    world.work(sidecar, { order: 1 });
    world.advance(1_000);
    expect(world.outcome(write)).toMatchObject({ ok: true, result: { order: 1 } });
    expect(world.executions.get(write)).toBe(1);
  });

  it.each([
    ["entry", false],
    ["exit", true],
  ] as const)("is asked when a write begins: an %s taken up before begins: %s", (kind, begins) => {
    const world = createWorld();
    const sidecar = world.connected();
    const write = world.submit(
      "order.place",
      {},
      { deadlineMs: 3 * LEASE_MS, service: { class: kind } },
    );
    world.settle();
    const { wire } = sidecar;
    if (wire === null) throw new Error("no wire");
    expect(sidecar.state.jobs.get(write)).toMatchObject({ state: "accepted", service: kind });
    // Nothing is heard of the edge any more; the lease outlives the connection, and ends.
    world.cut(wire);
    world.pass(LEASE_MS - 1_000);
    expect(sidecar.state.leaseUntil).toBeGreaterThan(world.now());
    world.pass(2_000);
    expect(world.begin(sidecar, write)).toBe(begins);
    expect(sidecar.state.jobs.get(write)?.state).toBe(begins ? "started" : "accepted");
  });

  it("nothing is taken on a lease that has ended", () => {
    const world = createWorld();
    const peer = pairedPeer(world).dial();
    peer.connect();
    world.pass(LEASE_MS + 1);
    peer.send("broker.order", { n: 1 }, { event_seq: 1 });
    expect(world.store.applied).toEqual([]);
    expect(peer.closed()).toBe(CLOSE.leaseExpired);
  });
});

describe("revocation", () => {
  it("closes the live connection at once, and the sidecar does not come back", () => {
    const world = createWorld();
    const sidecar = world.connected();
    const known = world.store.sidecars.get(sidecar.id);
    if (known !== undefined) known.state = "revoked";
    world.edgeInput({ kind: "revoked", sidecarId: sidecar.id });
    expect(world.live()).toBeNull();
    world.settle();
    expect(sidecar.closes).toEqual([CLOSE.revoked]);
    world.advance(600_000);
    expect(sidecar.state.dial).toBe(1);
    expect(sidecar.state.link).toMatchObject({ kind: "stopped", code: CLOSE.revoked });
  });

  it("also closes a handshake of that sidecar that is under way", () => {
    const world = createWorld();
    const paired = pairedPeer(world);
    const peer = paired.dial();
    peer.open();
    world.edgeInput({ kind: "revoked", sidecarId: paired.id });
    world.settle();
    expect(peer.closed()).toBe(CLOSE.revoked);
  });

  it("a write that was taken up and not begun does not begin any more", () => {
    const world = createWorld();
    const sidecar = world.connected();
    const write = world.submit("test.write");
    world.settle();
    world.edgeInput({ kind: "revoked", sidecarId: sidecar.id });
    world.settle();
    expect(world.begin(sidecar, write)).toBe(false);
    expect(world.executions.get(write)).toBeUndefined();
  });

  it("ends the session for good: paired again, the sidecar begins a new one", () => {
    const world = createWorld();
    const paired = pairedPeer(world);
    const peer = paired.dial();
    const { session_id, resume_token } = peer.connect()?.payload ?? {};
    world.edgeInput({ kind: "revoked", sidecarId: paired.id });
    world.settle();
    const resume = { session_id, resume_token, last_processed_seq: 0 };
    expect(paired.dial().connect({ resume })?.type).toBe("session.unauthenticated");
    const fresh = paired.dial().connect();
    expect(fresh?.type).toBe("session.accepted");
    expect(fresh?.payload.session_id).not.toBe(session_id);
  });

  it("leaves another sidecar's session alone", () => {
    const world = createWorld();
    const sidecar = world.connected();
    const other = world.addSidecar();
    world.edgeInput({ kind: "revoked", sidecarId: other.id });
    world.settle();
    expect(sidecar.state.link.kind).toBe("live");
  });
});

describe("a grant that the owner narrows", () => {
  it("counts in the open session at once, and gives nothing before the next one", () => {
    const world = createWorld();
    const { id } = world.connected();
    world.edgeInput({ kind: "narrowed", sidecarId: id, granted: ["broker.read", "orders.live"] });
    expect(world.edge().session.capabilities).toEqual(["broker.read"]);
    const write = world.submit("test.write");
    world.settle();
    expect(world.outcome(write)).toMatchObject({ ok: false, code: "PERMISSION_DENIED" });
  });

  it("counts for a handshake that is under way", () => {
    const world = createWorld();
    const paired = pairedPeer(world);
    const peer = paired.dial();
    const challenge = peer.open();
    world.edgeInput({ kind: "narrowed", sidecarId: paired.id, granted: ["broker.read"] });
    const accepted = peer.authenticate(challenge?.payload.challenge);
    expect(accepted?.type).toBe("session.accepted");
    expect(accepted?.payload.capabilities).toEqual(["broker.read"]);
  });

  it("leaves another sidecar's session alone", () => {
    const world = createWorld();
    world.connected();
    const before = world.edge().session.capabilities;
    world.edgeInput({ kind: "narrowed", sidecarId: world.addSidecar().id, granted: [] });
    expect(world.edge().session.capabilities).toEqual(before);
  });
});

describe("several paired sidecars", () => {
  it("one is active: the newer takes over, the older stands by and does not fight back", () => {
    const world = createWorld();
    const first = world.connected();
    const second = world.addSidecar();
    world.startSidecar(second);
    world.advance(50_000);
    expect(second.state.link.kind).toBe("live");
    expect(first.state).toMatchObject({
      link: { kind: "waiting" },
      trouble: { code: "SUPERSEDED" },
    });
    expect(first.state.dial).toBe(1);
    const read = world.submit("test.read");
    world.settle();
    expect(second.running.has(read)).toBe(true);
  });

  it("each one's events are counted by its own journal", () => {
    const world = createWorld();
    const first = world.connected();
    world.emit(first, { n: 1 });
    world.advance(1_000);
    const second = world.addSidecar();
    world.startSidecar(second);
    world.settle();
    world.emit(second, { n: 2 });
    world.advance(1_000);
    expect(world.store.applied.map(({ seq }) => seq)).toEqual([1, 1]);
    expect([first, second].map(({ journal }) => journal.acked)).toEqual([1, 1]);
  });
});

describe("rotation of the device key", () => {
  function rotation(signOldWith?: string) {
    const world = createWorld();
    const paired = pairedPeer(world);
    const peer = paired.dial();
    const accepted = peer.connect();
    const publicKey = Buffer.alloc(32, 9).toString("base64url");
    const message = rotationTranscript({
      origin: ORIGIN,
      account: ACCOUNT,
      sidecar: paired.id,
      sessionId: accepted?.payload.session_id,
      publicKey,
    });
    peer.send("session.rotate_key", {
      public_key: publicKey,
      old_signature: fakeSign(signOldWith ?? paired.key, message),
      new_signature: fakeSign(publicKey, message),
    });
    return { world, paired, peer, publicKey };
  }

  it("takes a key that the old one and the new one both signed", () => {
    const { world, paired, peer, publicKey } = rotation();
    expect(peer.last()).toMatchObject({ type: "session.key_rotated" });
    expect(world.store.sidecars.get(paired.id)?.key).toBe(publicKey);
    expect(world.store.audit.at(-1)?.type).toBe("sidecar.key_rotated");
    expect(paired.dial().open()?.type).toBe("session.unauthenticated");
  });

  it("refuses a key that the old one did not sign", () => {
    const { world, paired, peer } = rotation("another-key");
    expect(peer.last("session.error")?.payload).toMatchObject({ code: "PERMISSION_DENIED" });
    expect(world.store.sidecars.get(paired.id)?.key).toBe(paired.key);
    expect(peer.closed()).toBeNull();
  });
});

describe("a job's grant", () => {
  function submitWith(change: (frame: Frame) => void, operation = "test.read") {
    const world = createWorld();
    const sidecar = world.connected();
    const job = world.submit(operation, {}, { account: "DU1" });
    const item = sidecar.wire?.toSidecar[0];
    if (item === undefined || !("text" in item)) throw new Error("nothing was sent");
    const frame: Frame = JSON.parse(item.text);
    change(frame);
    item.text = JSON.stringify(frame);
    world.settle();
    return { world, sidecar, job };
  }
  interface Frame {
    timestamp: string;
    payload: { operation: string; grant: Record<string, string> };
  }

  it("that has expired at submission is refused, by the edge's own times", () => {
    const { world, sidecar, job } = submitWith((frame) => {
      frame.payload.grant.expires_at = frame.timestamp;
    });
    expect(sidecar.running.size).toBe(0);
    expect(world.outcome(job)).toMatchObject({ code: "LEASE_EXPIRED", outcome: "not_executed" });
  });

  it("for another capability than the operation's is refused", () => {
    const { world, job } = submitWith((frame) => {
      frame.payload.grant.capability = "events";
    });
    expect(world.outcome(job)).toMatchObject({ code: "PERMISSION_DENIED" });
  });

  it("is never wider than the local policy: a capability that is not offered here", () => {
    const world = createWorld();
    const sidecar = world.connected();
    sidecar.offered = ["broker.read"];
    const job = world.submit("test.write");
    world.settle();
    expect(world.outcome(job)).toMatchObject({ code: "PERMISSION_DENIED" });
    expect(sidecar.running.size).toBe(0);
  });

  it("is never wider than the local policy: a broker account that is not allowed here", () => {
    const world = createWorld();
    const sidecar = world.connected();
    sidecar.brokerAccounts = ["DU2"];
    const jobs = ["DU1", "DU2"].map((account) => world.submit("test.read", {}, { account }));
    world.settle();
    expect(world.outcome(jobs[0] ?? "")).toMatchObject({ code: "PERMISSION_DENIED" });
    expect([...sidecar.running.keys()]).toEqual([jobs[1]]);
  });

  it("for an operation this sidecar does not know is refused", () => {
    const { world, job } = submitWith((frame) => {
      frame.payload.operation = "../../etc/passwd";
    });
    expect(world.outcome(job)).toMatchObject({ code: "UNIMPLEMENTED", outcome: "not_executed" });
  });
});
