import { beforeEach, describe, expect, it } from "vitest";
import { auditEvent } from "../../../../test/support/audit-event.ts";
import { sqlStorage } from "../../../../test/support/sql-storage.ts";
import { appendAudit, auditHead } from "../../audit/log.ts";
import { storedSalts } from "../../audit/tables/log.ts";
import { noteExported, readRetention, setRetentionYears } from "../../audit/tables/retention.ts";
import { MIGRATIONS } from "../../schema.ts";
import { findEvidence, keepEvidence } from "../tables/evidence.ts";
import { ERASED_AT_ONCE, eraseOldRecords } from "./erase-old-records.ts";

const ACCOUNT = "acc_7d3f";
// fixed dates: what is old here is told by this clock alone, over years.
const THEN = Date.parse("2020-02-29T12:00:00.000Z");
const YEAR_LATER = Date.parse("2021-03-01T12:00:00.000Z");
const SEVEN_LATER = Date.parse("2027-03-01T12:00:00.000Z");

let sql: ReturnType<typeof sqlStorage>;
const storage = () => ({ sql, transactionSync: <T>(work: () => T): T => work() });
let noted: unknown[];
const erase = (nowMs: number) =>
  eraseOldRecords(storage(), nowMs, (event) => {
    noted.push(event.meta);
    return appendAudit(sql, ACCOUNT, event, nowMs).seq;
  });

function append(count: number, atMs = THEN): void {
  for (let n = 0; n < count; n++) {
    const hidden = { account: "U1234567", input: null, output: null };
    appendAudit(sql, ACCOUNT, auditEvent(n, { hidden }), atMs);
  }
}

function settled(coid: string, atMs: number): void {
  const hidden = { account: "U1234567", input: null, output: null };
  const event = auditEvent(0, { type: "order.settled", meta: { coid }, hidden });
  appendAudit(sql, ACCOUNT, event, atMs);
}

const evidenceOf = (coid: string, seq: number) =>
  keepEvidence(sql, {
    coid,
    seq,
    brokerAccount: "U1234567",
    policyVersion: 1,
    mandateId: null,
    intent: "{}",
    assertion: { id: "a", client_data_json: "a", authenticator_data: "a", signature: "a" },
    approver: null,
  });

beforeEach(() => {
  sql = sqlStorage(...MIGRATIONS.map(({ sql: text }) => text));
  noted = [];
});

describe("what an account keeps of its records", () => {
  it("is everything for seven years, unless its owner says otherwise", () => {
    append(3);
    noteExported(sql, 0, 3);
    expect(readRetention(sql).years).toBe(7);
    erase(SEVEN_LATER - 3 * 86_400_000);
    expect([noted, storedSalts(sql, 1)]).toEqual([[], expect.any(String)]);
    setRetentionYears(sql, 1);
    erase(YEAR_LATER);
    expect(noted).toHaveLength(1);
    expect(storedSalts(sql, 1)).toBeNull();
  });

  it("goes only as far as it was exported, without a gap", () => {
    append(10);
    noteExported(sql, 4, 10);
    erase(SEVEN_LATER);
    expect(readRetention(sql)).toMatchObject({ exported_through: 0, erased_through: 0 });
    noteExported(sql, 0, 6);
    erase(SEVEN_LATER);
    expect(noted).toEqual([
      { from_seq: "1", through_seq: "6", values: "6", orders: "0", years: "7" },
    ]);
    expect([storedSalts(sql, 6), storedSalts(sql, 7)]).toEqual([null, expect.any(String)]);
  });

  it("leaves the tree whole, and takes the evidence of the orders that ended then", () => {
    append(1);
    settled("ieg1-old", THEN);
    append(3);
    settled("ieg1-new", SEVEN_LATER);
    evidenceOf("ieg1-old", 2);
    evidenceOf("ieg1-new", 6);
    noteExported(sql, 0, 6);
    const before = auditHead(sql);
    const entries = () =>
      sql.exec<{ event: string }>("SELECT event FROM audit_log WHERE seq <= 6").toArray();
    const texts = entries();
    erase(SEVEN_LATER);
    expect(entries()).toEqual(texts);
    expect([findEvidence(sql, "ieg1-old"), findEvidence(sql, "ieg1-new")?.seq]).toEqual([null, 6]);
    expect(auditHead(sql).size).toBe(before.size + 1);
    expect(noted).toMatchObject([{ through_seq: "5", values: "5", orders: "1" }]);
  });

  it("goes on in slices until nothing is due, and then writes nothing more", () => {
    append(ERASED_AT_ONCE + 10);
    noteExported(sql, 0, ERASED_AT_ONCE + 10);
    expect(erase(SEVEN_LATER)).toBe(true);
    expect(erase(SEVEN_LATER)).toBe(false);
    expect(readRetention(sql).erased_through).toBe(ERASED_AT_ONCE + 10);
    const before = sql.rowsWritten();
    expect(erase(SEVEN_LATER)).toBe(false);
    expect(sql.rowsWritten()).toBe(before);
  });
});
