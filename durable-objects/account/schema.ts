import {
  OWNER_SESSION_DETAILS_SCHEMA,
  OWNER_SESSIONS_SCHEMA,
  PASSKEYS_SCHEMA,
  PENDING_FORMS_SCHEMA,
  RECOVERY_SCHEMA,
  SPENT_TOKENS_SCHEMA,
} from "./access/tables/schema.ts";
import { AUDIT_RETENTION_SCHEMA, READ_RETENTION_SCHEMA } from "./audit/tables/retention.ts";
import {
  AUDIT_LOG_SCHEMA,
  AUDIT_OUTAGE_SCHEMA,
  AUDIT_OUTBOX_SCHEMA,
  AUDIT_SALTS_SCHEMA,
  AUDIT_SIGNED_SCHEMA,
  AUDIT_WITNESS_SCHEMA,
} from "./audit/tables/schema.ts";
import { CLIENTS_GROWTH_SCHEMA, CLIENTS_SCHEMA, GRANTS_SCHEMA } from "./clients/tables/schema.ts";
import { ORDER_SERVICE_SCHEMA } from "./orders/tables/audit-schema.ts";
import { ORDER_EVIDENCE_SCHEMA } from "./orders/tables/evidence.ts";
import { ORDER_GROWTH_SCHEMA } from "./orders/tables/growth-schema.ts";
import { MANDATE_PCS_SCHEMA, MANDATES_SCHEMA } from "./orders/tables/mandates.ts";
import { PAGE_WISHES_SCHEMA } from "./orders/tables/page-wishes.ts";
import { PC_APPROVERS_SCHEMA } from "./orders/tables/pc-approvers.ts";
import { PC_STATEMENTS_SCHEMA } from "./orders/tables/pc-statements.ts";
import { ORDER_TASKS_SCHEMA } from "./orders/tables/scheduled-tasks.ts";
import {
  KILL_CANCELS_SCHEMA,
  ORDER_CANCELS_SCHEMA,
  ORDER_WAITS_SCHEMA,
  ORDERS_SCHEMA,
} from "./orders/tables/schema.ts";
import { ORDER_SENDS_SCHEMA } from "./orders/tables/sends.ts";
import {
  CHOSEN_SIDECAR_SCHEMA,
  RELAY_CURSOR_TIMES_SCHEMA,
  RELAY_OPEN_JOBS_SCHEMA,
  RELAY_SCHEMA,
} from "./relay/tables/schema.ts";
import {
  createMigrations,
  doneMigrations,
  hasTables,
  insertMigration,
} from "./tables/migrations.ts";

/**
 * The account's tables, as numbered steps. Append only: a step that ran somewhere is never changed,
 * and ids are never used twice. A step runs once, inside one transaction with its own record.
 */
export const MIGRATIONS: readonly { readonly id: number; readonly sql: string }[] = [
  { id: 1, sql: RELAY_SCHEMA },
  { id: 2, sql: CLIENTS_SCHEMA },
  { id: 3, sql: OWNER_SESSIONS_SCHEMA },
  { id: 4, sql: AUDIT_LOG_SCHEMA },
  { id: 5, sql: AUDIT_OUTBOX_SCHEMA },
  { id: 6, sql: GRANTS_SCHEMA },
  { id: 7, sql: SPENT_TOKENS_SCHEMA },
  { id: 8, sql: OWNER_SESSION_DETAILS_SCHEMA },
  { id: 9, sql: PASSKEYS_SCHEMA },
  { id: 10, sql: RECOVERY_SCHEMA },
  { id: 11, sql: ORDERS_SCHEMA },
  { id: 12, sql: ORDER_SERVICE_SCHEMA },
  { id: 13, sql: ORDER_TASKS_SCHEMA },
  { id: 14, sql: MANDATES_SCHEMA },
  { id: 15, sql: RELAY_CURSOR_TIMES_SCHEMA },
  { id: 16, sql: ORDER_CANCELS_SCHEMA },
  { id: 17, sql: MANDATE_PCS_SCHEMA },
  { id: 18, sql: KILL_CANCELS_SCHEMA },
  { id: 19, sql: ORDER_SENDS_SCHEMA },
  { id: 20, sql: ORDER_WAITS_SCHEMA },
  { id: 21, sql: PENDING_FORMS_SCHEMA },
  { id: 22, sql: CHOSEN_SIDECAR_SCHEMA },
  { id: 23, sql: AUDIT_SALTS_SCHEMA },
  { id: 24, sql: AUDIT_SIGNED_SCHEMA },
  { id: 25, sql: AUDIT_OUTAGE_SCHEMA },
  { id: 26, sql: ORDER_GROWTH_SCHEMA },
  { id: 27, sql: RELAY_OPEN_JOBS_SCHEMA },
  { id: 28, sql: AUDIT_WITNESS_SCHEMA },
  { id: 29, sql: ORDER_EVIDENCE_SCHEMA },
  { id: 30, sql: CLIENTS_GROWTH_SCHEMA },
  { id: 31, sql: PC_STATEMENTS_SCHEMA },
  { id: 32, sql: AUDIT_RETENTION_SCHEMA },
  { id: 33, sql: PAGE_WISHES_SCHEMA },
  { id: 34, sql: READ_RETENTION_SCHEMA },
  { id: 35, sql: PC_APPROVERS_SCHEMA },
];

/** Brings the tables up to date. */
export function migrate(storage: DurableObjectStorage): void {
  const { sql } = storage;
  const done = new Set(hasTables(sql) ? doneMigrations(sql) : []);
  const missing = MIGRATIONS.filter(({ id }) => !done.has(id));
  if (missing.length === 0) return;
  storage.transactionSync(() => {
    createMigrations(sql);
    for (const { id, sql: statements } of missing) {
      sql.exec(statements);
      insertMigration(sql, id);
    }
  });
}
