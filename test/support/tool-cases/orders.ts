import {
  ASKS_OWNER,
  READS_BROKER,
  READS_GATEWAY,
  WRITES_BROKER,
} from "../../../src/mcp/define-tool.ts";
import { type Rule, type ToolCase, takesAccount } from "./case.ts";

/** A preview reads, and makes something new each time. */
const PREVIEWS = { ...READS_BROKER, idempotentHint: false };

const ORDER = {
  account_id: "DU1234567",
  conid: 265598,
  side: "BUY",
  order_type: "LMT",
  quantity: "1",
  limit_price: "187.25",
};
const BRACKET = { ...ORDER, take_profit_price: "200", stop_loss_price: "180" };
const [TARGET, STOP] = [
  { order_type: "LMT", limit_price: "200" },
  { order_type: "STP", stop_price: "180" },
];
const GROUP = {
  account_id: "DU1234567",
  conid: 265598,
  side: "SELL",
  quantity: "1",
  orders: [TARGET, STOP],
};

type Mode = "paper" | "live";
const SUBMIT = { account_id: "DU1234567", approval_id: "ap_1", idempotency_key: "order-0001" };
const CANCEL = { account_id: "DU1234567", order_id: "1370093239", idempotency_key: "cancel-0001" };
const MODIFY = {
  account_id: "DU1234567",
  order_id: "1370093239",
  limit_price: "187.25",
  idempotency_key: "change-0001",
};

const submits = (mode: Mode, structure: "single" | "bracket"): ToolCase => ({
  scope: `ibkr:orders:${mode}:submit`,
  hints: WRITES_BROKER,
  operations: ["trade.submit"],
  rules: [
    {
      it: "asks for what was approved, in an account of its own kind, under a key of the caller's",
      takes: [[SUBMIT, { ...SUBMIT, mode, structure }]],
    },
    {
      it: "takes no order, no mode, no structure and no short key",
      refuses: [
        [{ ...SUBMIT, quantity: "1" }, 'no argument "quantity"'],
        [{ ...SUBMIT, mode: "live" }, 'no argument "mode"'],
        [{ ...SUBMIT, structure }, 'no argument "structure"'],
        [{ ...SUBMIT, idempotency_key: "short" }, "idempotency_key"],
        [{ ...SUBMIT, idempotency_key: undefined }, "idempotency_key is required"],
        [{ ...SUBMIT, approval_id: "../x" }, "approval_id"],
      ],
    },
  ],
});

const cancels = (mode: Mode): ToolCase => ({
  scope: `ibkr:orders:${mode}:cancel`,
  hints: WRITES_BROKER,
  operations: ["trade.cancel"],
  rules: [
    {
      it: "asks to cancel one order in an account of its own kind",
      takes: [[CANCEL, { ...CANCEL, mode }]],
      refuses: [[{ ...CANCEL, mode }, 'no argument "mode"']],
    },
    {
      it: "never takes the id that means every order",
      refuses: ["-1", "0", "", "1.5", "1e3", "all"].map(
        (order_id) => [{ ...CANCEL, order_id }, "order_id"] as const,
      ),
    },
  ],
});

const modifies = (mode: Mode): ToolCase => ({
  scope: `ibkr:orders:${mode}:modify`,
  hints: WRITES_BROKER,
  operations: ["trade.modify"],
  rules: [
    {
      it: "asks for a change, with or without the approval",
      takes: [
        [MODIFY, { ...MODIFY, mode }],
        [
          { ...MODIFY, approval_id: "ap_1" },
          { ...MODIFY, approval_id: "ap_1", mode },
        ],
      ],
    },
    {
      it: "names the field and the rule of what is wrong",
      refuses: [
        [{ ...MODIFY, limit_price: "1e2" }, "limit_price (exponent)", "ORDER_PRICE_INVALID"],
        [{ ...MODIFY, order_id: "-1" }, "order_id (positive_order_id)", "ORDER_ID_REFUSED"],
        [{ ...MODIFY, side: "SELL" }, "side (unknown_field)"],
      ],
    },
  ],
});

