import type { PolicyDocument } from "@ibkr-edge-gateway/policy/document.ts";
import type { Scope } from "@ibkr-edge-gateway/protocol/scopes.ts";
import {
  createOrderService,
  type OrderService,
} from "../../durable-objects/account/orders/order-service.ts";
import { decideApproval } from "../../durable-objects/account/orders/transactions/decide-approval.ts";
import { ASSERTION } from "./order-book.ts";
import { ACCOUNT, admit, type DeskRig, deskRig } from "./order-desk.ts";

import { accepts, answerOf, type Pc } from "./scripted-pc.ts";

/**
 * An account that trades: the real order service of the object, from a preview to what became of the
 * order, over a PC of which a test says what it reads and what the broker does.
 */
export interface TradingRig extends DeskRig {
  desk: OrderService;
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
  order_type?: "LMT" | "STOP_LIMIT";
  stop_price?: string;
  conid?: number;
  reduce_only?: boolean;
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
  const base = deskRig((job) => answerOf(job, rig), change);
  const desk = createOrderService(base.parts);
  admit(base, "client-1", SCOPES);
  const asker = (clientId: string) => ({ clientId, scopes: SCOPES, requestId: `r-${++serial}` });
  const run = async (clientId: string, operation: Parameters<OrderService["runTool"]>[1]) => {
    const told = await desk.runTool(asker(clientId), operation);
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
