import { CURSORS_PER_SIDECAR_MAX, SETTLED_JOBS_DAYS } from "@ibkr-edge-gateway/protocol/limits.ts";
import { answeredBefore } from "@ibkr-edge-gateway/protocol/relay/edge/answered-before.ts";
import { ulid } from "@ibkr-edge-gateway/protocol/ulid.ts";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { createWorld } from "../../../test/support/relay/world.ts";
import { sqlStorage } from "../../../test/support/sql-storage.ts";
import { jobsInSubmission } from "../orders/tables/intents/working.ts";
import { writeLost } from "../orders/transactions/lost-write.ts";
import { MIGRATIONS } from "../schema.ts";
import { pruneRelay, settledWrite, storeEdge } from "./relay-store.ts";

const DAY = 86_400_000;
const NOW = Date.UTC(2026, 10, 20);
const DONE = { ok: true, result: null, resultSha256: "" } as const;

function account() {
  const sql = sqlStorage(...MIGRATIONS.map(({ sql: statements }) => statements));
  const put = (jobId: string, settledAt: number | null) =>
    sql.exec(
      "INSERT INTO relay_jobs (job_id, record, settled_at) VALUES (?, ?, ?)",
      jobId,
      JSON.stringify(DONE),
      settledAt,
    );
  const jobs = () =>
    sql
      .exec<{ job_id: string }>("SELECT job_id FROM relay_jobs")
      .toArray()
      .map(({ job_id }) => job_id);
  return { sql, put, jobs };
}

describe("old rows of the relay", () => {
  it("go when they are settled and old, and a write under their id is refused from then on", () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.nat(20 * DAY), fc.nat(20 * DAY)), { maxLength: 30 }),
        fc.nat(20 * DAY),
        (ends, later) => {
          const { sql, put } = account();
          const jobs = ends.map(([made, took]) => {
            const jobId = ulid(NOW + made);
            put(jobId, NOW + made + took);
            return jobId;
          });
          const now = NOW + later;
          pruneRelay(sql, { nowMs: now, waitedFor: jobsInSubmission(sql) });
          // Whatever was dropped and whatever stands: no id that was ever used may go out again.
          for (const jobId of jobs) {
            if (settledWrite(sql, jobId) === null) {
              expect(answeredBefore(jobId, null, now)).toMatchObject({ outcome: "unknown" });
            } else {
              expect(answeredBefore(jobId, settledWrite(sql, jobId), now)).toEqual(DONE);
            }
          }
        },
      ),
      { seed: 20_261_120, numRuns: 40 },
    );
  });

  it("stay while they are open, however old, and while their order has not taken their end", () => {
    const { sql, put, jobs } = account();
    const long = NOW - (SETTLED_JOBS_DAYS + 1) * DAY;
    for (const jobId of ["settled", "waited-for"]) put(jobId, long);
    put("open", null);
    sql.exec(
      `INSERT INTO order_intents (coid, client_id, action, mode, broker_account, job_id, state,
         orders, ledger, day, conid, side, asset_class, time_in_force, economic_hash, created_at,
         updated_at)
       VALUES ('c', 'agent', 'place', 'paper', 'DU1', 'waited-for', 'submitting', 1, 'reserved',
         '2026-11-12', 1, 'BUY', 'STK', 'DAY', 'h', ?, ?)`,
      long,
      long,
    );
    pruneRelay(sql, { nowMs: NOW, waitedFor: jobsInSubmission(sql) });
    expect(jobs().sort()).toEqual(["open", "waited-for"]);
  });

  it("keep the places of the newest journals of each sidecar, and the session's own", () => {
    const { sql } = account();
    const moved = (sidecarId: string, journalId: string, at: number) =>
      storeEdge(sql, "a", [{ kind: "cursor", sidecarId, journalId, seq: 1 }], at);
    for (let n = 0; n < CURSORS_PER_SIDECAR_MAX + 5; n += 1) moved("s1", `j${n}`, NOW + n);
    moved("s2", "other", NOW - DAY);
    sql.exec(`INSERT INTO relay_session (one, record) VALUES (1, '{"journalId":"j0"}')`);
    pruneRelay(sql, { nowMs: NOW + DAY, waitedFor: jobsInSubmission(sql) });
    const left = sql
      .exec<{ journal_id: string }>("SELECT journal_id FROM event_cursors")
      .toArray()
      .map(({ journal_id }) => journal_id);
    expect(left).toHaveLength(CURSORS_PER_SIDECAR_MAX + 2);
    expect(left).toEqual(expect.arrayContaining(["j0", "j5", "other"]));
    expect(left).not.toEqual(expect.arrayContaining(["j4"]));
  });
});

describe("what a job costs in storage", () => {
  /** Rows that the edge writes while a job of this kind runs from its submission to its acknowledgement. */
  function rowsOf(operation: string): number {
    const { sql } = account();
    const world = createWorld();
    const sidecar = world.connected();
    const before = sql.rowsWritten();
    world.onEdgeWrites((writes) => storeEdge(sql, "a", writes, world.now()));
    const job = world.submit(operation, {}, { account: "DU1", deadlineMs: 30_000 });
    world.settle();
    world.work(sidecar);
    world.advance(1_000);
    expect(world.outcome(job)).toMatchObject({ ok: true });
    return sql.rowsWritten() - before;
  }

  it("a read writes no row, and a write six at most", () => {
    expect(rowsOf("test.read")).toBe(0);
    expect(rowsOf("test.write")).toBe(3);
  });
});

describe("a write whose record the PC has lost", () => {
  it("is told to the owner once, with the order it was", () => {
    const { sql } = account();
    let woken = 0;
    const parts = {
      storage: { sql, transactionSync: <T>(work: () => T) => work() },
      now: () => NOW,
      wakeAt: () => {
        woken += 1;
      },
      log: () => undefined,
    };
    const submit = {
      job_id: ulid(NOW),
      operation: "order.place",
      input: {},
      input_sha256: "0".repeat(64),
      grant: { capability: "orders.paper", broker_account: "DU1", scope: "test", expires_at: "" },
      deadline_ms: 1,
    } as const;
    for (let n = 0; n < 2; n += 1) writeLost(parts, { submit });
    expect(sql.exec("SELECT kind, broker_account FROM order_alerts").toArray()).toEqual([
      { kind: "outcome_unknown", broker_account: "DU1" },
    ]);
    expect(woken).toBe(1);
  });
});
