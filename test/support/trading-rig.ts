import { decideApproval } from "../../durable-objects/account/orders/approvals.ts";
import { createOrderDesk, type OrderDesk } from "../../durable-objects/account/orders/desk.ts";
import type { PolicyDocument } from "../../src/policy/document.ts";
import { orderPreview } from "../../src/protocol/operations/order-preview.ts";
import type { Order } from "../../src/protocol/operations/orders-list.ts";
import { ordersReconcile } from "../../src/protocol/operations/orders-reconcile.ts";
import { canonicalOrder } from "../../src/protocol/orders/canonical-order.ts";
import type { Effect, PreviewFacts } from "../../src/protocol/orders/ticket.ts";
import type { JobSettlement, NewJob } from "../../src/protocol/relay/edge/step.ts";
import type { Scope } from "../../src/protocol/scopes.ts";
import { ASSERTION } from "./order-book.ts";
import {
  ACCOUNT,
  admit,
  type DeskRig,
  deskRig,
  outcome,
  previewed,
  settled,
} from "./order-desk.ts";
import { aLeg, anOrder } from "./orders.ts";

/**
 * An account that trades: the real order service of the object, from a preview to what became of the
 * order, over a PC of which a test says what it reads and what the broker does.
 */
export interface TradingRig extends DeskRig {
  desk: OrderDesk;
  pc: Pc;
  /** Previews, asks and approves; the approval to submit with. */
  approved(over?: Wish, clientId?: string): Promise<string>;
  submit(approvalId: string, key?: string, clientId?: string): Promise<Answer>;
  /** All of it; the answer of the submit. */
  trade(over?: Wish): Promise<Answer>;
  cancel(orderId: string): Promise<Answer>;
  /** The audit log's copy catches up. */
  copied(): void;
}

export interface Wish {
  side?: "BUY" | "SELL";
  quantity?: string;
  limit_price?: string;
  conid?: number;
  reduce_only?: boolean;
}

/** What the PC reads and does; a test changes it at any time. */
export interface Pc {
  /** Over the account's figures. */
  account: Partial<NonNullable<PreviewFacts["account"]>>;
  facts: Partial<PreviewFacts>;
  effect: Effect["kind"];
  /** What becomes of an order that is sent. */
  place(coid: string, rig: TradingRig): JobSettlement | Promise<JobSettlement>;
  /** What the daily figures say; null is no answer. */
  pnl: { daily: string | null } | null;
  /** The broker's book. */
  book: Order[];
  bookProved: boolean;
  /** Alerts it was told. */
  told: { kind: string; message: string }[];
  takesAlerts: boolean;
}

export interface Answer {
  order: { order_ref: string; state: string } | null;
  refusals: { code: string; field: string; rule: string }[];
  replayed: boolean;
}

export const SCOPES: readonly Scope[] = [
  "ibkr:orders:preview",
  "ibkr:approvals:create",
  "ibkr:orders:paper:submit",
  "ibkr:orders:paper:cancel",
  "ibkr:orders:paper:modify",
];

const failed = (outcome: "unknown" | "not_executed"): JobSettlement => ({
  ok: false,
  code: "UNAVAILABLE",
  message: "gone",
  retryable: true,
  outcome,
});

let orderIds = 500;

/** The broker takes the order and it works. */
export const accepts = (coid: string, rig: DeskRig): JobSettlement => {
  orderIds += 1;
  return settled(
    outcome(
      { coid, state: "accepted", proved_by: "submit_answer" },
      String(orderIds),
      rig.clock.now,
    ),
  );
};

/** The broker refuses it. */
export const refuses = (coid: string, rig: DeskRig): JobSettlement =>
  settled(outcome({ coid, state: "rejected", proved_by: "submit_answer" }, null, rig.clock.now));

/** Nobody hears what became of it. */
export const lost = (): JobSettlement => failed("unknown");

export function tradingRig(change: (policy: PolicyDocument) => void = () => {}): TradingRig {
  const pc: Pc = {
    account: {},
    facts: {},
    effect: "entry",
    place: accepts,
    pnl: { daily: "0" },
    book: [],
    bookProved: true,
    told: [],
    takesAlerts: true,
  };
  let serial = 0;
  let rig: TradingRig | null = null;
  const base = deskRig((job) => answer(job, rig), change);
  const desk = createOrderDesk(base.parts);
  admit(base, "client-1", SCOPES);
  const asker = (clientId: string) => ({ clientId, scopes: SCOPES, requestId: `r-${++serial}` });
  const run = async (clientId: string, operation: Parameters<OrderDesk["run"]>[1]) => {
    const told = await desk.run(asker(clientId), operation);
    if (!told.ok) throw new Error(`${operation.operation}: ${told.failure.code}`);
    return JSON.parse(JSON.stringify(told.result));
  };
  rig = {
    ...base,
    desk,
    pc,
    copied: () => {
      base.parts.storage.sql.exec(
        "UPDATE audit_outbox SET shipped_seq = (SELECT MAX(seq) FROM audit_log)",
      );
    },
    async approved(over = {}, clientId = "client-1") {
      const { preview, refusals } = await run(clientId, {
        operation: "trade.preview",
        input: {
          account_id: ACCOUNT,
          conid: 265598,
          side: "BUY",
          order_type: "LMT",
          quantity: "1",
          limit_price: "187.25",
          time_in_force: "DAY",
          outside_rth: false,
          reduce_only: false,
          ...over,
        },
      });
      if (preview === null) throw new Error(JSON.stringify(refusals));
      const { preview_id } = preview;
      const asked = await run(clientId, {
        operation: "trade.ask",
        input: { account_id: ACCOUNT, preview_id },
      });
      if (asked.approval === null) throw new Refused(asked.refusals);
      const approvalId: string = asked.approval.approval_id;
      decideApproval(
        base.parts.storage,
        { approvalId, requestId: "r", say: "approve", assertion: ASSERTION, echo: null },
        base.clock.now,
        base.parts.log,
      );
      return approvalId;
    },
    submit: (approval_id, key, clientId = "client-1") =>
      run(clientId, {
        operation: "trade.submit",
        input: {
          account_id: ACCOUNT,
          mode: "paper",
          structure: "single",
          approval_id,
          idempotency_key: key ?? `key-${String(++serial).padStart(8, "0")}`,
        },
      }),
    async trade(over) {
      return rig?.submit(await rig.approved(over)) ?? Promise.reject(new Error("no rig"));
    },
    cancel: (order_id) =>
      run("client-1", {
        operation: "trade.cancel",
        input: {
          account_id: ACCOUNT,
          mode: "paper",
          order_id,
          idempotency_key: `cancel-${String(++serial).padStart(8, "0")}`,
        },
      }),
  };
  return rig;
}

