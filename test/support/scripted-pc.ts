import { orderPreview } from "@ibkr-edge-gateway/protocol/operation-schemas/order-preview.ts";
import type { Order } from "@ibkr-edge-gateway/protocol/operation-schemas/orders-list.ts";
import { ordersReconcile } from "@ibkr-edge-gateway/protocol/operation-schemas/orders-reconcile.ts";
import type { OwnBookReport } from "@ibkr-edge-gateway/protocol/operation-schemas/own-book.ts";
import { canonicalOrder } from "@ibkr-edge-gateway/protocol/orders/canonical-order.ts";
import type { Effect, PreviewFacts } from "@ibkr-edge-gateway/protocol/orders/ticket.ts";
import type { JobSettlement, NewJob } from "@ibkr-edge-gateway/protocol/relay/edge/edge-step.ts";
import { ACCOUNT, type DeskRig, outcome, previewed, settled } from "./order-desk.ts";
import { aLeg, anOrder } from "./orders.ts";

import type { TradingRig } from "./trading-rig.ts";

/** The PC of a trading rig: what it reads, and what the broker does with an order. */

/** What it reads and does; a test changes it at any time. */
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
  /** Its own book; a PC of an older version tells none. */
  ownBook?: OwnBookReport;
  /** Alerts it was told. */
  told: { kind: string; message: string }[];
  takesAlerts: boolean;
}

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

/** The PC refuses it before anything leaves. */
export const refusedHere = (coid: string, rig: DeskRig): JobSettlement =>
  settled(outcome({ coid, state: "rejected", proved_by: "sidecar_not_sent" }, null, rig.clock.now));

/** Nobody hears what became of it. */
export const lost = (): JobSettlement => failed("unknown");

/** Its answer to one job. */
export async function answerOf(
  job: NewJob["submit"],
  rig: TradingRig | null,
): Promise<JobSettlement> {
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
      const { side, quantity, order_type, limit_price, stop_price, conid, reduce_only } =
        request.order;
      const leg = aLeg({
        side,
        quantity: quantity ?? null,
        order_type,
        limit_price: limit_price ?? null,
        stop_price: stop_price ?? null,
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
        ...(pc.ownBook === undefined ? {} : { own_book: pc.ownBook }),
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

/** What the PC tells of an order of its own. */
export const stateEvent = (rig: DeskRig, coid: string, state: "working" | "filled") => ({
  type: "broker.order",
  payload: {
    kind: "intent_state",
    event_key: `intent|${coid}|${state}`,
    source: "simulator",
    observed_at: new Date(rig.clock.now).toISOString(),
    account_id: ACCOUNT,
    coid,
    intent_hash: null,
    job_id: null,
    state,
    before: "accepted",
    evidence: {
      source: "order_stream",
      says: state,
      filled: state === "filled" ? "1" : "0",
      remaining: state === "filled" ? "0" : "1",
      at: new Date(rig.clock.now).toISOString(),
    },
    orders: outcome({ coid, state, proved_by: "order_stream" }, "501", rig.clock.now).orders,
  },
});
