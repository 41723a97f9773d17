import { describe, expect, it } from "vitest";
import { createWorld, type World } from "../../../test/support/relay/world.ts";
import type { Sidecar } from "../../../test/support/relay/world-state.ts";

/** The submit frame that the sidecar got for a job, changed as told, arrives once more. */
function again(world: World, sidecar: Sidecar, jobId: string, change: object = {}): string {
  const text = sidecar.received.findLast(
    (each) => each.includes('"job.submit"') && each.includes(jobId),
  );
  if (text === undefined) throw new Error("the job was never submitted");
  const frame = JSON.parse(text);
  const id = world.nextId();
  const copy = { ...frame, id, payload: { ...frame.payload, ...change } };
  sidecar.wire?.toSidecar.push({ text: JSON.stringify(copy) });
  world.settle();
  return id;
}

function sentTo(sidecar: Sidecar, type: string) {
  return sidecar.sent
    .filter((text) => text.includes(`"${type}"`))
    .map((text) => JSON.parse(text))
    .filter((frame) => frame.type === type);
}

function started() {
  const world = createWorld();
  const sidecar = world.connected();
  const write = world.submit("test.write", { b: 1, a: 2 }, { deadlineMs: 60_000 });
  world.settle();
  return { world, sidecar, write };
}

describe("the same job again", () => {
  it("the same digest, in whatever order its keys come, is answered with the present state", () => {
    const { world, sidecar, write } = started();
    again(world, sidecar, write, { input: { a: 2, b: 1 } });
    expect(sentTo(sidecar, "job.accepted")).toHaveLength(2);
    expect(sidecar.running.size).toBe(1);
  });

  it("after its end the stored end is told again, under its own number", () => {
    const { world, sidecar, write } = started();
    world.work(sidecar, { order: 1 });
    world.advance(1_000);
    again(world, sidecar, write);
    const ends = sentTo(sidecar, "job.result");
    expect(ends).toHaveLength(2);
    expect(ends[1]).toMatchObject({ event_seq: 1, payload: ends[0].payload });
    expect(world.executions.get(write)).toBe(1);
  });

  it("another input under the same id is refused, and the refusal is not the end of any job", () => {
    const { world, sidecar, write } = started();
    const id = again(world, sidecar, write, {
      input: { a: 3 },
      input_sha256: "0".repeat(64),
    });
    const refusal = sentTo(sidecar, "session.error").at(-1);
    expect(refusal).toMatchObject({
      correlation_id: id,
      payload: { scope: "request", code: "ALREADY_EXISTS" },
    });
    expect(world.outcome(write)).toBeNull();
    world.work(sidecar, { order: 1 });
    world.settle();
    expect(world.outcome(write)).toMatchObject({ ok: true });
  });

  it("another broker account under the same id is another job", () => {
    const { world, sidecar, write } = started();
    const frame = JSON.parse(sidecar.received.findLast((t) => t.includes("job.submit")) ?? "{}");
    again(world, sidecar, write, { grant: { ...frame.payload.grant, broker_account: "DU9" } });
    expect(sentTo(sidecar, "session.error").at(-1)?.payload.code).toBe("ALREADY_EXISTS");
  });

  it("a duplicate that comes while the first still runs starts nothing", () => {
    const { world, sidecar, write } = started();
    world.begin(sidecar, write);
    again(world, sidecar, write);
    world.work(sidecar);
    world.settle();
    expect(world.executions.get(write)).toBe(1);
    expect(sentTo(sidecar, "job.result")).toHaveLength(1);
  });

  it("after the sidecar was restarted the job is still known", () => {
    const { world, sidecar, write } = started();
    world.work(sidecar, { order: 1 });
    world.advance(1_000);
    world.killSidecar(sidecar);
    world.startSidecar(sidecar);
    world.advance(1_000);
    const frame = JSON.parse(
      sidecar.received.find((t) => t.includes("job.submit") && t.includes(write)) ?? "{}",
    );
    const { link } = sidecar.state;
    if (link.kind !== "live") throw new Error("not connected");
    const head = { id: world.nextId(), session_id: link.session.id, epoch: link.session.epoch };
    sidecar.wire?.toSidecar.push({ text: JSON.stringify({ ...frame, ...head }) });
    world.settle();
    expect(sidecar.running.size).toBe(0);
    expect(world.executions.get(write)).toBe(1);
    expect(sentTo(sidecar, "job.result").at(-1)).toMatchObject({ payload: { job_id: write } });
  });

  it("a crash before the point of no return ends the write as not executed", () => {
    const { world, sidecar, write } = started();
    world.killSidecar(sidecar);
    world.startSidecar(sidecar);
    world.advance(1_000);
    expect(world.outcome(write)).toMatchObject({ ok: false, outcome: "not_executed" });
    expect(world.executions.get(write)).toBeUndefined();
  });

  it("a crash after it ends the write as unknown, never as a guess", () => {
    const { world, sidecar, write } = started();
    world.begin(sidecar, write);
    world.killSidecar(sidecar);
    world.startSidecar(sidecar);
    world.advance(1_000);
    expect(world.outcome(write)).toMatchObject({
      ok: false,
      code: "OUTCOME_UNKNOWN",
      outcome: "unknown",
    });
  });

  it("an id older than everything the journal remembers is refused, not executed anew", () => {
    const { world, sidecar, write } = started();
    world.work(sidecar);
    world.advance(1_000);
    const { journal } = sidecar.state;
    sidecar.state = {
      ...sidecar.state,
      jobs: new Map(),
      ended: new Map(),
      journal: { ...journal, forgottenThrough: write },
    };
    const id = again(world, sidecar, write);
    expect(sidecar.running.size).toBe(0);
    expect(sentTo(sidecar, "session.error").at(-1)).toMatchObject({
      correlation_id: id,
      payload: { scope: "job", code: "FAILED_PRECONDITION" },
    });
  });

  it("a digest that does not fit its input is refused", () => {
    const { world, sidecar, write } = started();
    const id = again(world, sidecar, write, {
      job_id: world.nextId(),
      input_sha256: "0".repeat(64),
    });
    expect(sentTo(sidecar, "session.error").at(-1)).toMatchObject({
      correlation_id: id,
      payload: { scope: "job", code: "INVALID_ARGUMENT" },
    });
    expect(sidecar.running.size).toBe(1);
  });
});
