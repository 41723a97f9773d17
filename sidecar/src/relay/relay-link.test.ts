import { randomBytes } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { canonicalJson, sha256Hex } from "@ibkr-edge-gateway/protocol/digest.ts";
import { CLOSE } from "@ibkr-edge-gateway/protocol/relay/relay-errors.ts";
import { ulid } from "@ibkr-edge-gateway/protocol/ulid.ts";
import { afterEach, describe, expect, it, vi } from "vitest";
import { type Caller, startFakeEdge } from "../../../test/support/relay/fake-edge.ts";
import { memoryDeviceKey } from "../../../test/support/relay/live-sidecar.ts";
import { testExecutor, testOperations } from "../../../test/support/relay/test-executor.ts";
import { type Journal, openJournal } from "../journal/relay-journal.ts";
import { createRelayLink } from "./relay-link.ts";
import { connectWebSocket } from "./relay-socket.ts";

/** The dialling end over a real socket, with somebody at the other end who says what a test wants. */
const cleanUps: (() => unknown)[] = [];
afterEach(async () => {
  for (const clean of cleanUps.splice(0).reverse()) await clean();
});

async function sidecarFacing(
  onCaller: (caller: Caller, count: number) => unknown,
  /** The journal's disk has so many pages and is full. */
  fullAtPages?: number,
) {
  const edge = await startFakeEdge(onCaller);
  cleanUps.push(() => edge.close());
  const folder = mkdtempSync(join(tmpdir(), "ibkr-sidecar-link-"));
  cleanUps.push(() => rmSync(folder, { recursive: true, force: true }));
  const journal = openJournal({
    path: join(folder, "journal.sqlite"),
    now: Date.now,
    ...(fullAtPages === undefined ? {} : { maxPages: fullAtPages }),
  });
  if (fullAtPages !== undefined) fill(journal);
  cleanUps.push(() => journal.close());
  const executor = testExecutor();
  const link = createRelayLink({
    pairing: edge.pairing,
    deviceKey: memoryDeviceKey(),
    policy: { offer: ["broker.read", "orders.paper", "events", "chunks"], broker_accounts: null },
    journal,
    executor,
    operations: testOperations,
    version: "test",
    logger: { debug() {}, info() {}, warn() {}, error() {} },
    connect: connectWebSocket,
    now: () => performance.timeOrigin + performance.now(),
    random: () => 0,
    random32: () => randomBytes(32).toString("base64url"),
    onChange: () => undefined,
  });
  cleanUps.push(() => link.stop("test over"));
  link.start();
  const reached = (kind: string) =>
    vi.waitFor(() => expect(link.state().link.kind).toBe(kind), { timeout: 5_000, interval: 5 });
  return { link, journal, executor, reached };
}

function submit(caller: Caller, operation: string) {
  const input = {};
  const jobId = ulid(Date.now());
  caller.say("job.submit", {
    job_id: jobId,
    operation,
    input,
    input_sha256: sha256Hex(canonicalJson(input)),
    grant: {
      capability: operation === "test.write" ? "orders.paper" : "broker.read",
      scope: "test",
      expires_at: new Date(Date.now() + 60_000).toISOString(),
    },
    deadline_ms: 5_000,
  });
  return jobId;
}

