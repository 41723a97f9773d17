import { defaultPolicy } from "@ibkr-edge-gateway/policy/defaults.ts";
import type { PolicyDocument } from "@ibkr-edge-gateway/policy/document.ts";
import type { CanonicalOrder } from "@ibkr-edge-gateway/protocol/orders/canonical-order.ts";
import type { Effect, PreviewFacts } from "@ibkr-edge-gateway/protocol/orders/ticket.ts";
import { PASSKEYS_SCHEMA } from "../../durable-objects/account/access/tables/schema.ts";
import {
  AUDIT_LOG_SCHEMA,
  AUDIT_SALTS_SCHEMA,
} from "../../durable-objects/account/audit/tables/schema.ts";
import type { Conditions } from "../../durable-objects/account/orders/facts/edge-facts.ts";
import type { OrderLogEntry } from "../../durable-objects/account/orders/order-log.ts";
import type { OrderStorage } from "../../durable-objects/account/orders/order-storage.ts";
import type { SubmitRequest } from "../../durable-objects/account/orders/rules/submits/submit-decision.ts";
import { ORDER_SERVICE_SCHEMA } from "../../durable-objects/account/orders/tables/audit-schema.ts";
import { ORDER_EVIDENCE_SCHEMA } from "../../durable-objects/account/orders/tables/evidence.ts";
import { ORDER_GROWTH_SCHEMA } from "../../durable-objects/account/orders/tables/growth-schema.ts";
import {
  MANDATE_PCS_SCHEMA,
  MANDATES_SCHEMA,
} from "../../durable-objects/account/orders/tables/mandates.ts";
import { PAGE_WISHES_SCHEMA } from "../../durable-objects/account/orders/tables/page-wishes.ts";
import { PC_STATEMENTS_SCHEMA } from "../../durable-objects/account/orders/tables/pc-statements.ts";
import { policyInForce } from "../../durable-objects/account/orders/tables/policies.ts";
import { findPreview } from "../../durable-objects/account/orders/tables/previews.ts";
import { ORDER_TASKS_SCHEMA } from "../../durable-objects/account/orders/tables/scheduled-tasks.ts";
import {
  KILL_CANCELS_SCHEMA,
  ORDER_CANCELS_SCHEMA,
  ORDER_WAITS_SCHEMA,
  ORDERS_SCHEMA,
} from "../../durable-objects/account/orders/tables/schema.ts";
import { ORDER_SENDS_SCHEMA } from "../../durable-objects/account/orders/tables/sends.ts";
import { changePolicy } from "../../durable-objects/account/orders/transactions/policy-transaction.ts";
import { requestApproval } from "../../durable-objects/account/orders/transactions/request-approval.ts";
import { storePreview } from "../../durable-objects/account/orders/transactions/store-preview.ts";
import { switchFeature } from "../../durable-objects/account/orders/transactions/switch-feature.ts";
import { anOrder, aTicket, NOW } from "./orders.ts";
import { factsAt } from "./policy.ts";
import { sqlStorage } from "./sql-storage.ts";

/** An account's order tables in an SQLite of this process, with a clock and a log one can read. */
export interface OrderBook {
  storage: OrderStorage;
  rowsWritten(): number;
  leaves: OrderLogEntry[];
  log: (entry: OrderLogEntry) => void;
  now: number;
  conditions(clientId?: string): Conditions;
  /** A preview by this client; its id. */
  preview(order?: CanonicalOrder, effect?: Effect["kind"], clientId?: string): string;
  ask(previewId: string): string;
  request(over: Partial<SubmitRequest> & Pick<SubmitRequest, "previewId">): SubmitRequest;
}

export const ASSERTION = {
  id: "AAAA",
  client_data_json: "AAAA",
  authenticator_data: "AAAA",
  signature: "AAAA",
};

