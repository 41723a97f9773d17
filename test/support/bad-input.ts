import type { Agent, OrderChain } from "./order-chain.ts";

/**
 * What a client may get wrong about an order, and the refusal it must get: by its code, the field and
 * the rule, with nothing sent and an event in the log. One row for each item of the list that the
 * order tools are held to.
 */
export interface BadInput {
  /** Of the list. */
  item: string;
  code: string;
  field: string;
  /** Null where the answer is the tool's own error, which names field and rule in its message. */
  rule: string | null;
  send(at: Attempt): Promise<Refusing>;
}

export interface Attempt {
  chain: OrderChain;
  agent: Agent;
  account: string;
  /** A limit near the market that nobody used before. */
  price(): string;
  key(): string;
  /** An order that was placed and has filled, by its number. */
  filled: string;
  /** An approval that the owner gave. */
  approval(): Promise<string>;
}

// biome-ignore lint/suspicious/noExplicitAny: whatever a tool answered is looked into by the test
export type Refusing = any;

/** A good order but for its price; what a row changes makes it a bad one. */
const small = (account_id: string, over: Record<string, unknown>) => ({
  account_id,
  conid: 265598,
  side: "BUY",
  order_type: "LMT",
  quantity: "1",
  ...over,
});

const preview = (at: Attempt, over: Record<string, unknown>) =>
  at.agent.call("ibkr_order_preview", small(at.account, over));

/** Shown as standing in the way at the preview; asking for it all the same is refused. */
async function asked(at: Attempt, prepared: Refusing): Promise<Refusing> {
  if (prepared.preview == null) return prepared;
  return at.agent.call("ibkr_approvals_create", {
    account_id: at.account,
    preview_id: prepared.preview.preview_id,
  });
}

const malformed = (
  item: string,
  over: (at: Attempt) => Record<string, unknown>,
  code: string,
  field: string,
): BadInput => ({ item, code, field, rule: null, send: (at) => preview(at, over(at)) });

const forty = `0.${"0".repeat(39)}1`;