/** What was asked of the owner was refused at once. */
export class Refused extends Error {
  readonly codes: string[];
  constructor(refusals: { code: string }[]) {
    super(refusals.map(({ code }) => code).join(","));
    this.codes = refusals.map(({ code }) => code);
  }
}

async function answer(job: NewJob["submit"], rig: TradingRig | null): Promise<JobSettlement> {
  if (rig === null) throw new Error("the rig is not made yet");
  const { pc, clock } = rig;
  const at = new Date(clock.now).toISOString();
  const provenance = {
    source: "simulator",
    as_of: at,
    age_ms: 0,
    served_from: "broker",
    notes: [],
  } as const;
  switch (job.operation) {
    case "order.preview": {
      const { request } = orderPreview.input.parse(job.input);
      if (request.kind !== "order") throw new Error(`no ${request.kind} here`);
      const { side, quantity, limit_price, conid, reduce_only } = request.order;
      const leg = aLeg({
        side,
        quantity: quantity ?? null,
        limit_price: limit_price ?? null,
      });
      const contract = { ...leg.contract, conid: conid ?? leg.contract.conid };
      const order = canonicalOrder(anOrder({ legs: [{ ...leg, contract }], reduce_only }));
      const told = previewed(order, clock.now);
      if (!told.ok) return told;
      const ticket = orderPreview.output.parse(told.result);
      if (ticket.outcome !== "ticket") return told;
      const { facts } = ticket;
      const held = pc.effect === "entry" ? "0" : side === "BUY" ? "-50" : "50";
      return settled({
        ...ticket,
        facts: {
          ...facts,
          account: facts.account === null ? null : { ...facts.account, ...pc.account },
          effect: { kind: pc.effect, position: held, working_same_side: "0", at },
          ...pc.facts,
        },
      });
    }
    case "order.place":
      return pc.place(String(job.input.coid), rig);
    case "order.cancel":
      return settled(
        outcome(
          {
            action: "cancel",
            coid: String(job.input.coid),
            state: "accepted",
            proved_by: "submit_answer",
          },
          String(job.input.order_id),
          clock.now,
        ),
      );
    case "pnl.daily": {
      if (pc.pnl === null) return failed("not_executed");
      const daily = pc.pnl.daily === null ? null : { amount: pc.pnl.daily, currency: "USD" };
      return settled({
        account_id: ACCOUNT,
        daily,
        unrealized: null,
        realized: null,
        net_liquidation: null,
        ...provenance,
      });
    }
    case "orders.reconcile": {
      const { order_refs } = ordersReconcile.input.parse(job.input);
      return settled({
        account_id: ACCOUNT,
        results: order_refs.map((order_ref) => ({
          order_ref,
          ...shownIn(pc.book, order_ref, at),
          orders: [],
          executions: [],
        })),
        orders: pc.book,
        proved: pc.bookProved,
        ...provenance,
      });
    }
    case "alert.tell":
      if (pc.takesAlerts) {
        pc.told.push({ kind: String(job.input.kind), message: String(job.input.message) });
      }
      return settled({ shown: [], taken: pc.takesAlerts, as_of: at });
    default:
      return failed("not_executed");
  }
}

function shownIn(book: readonly Order[], ref: string, at: string) {
  const row = book.find((order) => order.order_ref === ref);
  if (row === undefined) return { found: false, evidence: null };
  const { filled, remaining, status } = row;
  const says = status === "filled" || status === "cancelled" ? status : ("working" as const);
  return { found: true, evidence: { source: "live_orders", says, filled, remaining, at } };
}

/** An order in the broker's book. */
export function bookRow(order_ref: string | null, over: Partial<Order> = {}): Order {
  return {
    account_id: ACCOUNT,
    order_id: "900",
    order_ref,
    origin: order_ref === null ? "foreign" : "gateway",
    parent_id: null,
    oca_group: null,
    conid: 265598,
    symbol: "AAPL",
    asset_class: "STK",
    exchange: "SMART",
    currency: "USD",
    side: "buy",
    order_type: "LMT",
    limit_price: "187.25",
    stop_price: null,
    time_in_force: "DAY",
    outside_rth: false,
    quantity: "1",
    filled: "0",
    remaining: "1",
    average_price: null,
    status: "working",
    broker_status: "Submitted",
    reason: null,
    updated_at: null,
    ...over,
  };
}