export function orderBook(change: (policy: PolicyDocument) => void = () => {}): OrderBook {
  const sql = sqlStorage(
    ORDERS_SCHEMA,
    ORDER_CANCELS_SCHEMA,
    KILL_CANCELS_SCHEMA,
    ORDER_SERVICE_SCHEMA,
    ORDER_WAITS_SCHEMA,
    ORDER_TASKS_SCHEMA,
    MANDATES_SCHEMA,
    MANDATE_PCS_SCHEMA,
    ORDER_SENDS_SCHEMA,
    PC_STATEMENTS_SCHEMA,
    PAGE_WISHES_SCHEMA,
    PASSKEYS_SCHEMA,
    ORDER_GROWTH_SCHEMA,
    ORDER_EVIDENCE_SCHEMA,
    AUDIT_LOG_SCHEMA,
    AUDIT_SALTS_SCHEMA,
  );
  const leaves: OrderLogEntry[] = [];
  let ids = 0;
  let depth = 0;
  const next = (prefix: string) => {
    ids += 1;
    return `${prefix}_${ids}`;
  };
  const storage: OrderStorage = {
    sql,
    transactionSync(act) {
      const kept = leaves.length;
      depth += 1;
      sql.exec(`SAVEPOINT s${depth}`);
      try {
        const result = act();
        sql.exec(`RELEASE s${depth}`);
        return result;
      } catch (thrown) {
        sql.exec(`ROLLBACK TO s${depth}`);
        sql.exec(`RELEASE s${depth}`);
        leaves.length = kept;
        throw thrown;
      } finally {
        depth -= 1;
      }
    },
  };
  const policy = defaultPolicy("DU1234567", "paper");
  change(policy);
  const book: OrderBook = {
    storage,
    rowsWritten: () => sql.rowsWritten(),
    leaves,
    log: (entry) => {
      leaves.push(entry);
    },
    now: Date.parse(NOW),
    conditions: (clientId = "client-1") => ({
      nowMs: book.now,
      gatewayAccountId: "acc_7d3f",
      sidecarOnline: true,
      sidecarId: "sc_1b2c",
      session: { state: "ready", generation: 4, at: iso(book.now) },
      provedMode: "paper",
      streamReconciling: false,
      audit: { writable: true, lag_seconds: 0 },
      sidecarSkewMs: 0,
      pcOffers: { paper: true, live: false },
      client: {
        kind: "agent",
        clientId,
        scopes: [
          "ibkr:orders:paper:submit",
          "ibkr:orders:paper:modify",
          "ibkr:orders:paper:cancel",
        ],
        accounts: null,
        admittedAtMs: book.now - 86_400_000,
        released: true,
      },
    }),
    preview(order = anOrder(), effect = "entry", clientId = "client-1") {
      const previewId = next("pv");
      storePreview(
        sql,
        {
          previewId,
          clientId,
          sidecarId: "sc_1b2c",
          generation: 4,
          ticket: { ...aTicket(order), prepared_at: iso(book.now) },
          facts: facts(book.now, effect),
          leastTier: 1,
          keptUntilMs: book.now + 300_000,
        },
        book.now,
      );
      return previewId;
    },
    ask(previewId) {
      const found = policyInForce(sql, "DU1234567", book.now);
      const preview = findPreview(sql, previewId);
      if (found === null || preview === null)
        throw new Error("the book has no such preview or policy");
      return requestApproval(
        sql,
        {
          approvalId: next("ap"),
          gatewayAccountId: "acc_7d3f",
          preview,
          policy: found,
          tier: 1,
          acceptedWarnings: [],
          ttlSeconds: null,
          nonce: String(ids).padStart(32, "0"),
        },
        book.now,
      ).approvalId;
    },
    request(over) {
      const preview = findPreview(sql, over.previewId);
      const effect = preview?.facts.effect?.kind ?? "entry";
      const market = aTicket().market;
      return {
        requestId: next("rq"),
        key: "k",
        digest: `${over.previewId}|${over.approvalId ?? ""}`,
        approvalId: null,
        fresh: {
          market: market === null ? null : { ...market, at: iso(book.now) },
          facts: facts(book.now, effect),
          readAtMs: book.now,
        },
        nonce: String(ids).padStart(32, "f"),
        jobId: next("job"),
        ...over,
      };
    },
  };
  const changed = changePolicy(sql, { document: policy, basedOn: null, signed: true }, book.now);
  if (!changed.ok) throw new Error(`the book's policy is invalid at ${changed.detail}`);
  switchFeature(sql, "paper", true);
  return book;
}

function facts(nowMs: number, kind: Effect["kind"]): PreviewFacts {
  const position = kind === "entry" ? "0" : "-5";
  return {
    ...factsAt(iso(nowMs)),
    effect: { kind, position, working_same_side: "0", at: iso(nowMs) },
  };
}

const iso = (ms: number): string => new Date(ms).toISOString();
