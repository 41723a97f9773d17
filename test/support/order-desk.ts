import { defaultPolicy } from "@ibkr-edge-gateway/policy/defaults.ts";
import type { PolicyDocument } from "@ibkr-edge-gateway/policy/document.ts";
import type { OrderOutcome } from "@ibkr-edge-gateway/protocol/operation-schemas/order-parts.ts";
import type {
  PreviewOutcome,
  PreviewRequest,
} from "@ibkr-edge-gateway/protocol/operation-schemas/order-preview.ts";
import type { CanonicalOrder } from "@ibkr-edge-gateway/protocol/orders/canonical-order.ts";
import type { JobSettlement, NewJob } from "@ibkr-edge-gateway/protocol/relay/edge/edge-step.ts";
import type { Scope } from "@ibkr-edge-gateway/protocol/scopes.ts";
import { openOwnerSession } from "../../durable-objects/account/access/session-lifecycle.ts";
import { appendAudit } from "../../durable-objects/account/audit/log.ts";
import { admitClient } from "../../durable-objects/account/clients/clients.ts";
import type { OrderParts } from "../../durable-objects/account/orders/order-context.ts";
import { type OrderLogEntry, orderLog } from "../../durable-objects/account/orders/order-log.ts";
import type { OrderStorage } from "../../durable-objects/account/orders/order-storage.ts";
import type { NewIntent } from "../../durable-objects/account/orders/tables/intents/rows.ts";
import { insertIntent } from "../../durable-objects/account/orders/tables/intents/rows.ts";
import { changePolicy } from "../../durable-objects/account/orders/transactions/policy-transaction.ts";
import { settle } from "../../durable-objects/account/orders/transactions/settle.ts";
import { switchFeature } from "../../durable-objects/account/orders/transactions/switch-feature.ts";
import { MIGRATIONS } from "../../durable-objects/account/schema.ts";
import { aLeg, anOrder, aTicket } from "./orders.ts";
import { factsAt } from "./policy.ts";
import { sqlStorage } from "./sql-storage.ts";

/**
 * The order service of one account over an SQLite of this process and a sidecar of which every
 * answer is written in the test. The relay between them is tested with the real ones elsewhere.
 */
export interface DeskRig {
  parts: OrderParts;
  leaves: OrderLogEntry[];
  /** Every job that was submitted, in order. */
  jobs: NewJob["submit"][];
  /** Of a signed-in owner. */
  secret: string;
  clock: { now: number };
  /** Of the PC. */
  presence: { online: boolean; sidecarId: string; lastSeenAt: number | null };
  /** A working order of this gateway under this broker number. */
  working(coid: string, orderId: string, over?: Partial<NewIntent>): void;
}

export const ACCOUNT = "DU1234567";

