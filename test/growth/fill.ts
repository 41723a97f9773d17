import type { D1Database } from "@cloudflare/workers-types";
import { appendAudit } from "../../durable-objects/account/audit/log.ts";
import { newestLeaf } from "../../durable-objects/account/audit/tables/log.ts";
import {
  AUDIT_LOG_SCHEMA,
  AUDIT_SALTS_SCHEMA,
} from "../../durable-objects/account/audit/tables/schema.ts";
import { shipAuditRows } from "../../durable-objects/d1/tables/audit-events.ts";
import type { Gateway } from "../../scripts/lib/gateway.ts";
import { auditEvent } from "../support/audit-event.ts";
import { ASSERTION } from "../support/order-book.ts";
import { aMandate } from "../support/orders.ts";
import { sqlStorage } from "../support/sql-storage.ts";
import { fillOrders, type InObject } from "./fill-orders.ts";

/** How much of each an account has kept. */
export interface Age {
  orders: number;
  clients: number;
  mandates: number;
  leaves: number;
}

const DAY_MS = 86_400_000;
/** Fewer than make an outage of the log's copy. */
const LEAVES_AT_ONCE = 8_000;

/**
 * Makes an account older than it is: copies of one order that ran through every real part, with its
 * preview, approval, key, job and number; clients let in and withdrawn; mandates that ended; leaves.
 */
export async function fill(gateway: Gateway, accountId: string, from: Age, to: Age): Promise<void> {
  const inObject = (query: string, ...values: (string | number)[]) =>
    gateway.sql("Account", accountId, query, ...values);
  const now = Date.now();
  await fillOrders(inObject, now, from.orders, to.orders);
  await fillClients(inObject, now, from.clients, to.clients);
  for (let n = from.mandates; n < to.mandates; n += 1) {
    const mandate = {
      ...aMandate(),
      mandate_id: `mandate_${n}`,
      not_before: new Date(now - 2 * DAY_MS).toISOString(),
      not_after: new Date(now - DAY_MS).toISOString(),
    };
    await inObject(
      `INSERT INTO order_mandates (mandate_id, mandate_hash, mandate, assertion, signed_at, revoked_at,
         revoked_by) VALUES (?, ?, ?, ?, ?, ?, ?)`,
      ...[mandate.mandate_id, `hash_${n}`, JSON.stringify(mandate), JSON.stringify(ASSERTION)],
      ...[now - 2 * DAY_MS + n, now - DAY_MS, "owner"],
    );
  }
  await fillLeaves(inObject, await gateway.d1(), accountId, to.leaves - from.leaves);
}

/** True leaves: the PC cosigns the log, and sends nothing under one that is not its own. */
async function fillLeaves(
  inObject: InObject,
  database: D1Database,
  accountId: string,
  leaves: number,
): Promise<void> {
  if (leaves <= 0) return;
  await copied(inObject);
  const log = sqlStorage(AUDIT_LOG_SCHEMA, AUDIT_SALTS_SCHEMA);
  const rows = (await inObject(
    "SELECT seq, hex(nodes) AS nodes, event, salts, appended_at FROM audit_log ORDER BY seq",
  )) as { appended_at: number }[];
  addLeaves(log, rows);
  const newestMs = Math.max(...rows.map(({ appended_at }) => appended_at));
  const newest = new Date(newestMs).toISOString();
  const times = { started_at: newest, ended_at: newest };
  for (let left = leaves; left > 0; left -= LEAVES_AT_ONCE) {
    const after = newestLeaf(log).seq;
    for (let n = 0; n < Math.min(left, LEAVES_AT_ONCE); n += 1) {
      // At the time of the newest there is: what is looked for by its time is not among them.
      appendAudit(log, accountId, auditEvent(after + n, times), newestMs);
    }
    const made = log
      .exec(
        `SELECT seq, hex(nodes) AS nodes, event, salts, appended_at FROM audit_log
         WHERE seq > ? ORDER BY seq`,
        after,
      )
      .toArray();
    for (let at = 0; at < made.length; at += 1_000) {
      const rows = made.slice(at, at + 1_000);
      await inObject(ADD_LEAVES, JSON.stringify(rows));
      // The object's own alarm copies five hundred at a time, beside all else that is due.
      await shipAuditRows(database, accountId, rows.map(shipped));
      await inObject(
        "UPDATE audit_outbox SET shipped_seq = MAX(shipped_seq, ?)",
        Number(rows.at(-1)?.seq),
      );
    }
  }
}

const shipped = (row: Record<string, unknown>) => ({
  seq: Number(row.seq),
  leaf_hash: String(row.nodes).slice(0, 64).toLowerCase(),
  event: String(row.event),
});

const ADD_LEAVES = `INSERT INTO audit_log (seq, nodes, event, salts, appended_at)
  SELECT value ->> '$.seq', unhex(value ->> '$.nodes'), value ->> '$.event', value ->> '$.salts',
    value ->> '$.appended_at' FROM json_each(?)`;
const addLeaves = (log: SqlStorage, rows: readonly object[]): void =>
  void log.exec(ADD_LEAVES, JSON.stringify(rows));

/** Until D1 has what was added, by the object's own alarm. */
async function copied(inObject: InObject): Promise<void> {
  for (const end = Date.now() + 60_000; Date.now() < end; ) {
    const [row] = (await inObject(
      "SELECT (SELECT MAX(seq) FROM audit_log) - shipped_seq AS waiting FROM audit_outbox",
    )) as { waiting: number }[];
    if (row !== undefined && row.waiting === 0) return;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  throw new Error("the log was not copied in time");
}

/** Each other one was withdrawn. */
async function fillClients(inObject: InObject, now: number, from: number, to: number) {
  if (to <= from) return;
  const numbers = `WITH RECURSIVE n (i) AS (SELECT ${from} UNION ALL SELECT i + 1 FROM n WHERE i < ${to - 1})`;
  await inObject(
    `INSERT INTO clients (client_id, client_name, redirect_host, scopes, consented, state, admitted_at,
       read_only_until, revoked_at)
     ${numbers} SELECT 'old-' || i, 'Old agent ' || i, 'agent.example', scopes, consented,
       IIF(i % 2 = 0, 'active', 'revoked'), ${now - 80 * DAY_MS} + i, 0,
       IIF(i % 2 = 0, NULL, ${now - 70 * DAY_MS})
     FROM n CROSS JOIN (SELECT scopes, consented FROM clients WHERE client_id NOT LIKE 'old-%' LIMIT 1)`,
  );
  await inObject(
    `INSERT INTO grants (grant_id, client_id, admitted_at, state)
     ${numbers} SELECT 'old-' || i, 'old-' || i, ${now - 80 * DAY_MS},
       IIF(i % 2 = 0, 'active', 'revoked') FROM n`,
  );
}