describe("a host that answers in the gateway's place", () => {
  it("stops nothing and renumbers nothing, whatever it says before it proved its key", async () => {
    const lies: ((caller: Caller) => void)[] = [
      (caller) => caller.close(CLOSE.revoked),
      (caller) => {
        caller.refuse("session.rejected", "LEASE_REVOKED", "stranger");
        caller.close(CLOSE.revoked);
      },
      (caller) => {
        caller.refuse("session.unauthenticated", "FAILED_PRECONDITION", "nobody");
        caller.close(CLOSE.unauthenticated);
      },
      (caller) => {
        caller.refuse("session.unauthenticated", "FAILED_PRECONDITION", "stranger");
        caller.close(CLOSE.unauthenticated);
      },
    ];
    const ids = new Set<string>();
    const { link, reached } = await sidecarFacing((caller, count) => {
      ids.add(caller.open.payload.journal.id);
      const lie = lies[count - 1];
      if (lie === undefined) void caller.accept();
      else lie(caller);
    });
    await reached("live");
    expect(link.state().dial).toBe(lies.length + 1);
    expect(ids.size).toBe(1);
  });

  it("the gateway itself is obeyed: its signed rejection is final, its signed doubt renumbers", async () => {
    const seen: string[] = [];
    const { link, reached } = await sidecarFacing((caller, count) => {
      seen.push(caller.open.payload.journal.id);
      if (count === 1) {
        caller.refuse("session.unauthenticated", "FAILED_PRECONDITION", "edge");
        caller.close(CLOSE.unauthenticated);
      } else {
        caller.refuse("session.rejected", "LEASE_REVOKED", "edge");
        caller.close(CLOSE.revoked);
      }
    });
    await reached("stopped");
    expect(link.state().link).toMatchObject({ code: CLOSE.revoked });
    expect(seen).toHaveLength(2);
    expect(new Set(seen).size).toBe(2);
  });
});

describe("a disk without room for a new journal", () => {
  it("refuses writes, goes on reading, and begins the journal once there is room", async () => {
    const journals: string[] = [];
    let caller: Caller | undefined;
    const { link, executor, journal, reached } = await sidecarFacing((next, count) => {
      caller = next;
      journals.push(next.open.payload.journal.id);
      if (count > 1) {
        void next.accept();
        return;
      }
      next.refuse("session.unauthenticated", "FAILED_PRECONDITION", "edge");
      next.close(CLOSE.unauthenticated);
    }, 60);
    const before = journal.load().index;
    expect(before.newestSeq).toBeGreaterThan(100);
    await reached("live");
    if (caller === undefined) throw new Error("nobody called");
    const result = caller.next("job.result");
    const refusal = caller.next("session.error");
    const read = submit(caller, "test.read");
    submit(caller, "test.write");
    expect((await result).payload.job_id).toBe(read);
    expect((await refusal).payload).toMatchObject({ code: "RESOURCE_EXHAUSTED", scope: "job" });
    executor.emit({ n: "held" });
    expect(executor.executed).toEqual([]);
    // Nothing of the old journal was lost meanwhile, and nothing was numbered in the stand-in.
    expect(journal.load().index).toEqual(before);
    expect(journals[1]).not.toBe(before.id);
    expect(link.state().journal).toMatchObject({ id: journals[1], standIn: true, newestSeq: 0 });

    // Room, however it came.
    journal.commit([{ kind: "acked", seq: 100 }]);
    await vi.waitFor(() => expect(journals).toHaveLength(3), { timeout: 4_000 });
    await reached("live");
    expect(journals[2]).toBe(journal.load().index.id);
    const done = caller.next("job.result");
    const write = submit(caller, "test.write");
    expect((await done).payload.job_id).toBe(write);
    expect(executor.executed).toEqual([write]);
    const kept = before.newestSeq - 100;
    const told = journal.eventsAfter(0, 1_000).map(({ payload }) => JSON.parse(payload).n);
    expect(told.slice(0, kept)).toEqual(Array.from({ length: kept }, (_, n) => 101 + n));
    expect(told.slice(kept)).toEqual(["held", undefined]);
    expect(link.state().journal.standIn).toBe(false);
  });
});

/** Fills a journal to its last page. */
function fill(journal: Journal): void {
  for (let n = 1; ; n += 1) {
    const payload = JSON.stringify({ n, filler: "x".repeat(480) });
    try {
      journal.commit([{ kind: "event", seq: n, type: "broker.alert", payload, jobId: null }]);
    } catch {
      return;
    }
  }
}