export function deskRig(
  answer: (job: NewJob["submit"], rig: DeskRig) => Promise<JobSettlement> | JobSettlement,
  change: (policy: PolicyDocument) => void = () => {},
): DeskRig {
  const sql = sqlStorage(...MIGRATIONS.map(({ sql: text }) => text));
  const clock = { now: Date.parse("2026-11-20T15:00:00.000Z") };
  const leaves: OrderLogEntry[] = [];
  let depth = 0;
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
  const jobs: NewJob["submit"][] = [];
  const presence = { online: true, sidecarId: "sc_1b2c", connectedSince: 0, lastSeenAt: 0 };
  const keep = orderLog({
    accountId: "acc_7d3f",
    accountKey: () => new Uint8Array(32),
    append: (event) => void appendAudit(sql, "acc_7d3f", event, clock.now),
    now: () => clock.now,
  });
  const unused = () => {
    throw new Error("the order service does not use this");
  };
  const parts: OrderParts = {
    storage,
    accountId: "acc_7d3f",
    origin: "https://gateway.example",
    log: (entry) => {
      leaves.push(entry);
      keep(entry);
    },
    now: () => clock.now,
    wakeAt: () => {},
    relay: {
      origin: "https://gateway.example",
      accept: unused,
      message: unused,
      closed: unused,
      cancel: unused,
      revoked: unused,
      chosen: unused,
      narrowed: unused,
      showHead: unused,
      leaseDueAt: unused,
      tick: unused,
      presence: () => presence,
      submit: async (job) => {
        jobs.push(job.submit);
        if (job.class === "write") {
          sql.exec(
            "INSERT INTO relay_jobs (job_id, record, settled_at) VALUES (?, '{}', NULL)",
            job.submit.job_id,
          );
        }
        return answer(job.submit, rig);
      },
    },
  };
  const policy = defaultPolicy(ACCOUNT, "paper");
  change(policy);
  const changed = changePolicy(sql, { document: policy, basedOn: null, signed: true }, clock.now);
  if (!changed.ok) throw new Error(`the rig's policy is invalid at ${changed.detail}`);
  switchFeature(sql, "paper", true);
  sql.exec(
    "INSERT INTO relay_session (one, record) VALUES (1, ?)",
    JSON.stringify({ capabilities: ["orders.paper", "broker.read"] }),
  );
  sql.exec(
    "INSERT INTO broker_status (one, sidecar_id, status, received_at) VALUES (1, ?, ?, ?)",
    presence.sidecarId,
    JSON.stringify({
      state: "ready",
      meaning: "Orders and reads work.",
      mode: "paper",
      generation: 4,
      observed_at: new Date(clock.now).toISOString(),
      source: "simulator",
      next_step: null,
      session_ends_at: null,
      warnings: [],
      reads: "all",
      server_version: null,
      silent_until: null,
    }),
    clock.now,
  );
  const { secret } = openOwnerSession(
    sql,
    { source: "s", method: "passkey", label: "" },
    clock.now,
  );
  const rig: DeskRig = {
    parts,
    leaves,
    jobs,
    secret,
    clock,
    presence,
    working(coid, orderId, over = {}) {
      insertIntent(sql, {
        coid,
        intent_hash: null,
        approval_id: null,
        preview_id: null,
        client_id: "client-1",
        broker_account: ACCOUNT,
        mode: "paper",
        action: "place",
        conid: 265598,
        side: "BUY",
        asset_class: "STK",
        quantity: "1",
        time_in_force: "DAY",
        economic_hash: coid,
        effect: "entry",
        job_id: `job-${coid}`,
        orders: 1,
        notional: "187.25",
        day: "2026-11-20",
        created_at: clock.now,
        ...over,
      });
      const told = outcome(
        { coid, state: "working", proved_by: "live_orders" },
        orderId,
        clock.now,
      );
      settle(storage, coid, { kind: "outcome", outcome: told }, clock.now, parts.log);
    },
  };
  return rig;
}

/** Lets a client in, past its first hour unless said otherwise. */
export function admit(
  rig: DeskRig,
  clientId: string,
  scopes: readonly Scope[],
  atOnce = true,
): void {
  admitClient(
    rig.parts.storage.sql,
    {
      clientId,
      clientName: clientId,
      redirectHost: "agent.example",
      grantId: `grant-${clientId}`,
      scopes: [...scopes],
      atOnce,
    },
    rig.clock.now,
  );
}

export function outcome(
  said: Pick<OrderOutcome, "coid" | "state" | "proved_by"> & Partial<OrderOutcome>,
  orderId: string | null,
  nowMs: number,
): OrderOutcome {
  return {
    action: "place",
    account_id: ACCOUNT,
    intent_hash: null,
    refusals: [],
    broker_text: null,
    orders: [
      {
        role: "single",
        order_ref: said.coid,
        order_id: orderId,
        state: said.state,
        broker_status: null,
        filled: "0",
        remaining: "1",
      },
    ],
    question: null,
    answered: [],
    alerts: [],
    at: new Date(nowMs).toISOString(),
    ...said,
  };
}

export const settled = (result: object): JobSettlement => ({
  ok: true,
  result: JSON.parse(JSON.stringify(result)),
  resultSha256: "0".repeat(64),
});

let previews = 0;
/** The sidecar's answer to a preview of this order. */
export function previewed(order: CanonicalOrder, nowMs: number): JobSettlement {
  const at = new Date(nowMs).toISOString();
  const ticket = aTicket(order);
  const facts = factsAt(at);
  const told: PreviewOutcome = {
    outcome: "ticket",
    ticket: {
      ...ticket,
      prepared_at: at,
      market: ticket.market === null ? null : { ...ticket.market, at },
    },
    facts,
    generation: 4,
    preview_id: `pv_${++previews}`,
    source: "simulator",
    kept_until: new Date(nowMs + 300_000).toISOString(),
    local_refusals: [],
    least_tier: 1,
    notes: [],
  };
  return settled(told);
}

/** What the sidecar makes of a wish to withdraw one of our orders. */
export function cancelOf(request: PreviewRequest, orderRef: string): CanonicalOrder {
  if (request.kind !== "cancel") throw new Error("this is not a cancel");
  return anOrder({
    action: "cancel",
    target: {
      order_id: request.cancel.order_id,
      order_ref: orderRef,
      foreign: false,
      before: aLeg(),
      filled_quantity: "0",
    },
  });
}
