import { opens } from "@ibkr-edge-gateway/evidence/event/commitment.ts";
import { inclusionProof } from "@ibkr-edge-gateway/evidence/merkle/proofs.ts";
import { verifyInclusion } from "@ibkr-edge-gateway/evidence/merkle/verify.ts";
import { canonicalJson, sha256Hex } from "@ibkr-edge-gateway/protocol/digest.ts";
import { sha256 } from "@noble/hashes/sha2.js";
import { bytesToHex, hexToBytes } from "@noble/hashes/utils.js";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { auditEvent } from "../../../test/support/audit-event.ts";
import { sqlStorage } from "../../../test/support/sql-storage.ts";
import { shownTail, tailAudit } from "./find-events.ts";
import { auditLeaf } from "./leaf.ts";
import { appendAudit, auditHead, storedNodes } from "./log.ts";
import { seal } from "./seal.ts";
import { eraseSalts, eventsBefore, storedSalts } from "./tables/log.ts";
import { AUDIT_LOG_SCHEMA, AUDIT_SALTS_SCHEMA } from "./tables/schema.ts";

const ACCOUNT = "account-one";
const NOW = Date.parse("2026-11-20T10:00:00.004Z");

const table = () => sqlStorage(AUDIT_LOG_SCHEMA, AUDIT_SALTS_SCHEMA);
/** The salt of a test is seven, so that an event is sealed the same way each time. */
const sevens = (bytes: number) => new Uint8Array(bytes).fill(7);
const append = (sql: SqlStorage, n: number, more = {}) =>
  appendAudit(sql, ACCOUNT, auditEvent(n, more), NOW, sevens);
const sealed = (n: number, more = {}) => seal(auditEvent(n, more), sevens).event;

function logOf(events: number) {
  const sql = table();
  for (let n = 1; n <= events; n++) append(sql, n);
  return sql;
}

