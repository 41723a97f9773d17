import { beforeEach, expect, it } from "vitest";
import { auditEvent } from "../../../../test/support/audit-event.ts";
import { sqlStorage } from "../../../../test/support/sql-storage.ts";
import { appendAudit, auditHead } from "../../audit/log.ts";
import { storedSalts } from "../../audit/tables/log.ts";
import { MIGRATIONS } from "../../schema.ts";
import { findEvidence, keepEvidence } from "../tables/evidence.ts";
import { keepPcStatement, noteGone, pcStatements } from "../tables/pc-statements.ts";
import { eraseEntry } from "./erase-entry-values.ts";

let sql: ReturnType<typeof sqlStorage>;
const append = (over: Parameters<typeof auditEvent>[1] = {}) => {
  const hidden = { account: "U1234567", input: null, output: null };
  return appendAudit(sql, "acc_7d3f", auditEvent(1, { hidden, ...over }), 0).seq;
};
const keep = (coid: string, seq: number) =>
  keepEvidence(sql, {
    ...{ coid, seq, brokerAccount: "U1234567", policyVersion: 1, mandateId: null, intent: "{}" },
    assertion: { id: "a", client_data_json: "a", authenticator_data: "a", signature: "a" },
    approver: null,
  });

beforeEach(() => {
  sql = sqlStorage(...MIGRATIONS.map(({ sql: text }) => text));
});

it("takes what opens one entry, once, and leaves its neighbours and the tree", () => {
  const [before, seq, after] = [append(), append(), append()];
  const head = auditHead(sql);
  expect([eraseEntry(sql, seq), eraseEntry(sql, seq)]).toEqual(["erased", "nothing"]);
  expect(storedSalts(sql, seq)).toBeNull();
  expect([storedSalts(sql, before), storedSalts(sql, after)]).not.toContain(null);
  expect(auditHead(sql)).toEqual(head);
});

it("takes the evidence of the order that ended with it, and of no other", () => {
  keep("ieg1-one", append({ type: "order.settled", meta: { coid: "ieg1-one" } }));
  keep("ieg1-two", append({ type: "order.settled", meta: { coid: "ieg1-two" } }));
  expect(eraseEntry(sql, 1)).toBe("erased");
  expect([findEvidence(sql, "ieg1-one"), findEvidence(sql, "ieg1-two")?.seq]).toEqual([null, 2]);
});

it("takes what the PC stated of that order, and of no other, and the tree stays as it is", () => {
  const kind = { sidecarId: "sc_1", pcKey: "A".repeat(43) };
  for (const [at, coid] of ["ieg1-one", "ieg1-two"].entries()) {
    keep(coid, append({ type: "order.settled", meta: { coid } }));
    keepPcStatement(sql, { ...kind, coid, kind: "sent", statement: `{"sent":${at}}` });
    keepPcStatement(sql, { ...kind, coid, kind: "result", statement: `{"result":${at}}` });
    noteGone(sql, coid);
  }
  const head = auditHead(sql);
  eraseEntry(sql, 1);
  expect(pcStatements(sql, "ieg1-one")).toMatchObject({ sent: null, result: null, gone: 1 });
  expect(pcStatements(sql, "ieg1-two")).toMatchObject({ sent: '{"sent":1}' });
  expect(pcStatements(sql, "ieg1-two")).toMatchObject({ result: '{"result":1}' });
  expect(auditHead(sql)).toEqual(head);
});

it("knows no entry that is not there", () => {
  append();
  const found = [0, -1, 2, 1.5, Number.NaN].map((seq) => eraseEntry(sql, seq));
  expect(new Set(found)).toEqual(new Set(["unknown"]));
});