const takesOwnOrder: Rule = {
  it: "takes a reference, and no answer to the question",
  takes: [
    [
      { account_id: "DU1234567", order_ref: "ieg1-0123456789abcdef" },
      { account_id: "DU1234567", order_ref: "ieg1-0123456789abcdef" },
    ],
  ],
  refuses: [
    [
      { account_id: "DU1234567", order_ref: "ieg1-0123456789abcdef", confirm: true },
      'no argument "confirm"',
    ],
  ],
};

/** Tools about orders: what there are, what one would cost, and what sends one. */
export const ORDER_TOOLS: Record<string, ToolCase> = {
  ibkr_orders_list: {
    scope: "ibkr:orders:read",
    hints: READS_BROKER,
    operations: ["orders.list"],
    rules: [
      {
        it: "shows open orders unless told otherwise",
        takes: [
          [{}, { show: "open", limit: 50 }],
          [{ show: "all" }, { show: "all", limit: 50 }],
        ],
        refuses: [[{ show: "filled" }, "show"]],
      },
    ],
    pages: { args: {}, input: { show: "open" }, position: "offset" },
  },
  ibkr_orders_history: {
    scope: "ibkr:orders:read",
    hints: READS_BROKER,
    operations: ["orders.history"],
    rules: [
      takesAccount({ status: "all", limit: 50 }),
      {
        it: "takes a window in UTC and a state",
        takes: [
          [
            { from: "2026-11-19T00:00:00Z" },
            { from: "2026-11-19T00:00:00Z", status: "all", limit: 50 },
          ],
        ],
        refuses: [
          [{ from: "2026-11-19" }, "from"],
          [{ status: "rejected" }, "status"],
        ],
      },
    ],
    pages: { args: {}, input: { status: "all" }, position: "offset" },
  },
  ibkr_order_status: {
    scope: "ibkr:orders:read",
    hints: READS_BROKER,
    operations: ["orders.status"],
    rules: [
      {
        it: "takes the broker's order id",
        takes: [[{ order_id: "1370093239" }, { order_id: "1370093239" }]],
        refuses: ["", "abc", "1/2", "1370093239 ", undefined].map(
          (order_id) => [{ order_id }, "order_id"] as const,
        ),
      },
    ],
  },
  ibkr_executions_list: {
    scope: "ibkr:orders:read",
    hints: READS_BROKER,
    operations: ["executions.list"],
    rules: [
      takesAccount({ days: 1, limit: 50 }),
      {
        it: "reaches seven days back and no further",
        takes: [[{ days: "7" }, { days: 7, limit: 50 }]],
        refuses: [
          [{ days: 8 }, "days"],
          [{ days: 0 }, "days"],
        ],
      },
    ],
    pages: { args: {}, input: { days: 1 }, position: "offset" },
  },
  ibkr_order_preview: {
    scope: "ibkr:orders:preview",
    hints: PREVIEWS,
    operations: ["trade.preview"],
    rules: [
      {
        it: "asks for one order, with what was not said filled in",
        takes: [
          [ORDER, { ...ORDER, time_in_force: "DAY", outside_rth: false, reduce_only: false }],
        ],
      },
      {
        it: "names the code, the field and the rule of what is wrong",
        refuses: [
          [{ ...ORDER, quantity: "-1" }, "quantity", "ORDER_QUANTITY_INVALID"],
          [{ ...ORDER, quantity: "0" }, "quantity", "ORDER_QUANTITY_INVALID"],
          [{ ...ORDER, limit_price: "1e2" }, "limit_price", "ORDER_PRICE_INVALID"],
          [{ ...ORDER, limit_price: undefined }, "limit_price", "ORDER_LIMIT_PRICE_REQUIRED"],
          [{ ...ORDER, side: "HOLD" }, "side"],
          [{ ...ORDER, surprise: 1 }, "surprise"],
        ],
      },
    ],
  },
  ibkr_bracket_order_preview: {
    scope: "ibkr:orders:preview",
    hints: PREVIEWS,
    operations: ["trade.preview_bracket"],
    rules: [
      {
        it: "asks for an entry with both exits",
        takes: [[BRACKET, { ...BRACKET, time_in_force: "DAY", outside_rth: false }]],
      },
      {
        it: "refuses one without its protection",
        refuses: [[{ ...BRACKET, stop_loss_price: undefined }, "stop_loss_price (required)"]],
      },
    ],
  },
  ibkr_oca_order_preview: {
    scope: "ibkr:orders:preview",
    hints: PREVIEWS,
    operations: ["trade.preview_group"],
    rules: [
      {
        it: "asks for one amount of one contract, in the ways that are named",
        takes: [
          [GROUP, { ...GROUP, time_in_force: "DAY", outside_rth: false, reduce_only: false }],
        ],
      },
      {
        it: "refuses what is wrong with a member by its place",
        refuses: [
          [
            { ...GROUP, orders: [TARGET, { order_type: "STP" }] },
            "orders.1.stop_price",
            "ORDER_STOP_PRICE_REQUIRED",
          ],
          [
            { ...GROUP, orders: [{ order_type: "LMT", limit_price: "1e2" }, STOP] },
            "orders.0.limit_price",
            "ORDER_PRICE_INVALID",
          ],
          [{ ...GROUP, orders: [TARGET] }, "orders"],
          [{ ...GROUP, orders: [TARGET, { ...STOP, side: "BUY" }] }, "side"],
        ],
      },
    ],
  },
  ibkr_approvals_create: {
    scope: "ibkr:approvals:create",
    hints: ASKS_OWNER,
    operations: ["trade.ask"],
    rules: [
      {
        it: "asks the owner, and can say for how long",
        takes: [
          [
            { account_id: "DU1234567", preview_id: "pv_1" },
            { account_id: "DU1234567", preview_id: "pv_1" },
          ],
          [
            { account_id: "DU1234567", preview_id: "pv_1", ttl_seconds: 120 },
            { account_id: "DU1234567", preview_id: "pv_1", ttl_seconds: 120 },
          ],
        ],
      },
      {
        it: "cannot say that the owner agrees, nor wait for less than a minute or over an hour",
        refuses: [
          [{ account_id: "DU1234567", preview_id: "pv_1", approved: true }, "approved"],
          [{ account_id: "DU1234567", preview_id: "pv_1", ttl_seconds: 59 }, "ttl_seconds"],
          [{ account_id: "DU1234567", preview_id: "pv_1", ttl_seconds: 3_601 }, "ttl_seconds"],
        ],
      },
    ],
  },
  ibkr_approval_status: {
    scope: "ibkr:approvals:create",
    hints: READS_GATEWAY,
    operations: ["trade.approval"],
    rules: [
      {
        it: "takes one approval of one account",
        takes: [
          [
            { account_id: "DU1234567", approval_id: "ap_1" },
            { account_id: "DU1234567", approval_id: "ap_1" },
          ],
        ],
        refuses: ["", "a/b", "a b", undefined].map(
          (approval_id) => [{ account_id: "DU1234567", approval_id }, "approval_id"] as const,
        ),
      },
    ],
  },
  ibkr_paper_order_submit: submits("paper", "single"),
  ibkr_paper_order_cancel: cancels("paper"),
  ibkr_paper_order_modify: modifies("paper"),
  ibkr_paper_bracket_order_submit: submits("paper", "bracket"),
  ibkr_live_order_submit: submits("live", "single"),
  ibkr_live_order_cancel: cancels("live"),
  ibkr_live_order_modify: modifies("live"),
  ibkr_live_bracket_order_submit: submits("live", "bracket"),
  ibkr_order_question_status: {
    scope: "ibkr:approvals:create",
    hints: READS_GATEWAY,
    operations: ["trade.question"],
    rules: [takesOwnOrder],
  },
  ibkr_reconcile: {
    scope: "ibkr:orders:preview",
    hints: READS_BROKER,
    operations: ["trade.reconcile"],
    rules: [takesAccount()],
  },
};
