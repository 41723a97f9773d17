import { describe, expect, it } from "vitest";
import { createWorld } from "../../../test/support/relay/world.ts";
import { OPEN_WRITES_MAX } from "../limits.ts";

const MORE = { account: "DU1", deadlineMs: 30_000 };

describe("a cancel and an answer", () => {
  it("are carried beside a write in flight, at both ends, and hold no write back", () => {
    const world = createWorld();
    const sidecar = world.connected();
    const place = world.submit("test.write", { n: 1 }, MORE);
    const cancel = world.submit("order.cancel", { n: 2 }, MORE);
    const answer = world.submit("order.answer", { n: 3 }, MORE);
    world.settle();
    expect([...sidecar.running.keys()]).toEqual([place, cancel, answer]);
    const second = world.submit("test.write", { n: 4 }, MORE);
    world.settle();
    expect(world.outcome(second)).toMatchObject({ code: "RESOURCE_EXHAUSTED" });
  });

  it("let a write through while they are in flight themselves", () => {
    const world = createWorld();
    const sidecar = world.connected();
    const cancel = world.submit("order.cancel", { n: 1 }, MORE);
    const place = world.submit("test.write", { n: 2 }, MORE);
    world.settle();
    expect([...sidecar.running.keys()]).toEqual([cancel, place]);
  });
});

describe("writes whose outcome nobody will tell", () => {
  /** As many open writes as may be, of one journal, and what becomes of one more write. */
  function withOpenWrites(journalId: string | null, operation: string, open = "test.write") {
    const world = createWorld();
    const sidecar = world.connected();
    const first = world.submit("test.write", { n: 1 }, { account: "DU9", deadlineMs: 30_000 });
    world.settle();
    const edge = world.edge();
    const sample = edge.jobs.get(first);
    if (sample?.sentTo == null) throw new Error("the write was not sent");
    const sentTo = { ...sample.sentTo, journalId: journalId ?? sample.sentTo.journalId };
    const jobs = new Map(
      Array.from({ length: OPEN_WRITES_MAX }, (_, n) => {
        const submit = { ...sample.submit, job_id: `open-${n}`, operation: open };
        return [`open-${n}`, { ...sample, submit, state: "unknown" as const, sentTo }];
      }),
    );
    // The world's edge keeps its jobs in a plain Map; these stand for what was loaded from storage.
    for (const [jobId, job] of jobs) (edge.jobs as Map<string, typeof job>).set(jobId, job);
    const more = world.submit(operation, { n: 2 }, MORE);
    world.settle();
    return { taken: sidecar.running.has(more), outcome: world.outcome(more) };
  }

  it("hold back the next order while their journal can still speak", () => {
    expect(withOpenWrites(null, "test.write")).toMatchObject({
      taken: false,
      outcome: { code: "RESOURCE_EXHAUSTED" },
    });
  });

  it("never hold back a cancel, not even when they are cancels themselves", () => {
    expect(withOpenWrites(null, "order.cancel").taken).toBe(true);
    expect(withOpenWrites(null, "order.cancel", "order.cancel").taken).toBe(true);
    expect(withOpenWrites(null, "order.answer", "order.answer").taken).toBe(false);
  });

  it("nor does a mode switched off hold back a cancel", () => {
    const world = createWorld();
    const sidecar = world.addSidecar();
    sidecar.offered = ["broker.read"];
    world.startSidecar(sidecar);
    world.settle();
    const order = world.submit("test.write", { n: 1 }, MORE);
    expect(world.outcome(order)).toMatchObject({ code: "PERMISSION_DENIED" });
    const cancel = world.submit("order.cancel", { n: 2 }, MORE);
    world.settle();
    expect([...sidecar.running.keys()]).toEqual([cancel]);
  });

  it("of a journal that is gone hold back nothing", () => {
    expect(withOpenWrites("gone", "test.write").taken).toBe(true);
  });
});
