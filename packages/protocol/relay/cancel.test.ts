import { describe, expect, it } from "vitest";
import { createWorld } from "../../../test/support/relay/world.ts";

function running(operation: string) {
  const world = createWorld();
  const sidecar = world.connected();
  const job = world.submit(operation, {}, { deadlineMs: 60_000 });
  world.settle();
  const cancel = () => {
    world.edgeInput({ kind: "cancel", jobId: job });
    world.settle();
    return world.cancelAnswers.get(job)?.at(-1);
  };
  const types = () =>
    sidecar.sent
      .filter((text) => text.includes(job))
      .map((text) => JSON.parse(text).type)
      .filter((type) => type !== "job.accepted");
  return { world, sidecar, job, cancel, types };
}

describe("cancel", () => {
  it.each(["test.read", "test.write"])("%s: acknowledged first, then its one end", (operation) => {
    const { world, job, cancel, types } = running(operation);
    expect(cancel()).toBe("cancelled");
    expect(types()).toEqual(["job.cancelled", "job.error"]);
    expect(world.settlements.get(job)).toHaveLength(1);
    expect(world.outcome(job)).toMatchObject({ code: "CANCELLED", outcome: "not_executed" });
  });

  it("a write that has reached the broker is not cancellable", () => {
    const { world, sidecar, job, cancel } = running("test.write");
    world.begin(sidecar, job);
    expect(cancel()).toBe("started");
    world.work(sidecar);
    world.settle();
    expect(world.outcome(job)).toMatchObject({ ok: true });
  });

  it("a job that has its end is not cancellable", () => {
    const { world, sidecar, job } = running("test.write");
    world.work(sidecar);
    const { link } = sidecar.state;
    if (link.kind !== "live") throw new Error("not connected");
    // Sent before the edge heard of the end.
    world.edgeInput({ kind: "cancel", jobId: job });
    world.settle();
    expect(world.cancelAnswers.get(job)).toEqual(["already_terminal"]);
    expect(world.outcome(job)).toMatchObject({ ok: true });
  });

  it("a job nobody knows is not cancellable", () => {
    const { world } = running("test.read");
    const stranger = world.nextId();
    world.edgeInput({ kind: "cancel", jobId: stranger });
    expect(world.cancelAnswers.get(stranger)).toEqual(["unknown"]);
  });

  it("a sidecar says 'unknown' about a job it never got", () => {
    const { world, sidecar, job } = running("test.read");
    sidecar.state = { ...sidecar.state, jobs: new Map() };
    world.edgeInput({ kind: "cancel", jobId: job });
    world.settle();
    expect(world.cancelAnswers.get(job)).toEqual(["unknown"]);
  });

  it("a cancel that crosses the result leaves exactly one end", () => {
    const { world, sidecar, job, types } = running("test.read");
    world.edgeInput({ kind: "cancel", jobId: job });
    world.work(sidecar);
    world.settle();
    expect(types().filter((type) => type !== "job.cancel_refused")).toEqual(["job.result"]);
    expect(world.settlements.get(job)).toHaveLength(1);
  });

  it("an executor that finishes after its job was cancelled changes nothing", () => {
    const { world, sidecar, job, cancel } = running("test.write");
    const task = sidecar.running.get(job);
    cancel();
    if (task !== undefined) sidecar.running.set(job, task);
    expect(world.begin(sidecar, job)).toBe(false);
    world.finish(sidecar, job, { ok: true, result: { late: true } });
    world.settle();
    expect(world.settlements.get(job)).toHaveLength(1);
    expect(world.executions.get(job)).toBeUndefined();
  });

  it("a read past its deadline is cancelled where the work is done", () => {
    const world = createWorld();
    const sidecar = world.connected();
    const read = world.submit("test.read", {}, { deadlineMs: 1_000 });
    world.advance(1_100);
    expect(sidecar.running.size).toBe(0);
    expect(world.settlements.get(read)).toHaveLength(1);
    expect(world.outcome(read)).toMatchObject({ code: "DEADLINE_EXCEEDED" });
  });
});