describe("the account's audit log", () => {
  it("numbers events from one without gaps and writes one row for each", () => {
    const sql = table();
    for (let n = 1; n <= 64; n++) {
      const before = sql.rowsWritten();
      expect(append(sql, n).seq).toBe(n);
      expect(sql.rowsWritten() - before).toBe(1);
    }
  });

  it("hashes what RFC 6962 and RFC 8785 say, and nothing of its own making", () => {
    const event = sealed(3);
    const json = canonicalJson({ account: ACCOUNT, seq: 17, event });
    const bytes = new TextEncoder().encode(`ibkr-audit/v1\n${json}`);
    expect(auditLeaf(ACCOUNT, 17, event)).toEqual(sha256(Uint8Array.of(0, ...bytes)));
  });

  it("binds a leaf to its account, its number and every field of its event", () => {
    const hash = (account: string, seq: number, more = {}) =>
      bytesToHex(auditLeaf(account, seq, sealed(1, more)));
    const { leafHash } = append(table(), 1);
    expect(leafHash).toBe(hash(ACCOUNT, 1));
    expect(leafHash).not.toBe(hash("account-two", 1));
    expect(leafHash).not.toBe(hash(ACCOUNT, 2));
    expect(leafHash).not.toBe(
      hash(ACCOUNT, 1, { hidden: { account: null, input: null, output: null } }),
    );
    expect(leafHash).not.toBe(hash(ACCOUNT, 1, { meta: { reason: "" } }));
  });

  it("opens what it hides by the salts beside the row, and by nothing once they are erased", () => {
    const sql = table();
    const hidden = { account: "U1234567", input: "a".repeat(64), output: null };
    const before = appendAudit(sql, ACCOUNT, auditEvent(1, { hidden }), NOW);
    const head = auditHead(sql);
    const [row] = eventsBefore(sql, 2, 1);
    const event = JSON.parse(row?.event ?? "{}");
    const salts = JSON.parse(storedSalts(sql, 1) ?? "{}");
    expect(Object.keys(salts)).toEqual(["account", "input"]);
    expect(salts.account).not.toBe(salts.input);
    for (const field of ["account", "input"] as const) {
      const payload = canonicalJson(hidden[field]);
      const opening = { field, salt: hexToBytes(salts[field]), payload };
      expect(opens(event[field], opening)).toBe(true);
      expect(row?.event).not.toContain(salts[field]);
    }
    expect(event).toMatchObject({ v: 2, output: null });
    expect(row?.event).not.toContain("U1234567");
    eraseSalts(sql, 1);
    expect(storedSalts(sql, 1)).toBeNull();
    expect(auditHead(sql)).toEqual(head);
    expect(eventsBefore(sql, 2, 1)).toEqual([row]);
    expect(row?.leaf_hash).toBe(before.leafHash);
  });

  it("keeps the leaves of the version before as they are, and shows others nothing of them to try guesses on", () => {
    const sql = table();
    const { hidden: _, ...common } = auditEvent(1);
    const input_hash = sha256Hex(canonicalJson({ account_id: "U1234567" }));
    const policy_hash = sha256Hex("a policy");
    const meta = { policy_hash, coid: "ieg1-0" };
    const old = { ...common, v: 1 as const, input_hash, output_hash: null, meta };
    const json = canonicalJson(old);
    const leaf = auditLeaf(ACCOUNT, 1, old);
    sql.exec(
      "INSERT INTO audit_log (seq, nodes, event, appended_at) VALUES (1, ?, ?, ?)",
      leaf.slice().buffer,
      json,
      NOW,
    );
    append(sql, 2);
    expect(tailAudit(sql, { limit: 2 }).records[1]?.event).toEqual(old);
    const proof = inclusionProof(0, 2, storedNodes(sql));
    const { root } = auditHead(sql);
    expect(verifyInclusion(leaf, 0, 2, proof, hexToBytes(root))).toBe(true);
    const [newer, shown] = shownTail(sql, { limit: 2 }).records;
    expect(newer?.event).toEqual(sealed(2));
    expect(shown?.event).toMatchObject({ v: 1, event_id: null, input: null, type: "tool.call" });
    expect(shown?.event.meta).toEqual({ coid: "ieg1-0" });
    expect(JSON.stringify(shown)).not.toContain(input_hash);
    // All that is shown, and every account there is: the leaf's hash says nothing without the id.
    const tried = { ...old, event_id: "" };
    expect(bytesToHex(auditLeaf(ACCOUNT, 1, tried))).not.toBe(shown?.leaf_hash);
  });

  it("proves any event against the head", () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 70 }), fc.nat(), (size, pick) => {
        const sql = logOf(size);
        const seq = (pick % size) + 1;
        const head = auditHead(sql);
        expect(head.size).toBe(size);
        const leaf = auditLeaf(ACCOUNT, seq, sealed(seq));
        const proof = inclusionProof(seq - 1, size, storedNodes(sql));
        expect(verifyInclusion(leaf, seq - 1, size, proof, hexToBytes(head.root))).toBe(true);
      }),
      { seed: 20261120, numRuns: 60 },
    );
  });

  it("pages from the newest to the first, each event once", () => {
    const sql = logOf(23);
    const seen: number[] = [];
    let beforeSeq: number | null = null;
    do {
      const page = tailAudit(sql, beforeSeq === null ? { limit: 10 } : { limit: 10, beforeSeq });
      expect(page.headSeq).toBe(23);
      seen.push(...page.records.map(({ seq }) => seq));
      for (const { seq, event, leaf_hash } of page.records) {
        expect(bytesToHex(auditLeaf(ACCOUNT, seq, event))).toBe(leaf_hash);
      }
      beforeSeq = page.nextBeforeSeq;
    } while (beforeSeq !== null);
    expect(seen).toEqual(Array.from({ length: 23 }, (_, at) => 23 - at));
  });

  it("answers an empty log, and a page before its beginning, with nothing", () => {
    expect(tailAudit(logOf(0), { limit: 10 })).toEqual({
      records: [],
      nextBeforeSeq: null,
      headSeq: 0,
    });
    expect(tailAudit(logOf(3), { beforeSeq: 1, limit: 10 })).toMatchObject({
      records: [],
      nextBeforeSeq: null,
    });
  });

  it("bounds a page whatever is asked", () => {
    const sql = logOf(3);
    expect(tailAudit(sql, { limit: 0 }).records).toHaveLength(1);
    expect(tailAudit(sql, { limit: 1e9 }).records).toHaveLength(3);
  });

  it("(p) costs the same for a page at ten thousand events as at a hundred: seeks, no scan", () => {
    const sql = logOf(1);
    const plans: string[] = [];
    let read = 0;
    const watched: SqlStorage = {
      ...sql,
      exec: <Row extends Record<string, SqlStorageValue>>(
        query: string,
        ...bindings: (string | number | null)[]
      ) => {
        const plan = sql.exec<{ detail: string }>(`EXPLAIN QUERY PLAN ${query}`, ...bindings);
        plans.push(...plan.toArray().map(({ detail }) => detail));
        // What a cursor gave it does not give again.
        read += sql.exec<Row>(query, ...bindings).toArray().length;
        return sql.exec<Row>(query, ...bindings);
      },
    };
    const cost = (size: number, beforeSeq?: number) => {
      sql.exec(
        `INSERT INTO audit_log (seq, nodes, event, appended_at)
         WITH RECURSIVE n(seq) AS (SELECT (SELECT MAX(seq) FROM audit_log) + 1 UNION ALL
           SELECT seq + 1 FROM n WHERE seq < ?)
         SELECT n.seq, first.nodes, first.event, first.appended_at
         FROM n JOIN audit_log AS first ON first.seq = 1 WHERE n.seq <= ?`,
        size,
        size,
      );
      plans.length = 0;
      read = 0;
      const page = tailAudit(watched, {
        limit: 50,
        ...(beforeSeq === undefined ? {} : { beforeSeq }),
      });
      expect([page.headSeq, page.records.length]).toEqual([size, 50]);
      return { plans: [...plans], read };
    };
    const small = cost(100);
    const large = cost(10_000);
    expect(large).toEqual(small);
    expect(cost(10_000, 60)).toEqual(small);
    expect(large.plans.length).toBeGreaterThan(1);
    expect(large.plans.join()).not.toContain("SCAN");
    expect(large.read).toBe(51);
  });
});
