import { describe, expect, it } from "vitest";
import { createWorld } from "../../../test/support/relay/world.ts";
import type { Sidecar } from "../../../test/support/relay/world-state.ts";
import { INFLIGHT_READS_MAX, UNACKED_EVENTS_MAX, WAITING_READS_MAX } from "../limits.ts";
import { placesFor } from "../service-class.ts";
import { UNJOURNALED_EVENTS_MAX } from "./sidecar/journaling.ts";
import { sidecarDueAt } from "./sidecar/sidecar-machine.ts";

function wireOf(sidecar: Sidecar) {
  if (sidecar.wire === null) throw new Error("not connected");
  return sidecar.wire;
}

/** A submit as the edge would send it, for what the edge itself would hold back. */
function forceSubmit(sidecar: Sidecar, template: string, jobId: string, account?: string): void {
  const frame = JSON.parse(template);
  const grant = { ...frame.payload.grant, ...(account ? { broker_account: account } : {}) };
  const payload = { ...frame.payload, job_id: jobId, grant };
  wireOf(sidecar).toSidecar.push({ text: JSON.stringify({ ...frame, id: jobId, payload }) });
}

describe("flow control", () => {
  it("the edge keeps agents' reads to their places on the wire, lets some wait and refuses the rest", () => {
    const world = createWorld();
    const sidecar = world.connected();
    const places = placesFor("agent", INFLIGHT_READS_MAX);
    const reads = Array.from({ length: places + WAITING_READS_MAX + 5 }, (_, n) =>
      world.submit("test.read", { n }, { deadlineMs: 30_000 }),
    );
    world.settle();
    expect(sidecar.running.size).toBe(places);
    const refused = reads.filter((read) => world.outcome(read) !== null);
    expect(refused).toHaveLength(5);
    expect(world.outcome(refused[0] ?? "")).toMatchObject({
      code: "RESOURCE_EXHAUSTED",
      retryable: true,
      retryAfterMs: expect.any(Number),
    });
    for (let round = 0; round < 16; round += 1) {
      world.work(sidecar);
      world.settle();
    }
    expect(reads.filter((read) => world.outcome(read)?.ok === true)).toHaveLength(reads.length - 5);
  });

  it("the sidecar refuses what an edge sends beyond that, and ends only that job", () => {
    const world = createWorld();
    const sidecar = world.connected();
    const reads = Array.from({ length: INFLIGHT_READS_MAX }, () =>
      world.submit("order.preview", {}, { deadlineMs: 30_000, service: { class: "exit" } }),
    );
    world.settle();
    const template = sidecar.received.findLast((text) => text.includes("job.submit")) ?? "";
    const extra = world.nextId();
    forceSubmit(sidecar, template, extra);
    world.settle();
    const end = sidecar.sent.map((text) => text.startsWith("{") && JSON.parse(text)).at(-1);
    expect(end).toMatchObject({
      type: "job.error",
      payload: { job_id: extra, code: "RESOURCE_EXHAUSTED", outcome: "not_executed" },
    });
    expect(sidecar.running.size).toBe(INFLIGHT_READS_MAX);
    world.work(sidecar);
    world.settle();
    expect(reads.every((read) => world.outcome(read)?.ok === true)).toBe(true);
  });

  it("10,000 reads of agents leave places to an exit's, the owner's and each other's, at both ends", () => {
    const world = createWorld();
    const sidecar = world.connected();
    const ask = (share: string, deadlineMs = 60_000) =>
      world.submit("order.preview", {}, { deadlineMs, service: { class: "agent", share } });
    for (let n = 0; n < 10_000; n += 1) ask(`greedy-${n % 3}`);
    world.settle();
    const before = new Set(sidecar.running.keys());
    expect(before.size).toBeLessThanOrEqual(placesFor("agent", INFLIGHT_READS_MAX));
    const exit = world.submit("order.preview", { exit: 1 }, { service: { class: "exit" } });
    const owner = world.submit("test.read", { owner: 1 }, { service: { class: "owner" } });
    const modest = ask("modest");
    world.settle();
    expect([exit, owner].map((id) => sidecar.running.has(id))).toEqual([true, true]);
    expect(world.outcome(modest)).toBeNull();
    // The next place that comes free is for the client that has none.
    if (!sidecar.running.has(modest)) world.work(sidecar);
    world.settle();
    expect(sidecar.running.has(modest) || world.outcome(modest)?.ok === true).toBe(true);
  });

  it("however many clients ask, an exit's read and the owner's page find a place on the wire", () => {
    const world = createWorld();
    const sidecar = world.connected();
    for (let n = 0; n < 2_000; n += 1) {
      const service = { class: "agent", share: `client-${n % 100}` } as const;
      world.submit("order.preview", {}, { deadlineMs: 60_000, service });
    }
    world.settle();
    expect(sidecar.running.size).toBeLessThanOrEqual(22);
    const owner = world.submit("test.read", { owner: 1 }, { service: { class: "owner" } });
    const exits = Array.from({ length: 4 }, (_, n) =>
      world.submit("order.preview", { n }, { service: { class: "exit" } }),
    );
    world.settle();
    expect([owner, ...exits].every((id) => sidecar.running.has(id))).toBe(true);
  });

  it("an exit goes beside an entry of its account that hangs, and beside writes in doubt", () => {
    const world = createWorld();
    const sidecar = world.connected();
    const place = (kind: "entry" | "exit", n: number) =>
      world.submit(
        "order.place",
        { n },
        { account: "DU1", deadlineMs: 30_000, service: { class: kind } },
      );
    const entry = place("entry", 1);
    const exit = place("exit", 2);
    const second = place("exit", 3);
    const cancel = world.submit("order.cancel", {}, { account: "DU1", deadlineMs: 30_000 });
    world.settle();
    expect([entry, exit, cancel].map((id) => sidecar.running.has(id))).toEqual([true, true, true]);
    expect(world.outcome(second)).toMatchObject({ code: "RESOURCE_EXHAUSTED", retryable: true });
  });

  it("one write at a time for one broker account, at both ends", () => {
    const world = createWorld();
    const sidecar = world.connected();
    const first = world.submit("test.write", { n: 1 }, { account: "DU1", deadlineMs: 30_000 });
    const second = world.submit("test.write", { n: 2 }, { account: "DU1", deadlineMs: 30_000 });
    const other = world.submit("test.write", { n: 3 }, { account: "DU2", deadlineMs: 30_000 });
    world.settle();
    expect(world.outcome(second)).toMatchObject({
      code: "RESOURCE_EXHAUSTED",
      outcome: "not_executed",
    });
    expect([...sidecar.running.keys()]).toEqual([first, other]);
    const template = sidecar.received.find((text) => text.includes(first)) ?? "";
    const forced = world.nextId();
    forceSubmit(sidecar, template, forced);
    world.settle();
    expect(sidecar.running.has(forced)).toBe(false);
    const refusal = JSON.parse(sidecar.sent.at(-1) ?? "{}");
    expect(refusal).toMatchObject({
      type: "session.error",
      correlation_id: forced,
      payload: { scope: "job", code: "RESOURCE_EXHAUSTED" },
    });
    world.work(sidecar);
    world.settle();
    expect(world.outcome(first)).toMatchObject({ ok: true });
  });

  it("a write that hangs past its deadline does not keep others of its account out", () => {
    const world = createWorld();
    const sidecar = world.connected();
    const hanging = world.submit("test.write", { n: 1 }, { account: "DU1", deadlineMs: 1_000 });
    world.settle();
    world.begin(sidecar, hanging);
    world.advance(1_100);
    expect(world.outcome(hanging)).toMatchObject({ code: "OUTCOME_UNKNOWN" });
    const exit = world.submit("test.write", { n: 2 }, { account: "DU1", deadlineMs: 5_000 });
    world.settle();
    expect(sidecar.running.has(exit)).toBe(true);
  });

  it("a congested line takes no events and no new reads until it has cleared, and loses none", () => {
    const world = createWorld();
    const sidecar = world.connected();
    const { dial } = sidecar.state;
    world.sidecarInput(sidecar, { kind: "congested", dial, on: true });
    for (let n = 1; n <= 50; n += 1) world.emit(sidecar, { n });
    const read = world.submit("test.read");
    world.settle();
    expect(world.store.applied).toEqual([]);
    expect(world.outcome(read)).toMatchObject({ code: "RESOURCE_EXHAUSTED", retryable: true });
    world.sidecarInput(sidecar, { kind: "congested", dial, on: false });
    world.advance(1_000);
    expect(world.store.applied).toHaveLength(50);
  });

  it("at the bound of unacknowledged events new writes are refused, and no event is lost", () => {
    const world = createWorld();
    const sidecar = world.connected();
    if (sidecar.wire !== null) world.cut(sidecar.wire);
    // Nobody acknowledges: every dial is turned away.
    world.deliver(wireOf(sidecar), "sidecar");
    world.deliver(wireOf(sidecar), "edge");
    for (let n = 0; n < UNACKED_EVENTS_MAX + 20; n += 1) world.emit(sidecar, { n });
    expect(sidecar.journal.events).toHaveLength(UNACKED_EVENTS_MAX);
    expect(sidecar.state.unjournaled).toHaveLength(20);
    world.open(wireOf(sidecar));
    while (sidecar.state.link.kind !== "live") world.stepOnce();
    const write = world.submit("test.write");
    while (world.outcome(write) === null) world.stepOnce();
    expect(world.outcome(write)).toMatchObject({
      code: "BACKPRESSURE_OVERFLOW",
      outcome: "not_executed",
    });
    // An order is cancelled all the same.
    const cancel = world.submit("order.cancel");
    while (!sidecar.running.has(cancel) && world.outcome(cancel) === null) world.stepOnce();
    expect(sidecar.running.has(cancel)).toBe(true);
    world.advance(2_000);
    expect(world.store.applied).toHaveLength(UNACKED_EVENTS_MAX + 20);
    expect(world.store.applied.map(({ payload }) => (payload as { n: number }).n)).toEqual(
      Array.from({ length: UNACKED_EVENTS_MAX + 20 }, (_, n) => n),
    );
  });

  it("memory is bounded too: beyond it the oldest event goes, and that is said", () => {
    const world = createWorld();
    const sidecar = world.connected();
    sidecar.journal.full = true;
    for (let n = 0; n < UNJOURNALED_EVENTS_MAX + 7; n += 1) world.emit(sidecar, { n });
    expect(sidecar.state.unjournaled).toHaveLength(UNJOURNALED_EVENTS_MAX);
    sidecar.journal.full = false;
    world.advance(3_000);
    expect(world.store.applied).toHaveLength(UNJOURNALED_EVENTS_MAX + 1);
    expect(world.store.applied.at(-1)).toMatchObject({
      type: "broker.alert",
      payload: { kind: "events_dropped", count: 7 },
    });
  });

  it("a full disk refuses writes with a clear error, and reads go on", () => {
    const world = createWorld();
    const sidecar = world.connected();
    sidecar.journal.full = true;
    const write = world.submit("test.write");
    const read = world.submit("test.read");
    world.settle();
    world.work(sidecar);
    world.settle();
    expect(world.outcome(write)).toMatchObject({
      ok: false,
      code: "RESOURCE_EXHAUSTED",
      outcome: "not_executed",
    });
    expect(world.outcome(read)).toMatchObject({ ok: true });
    sidecar.journal.full = false;
    world.advance(6_000);
    const later = world.submit("test.write");
    world.settle();
    world.work(sidecar);
    world.settle();
    expect(world.outcome(later)).toMatchObject({ ok: true });
  });

  it("an acknowledgement that a full disk could not note makes room once it can, before anything else", () => {
    const world = createWorld();
    const sidecar = world.connected();
    world.emit(sidecar, { n: 0 });
    while (world.store.applied.length === 0) world.stepOnce();
    sidecar.journal.full = true;
    // Held in memory, and more than one transaction should take.
    const filler = "x".repeat(30_000);
    for (let n = 1; n <= 40; n += 1) world.emit(sidecar, { n, filler });
    world.advance(2_500);
    expect(sidecar.state).toMatchObject({ heldAck: 1, journal: { ackedSeq: 0 } });
    const commits: string[][] = [];
    world.onJournalWrites((writes) => commits.push(writes.map(({ kind }) => kind)));
    sidecar.journal.full = false;
    world.advance(5_000);
    expect(commits[0]).toEqual(["acked"]);
    expect(Math.max(...commits.map(({ length }) => length))).toBeLessThanOrEqual(3);
    expect(sidecar.state.unjournaled).toEqual([]);
    expect(sidecar.journal.acked).toBe(41);
    expect(world.store.applied).toHaveLength(41);
  });

  it("events that wait for an acknowledgement keep no timer busy", () => {
    const world = createWorld();
    const sidecar = world.connected();
    if (sidecar.wire !== null) sidecar.wire.stalled = true;
    for (let n = 0; n < UNACKED_EVENTS_MAX + 5; n += 1) world.emit(sidecar, { n });
    world.pass(5_000);
    world.sidecarInput(sidecar, { kind: "tick" });
    expect(sidecarDueAt(sidecar.state)).toBeGreaterThan(world.now());
  });

  it("a full disk holds back no cancel, and its end is told and remembered once there is room", () => {
    for (const fullFrom of ["before it comes", "before it begins"]) {
      const world = createWorld();
      const sidecar = world.connected();
      sidecar.journal.full = fullFrom === "before it comes";
      const cancel = world.submit("order.cancel", {}, { deadlineMs: 60_000 });
      world.settle();
      sidecar.journal.full = true;
      expect(world.begin(sidecar, cancel), fullFrom).toBe(true);
      world.finish(sidecar, cancel, { ok: true, result: { gone: true } });
      world.advance(3_000);
      expect(world.outcome(cancel)).toBeNull();
      sidecar.journal.full = false;
      world.advance(3_000);
      expect(world.outcome(cancel)).toMatchObject({ ok: true, result: { gone: true } });
      expect(world.executions.get(cancel)).toBe(1);
      expect(sidecar.journal.jobs.get(cancel)).toMatchObject({ state: "done" });
      expect(sidecar.state.ended.has(cancel)).toBe(true);
    }
  });

  it("a write that cannot be journaled as begun is not begun", () => {
    const world = createWorld();
    const sidecar = world.connected();
    const write = world.submit("test.write");
    world.settle();
    sidecar.journal.full = true;
    expect(world.begin(sidecar, write)).toBe(false);
    expect(world.executions.get(write)).toBeUndefined();
  });

  it("the end of a write that the full disk would not take is told once there is room", () => {
    const world = createWorld();
    const sidecar = world.connected();
    const write = world.submit("test.write", {}, { deadlineMs: 60_000 });
    world.settle();
    world.begin(sidecar, write);
    sidecar.journal.full = true;
    world.finish(sidecar, write, { ok: true, result: { order: 1 } });
    world.advance(3_000);
    expect(world.outcome(write)).toBeNull();
    sidecar.journal.full = false;
    world.advance(2_000);
    expect(world.outcome(write)).toMatchObject({ ok: true, result: { order: 1 } });
  });

  it("one slow caller does not stall others", () => {
    const world = createWorld();
    const sidecar = world.connected();
    const slow = world.submit("test.read", { n: 1 }, { deadlineMs: 30_000 });
    const quick = world.submit("test.read", { n: 2 }, { deadlineMs: 30_000 });
    world.settle();
    world.finish(sidecar, quick, { ok: true, result: 2 });
    world.settle();
    expect(world.outcome(quick)).toMatchObject({ ok: true });
    expect(world.outcome(slow)).toBeNull();
  });
});