export const BAD_INPUT: readonly BadInput[] = [
  malformed(
    "wrong side",
    (at) => ({ side: "HOLD", limit_price: at.price() }),
    "INPUT_INVALID",
    "side",
  ),
  malformed(
    "negative",
    (at) => ({ quantity: "-1", limit_price: at.price() }),
    "ORDER_QUANTITY_INVALID",
    "quantity",
  ),
  malformed("negative", () => ({ limit_price: "-187" }), "ORDER_PRICE_INVALID", "limit_price"),
  malformed(
    "zero",
    (at) => ({ quantity: "0", limit_price: at.price() }),
    "ORDER_QUANTITY_INVALID",
    "quantity",
  ),
  malformed("zero", () => ({ limit_price: "0" }), "ORDER_PRICE_INVALID", "limit_price"),
  malformed(
    "NaN",
    (at) => ({ quantity: "NaN", limit_price: at.price() }),
    "ORDER_QUANTITY_INVALID",
    "quantity",
  ),
  malformed(
    "exponent notation",
    (at) => ({ quantity: "1e2", limit_price: at.price() }),
    "ORDER_QUANTITY_INVALID",
    "quantity",
  ),
  malformed(
    "exponent notation",
    () => ({ limit_price: "1e2" }),
    "ORDER_PRICE_INVALID",
    "limit_price",
  ),
  malformed(
    "40 decimals",
    (at) => ({ quantity: forty, limit_price: at.price() }),
    "ORDER_QUANTITY_INVALID",
    "quantity",
  ),
  malformed("40 decimals", () => ({ limit_price: forty }), "ORDER_PRICE_INVALID", "limit_price"),
  {
    item: "off-tick",
    code: "PRICE_TICK",
    field: "limit_price",
    rule: "price-tick",
    send: async (at) => asked(at, await preview(at, { limit_price: `${at.price()}3` })),
  },
  {
    item: "fractional where not allowed",
    code: "ORDER_FRACTIONAL_REFUSED",
    field: "quantity",
    rule: "fractional",
    send: async (at) => asked(at, await preview(at, { quantity: "0.5", limit_price: at.price() })),
  },
  {
    item: "unknown conid",
    code: "INPUT_INVALID_CONTRACT",
    field: "conid",
    rule: "known",
    send: (at) => preview(at, { conid: 999_999_999, limit_price: at.price() }),
  },
  {
    item: "option without expiry",
    code: "INPUT_INVALID_CONTRACT",
    field: "expiry",
    rule: "required_for_asset_class",
    send: (at) =>
      at.agent.call("ibkr_order_preview", {
        account_id: at.account,
        symbol: "AAPL",
        asset_class: "OPT",
        strike: "200",
        right: "C",
        side: "BUY",
        order_type: "LMT",
        quantity: "1",
        limit_price: "1",
      }),
  },
  {
    item: "stop on the wrong side",
    code: "STOP_WRONG_SIDE",
    field: "stop_price",
    rule: "stop-side",
    send: async (at) => asked(at, await preview(at, { order_type: "STP", stop_price: at.price() })),
  },
  {
    item: "incoherent bracket",
    code: "BRACKET_INCOHERENT",
    field: "legs",
    rule: "bracket-coherent",
    send: async (at) => {
      const entry = at.price();
      const prepared = await at.agent.call("ibkr_bracket_order_preview", {
        ...small(at.account, { limit_price: entry }),
        take_profit_price: (Number(entry) * 0.98).toFixed(2),
        stop_loss_price: (Number(entry) * 0.97).toFixed(2),
      });
      return asked(at, prepared);
    },
  },
  malformed(
    "cashQty on a sell",
    () => ({ side: "SELL", order_type: "MKT", quantity: undefined, cash_quantity: "100" }),
    "ORDER_CASH_QUANTITY_REFUSED",
    "cash_quantity",
  ),
  {
    item: "a ticket edited by the client",
    code: "INPUT_INVALID",
    field: "limit_price",
    rule: null,
    send: async (at) =>
      at.agent.call("ibkr_paper_order_submit", {
        account_id: at.account,
        approval_id: await at.approval(),
        idempotency_key: at.key(),
        limit_price: "1",
      }),
  },
  {
    item: "a ticket edited by the client",
    code: "APPROVAL_PREVIEW_MISMATCH",
    field: "approval_id",
    rule: "same_structure",
    send: async (at) =>
      at.agent.call("ibkr_paper_bracket_order_submit", {
        account_id: at.account,
        approval_id: await at.approval(),
        idempotency_key: at.key(),
      }),
  },
  {
    item: "an approval of another account",
    code: "APPROVAL_PREVIEW_MISMATCH",
    field: "account_id",
    rule: "same_account",
    send: async (at) =>
      at.agent.call("ibkr_paper_order_submit", {
        account_id: "DU7654321",
        approval_id: await at.approval(),
        idempotency_key: at.key(),
      }),
  },
  {
    item: "a key re-used with another body",
    code: "IDEMPOTENCY_CONFLICT",
    field: "idempotency_key",
    rule: "same_request",
    send: async (at) => {
      const idempotency_key = at.key();
      const first = { account_id: at.account, idempotency_key };
      const placed = await at.agent.call("ibkr_paper_order_submit", {
        ...first,
        approval_id: await at.approval(),
      });
      if (placed.order === null) throw new Error(JSON.stringify(placed.refusals));
      return at.agent.call("ibkr_paper_order_submit", {
        ...first,
        approval_id: await at.approval(),
      });
    },
  },
  {
    item: "modify of a filled order",
    code: "ORDER_NOT_MODIFIABLE",
    field: "order_id",
    rule: null,
    send: (at) =>
      at.agent.call("ibkr_paper_order_modify", {
        account_id: at.account,
        order_id: at.filled,
        limit_price: at.price(),
        idempotency_key: at.key(),
      }),
  },
  {
    item: "cancel of a foreign order",
    code: "FOREIGN_ORDER",
    field: "order_id",
    rule: null,
    send: async (at) => {
      const { id } = at.chain.sim.control.foreignOrder(
        at.account,
        { conid: 265598, side: "BUY", orderType: "LMT", price: 100, quantity: 1, tif: "DAY" },
        "tws",
      );
      return at.agent.call("ibkr_paper_order_cancel", {
        account_id: at.account,
        order_id: String(id),
        idempotency_key: at.key(),
      });
    },
  },
  {
    item: "order id -1",
    code: "INPUT_INVALID",
    field: "order_id",
    rule: null,
    send: (at) =>
      at.agent.call("ibkr_paper_order_cancel", {
        account_id: at.account,
        order_id: "-1",
        idempotency_key: at.key(),
      }),
  },
];

/** The items of the list, each once. */
export const BAD_INPUT_ITEMS: readonly string[] = [...new Set(BAD_INPUT.map(({ item }) => item))];
