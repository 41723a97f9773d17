import * as z from "zod";
import { AccountId, Conid } from "../operation-schemas/field-types.ts";
import { OrderDecimal } from "./decimal.ts";
import { AssetClass, OptionRight, OrderType, Side, TimeInForce } from "./order-terms.ts";

/**
 * What an agent may ask for. Strict: a field nobody knows is refused, never ignored, because an
 * ignored field is an order other than the one that was meant. Decimals are strings.
 */
const about = <T extends z.ZodType>(schema: T, text: string): T => schema.describe(text);

const price = (text: string) =>
  about(OrderDecimal, `${text}, as a decimal string such as "187.25"`);

const contract = {
  conid: Conid.optional().describe("IBKR contract id; the unambiguous way"),
  symbol: z
    .string()
    .regex(/^[A-Z0-9][A-Z0-9 .\-/]{0,19}$/)
    .optional()
    .describe("Ticker, upper case; refused with its candidates when it is not unique"),
  asset_class: AssetClass.optional(),
  currency: z
    .string()
    .regex(/^[A-Z]{3}$/)
    .optional(),
  exchange: z
    .string()
    .regex(/^[A-Z0-9.]{2,12}$/)
    .optional()
    .describe("Direct routing; SMART when absent"),
  expiry: z
    .string()
    .regex(/^20\d{6}$/)
    .optional()
    .describe("YYYYMMDD, for options and futures"),
  strike: OrderDecimal.optional(),
  right: OptionRight.optional(),
};

const terms = {
  side: Side,
  order_type: OrderType,
  quantity: about(OrderDecimal, "Shares or contracts, as a decimal string").optional(),
  cash_quantity: about(
    OrderDecimal,
    "Amount of money instead of a quantity; BUY MKT only",
  ).optional(),
  limit_price: price("Limit; for MIDPRICE the cap").optional(),
  stop_price: price("Trigger of STP, STOP_LIMIT and TRAILLMT").optional(),
  trailing_amount: price("Trailing offset in price").optional(),
  trailing_percent: price("Trailing offset in percent").optional(),
  time_in_force: TimeInForce.default("DAY"),
  outside_rth: z.boolean().default(false),
};

export const OrderInput = z.strictObject({
  account_id: AccountId,
  ...contract,
  ...terms,
  reduce_only: z.boolean().default(false),
});
export type OrderInput = z.infer<typeof OrderInput>;

/** An entry with the exits the broker holds back until it fills. */
export const BracketInput = z.strictObject({
  account_id: AccountId,
  ...contract,
  ...terms,
  take_profit_price: price("Limit of the profit-taking exit"),
  stop_loss_price: price("Trigger of the protective stop"),
  stop_loss_limit_price: price("Makes the protective stop a stop-limit").optional(),
});
export type BracketInput = z.infer<typeof BracketInput>;

/**
 * Several orders of which one shall fill: one contract, one side, one quantity, and the ways in
 * which it may happen. The broker ends the others when one fills.
 */
export const GroupInput = z.strictObject({
  account_id: AccountId,
  ...contract,
  side: Side,
  quantity: about(OrderDecimal, "Shares or contracts, as a decimal string"),
  time_in_force: TimeInForce.default("DAY"),
  outside_rth: z.boolean().default(false),
  reduce_only: z.boolean().default(false),
  orders: z
    .array(
      z.strictObject({
        order_type: OrderType,
        limit_price: terms.limit_price,
        stop_price: terms.stop_price,
        trailing_amount: terms.trailing_amount,
        trailing_percent: terms.trailing_percent,
      }),
    )
    .min(2)
    .max(6),
});
export type GroupInput = z.infer<typeof GroupInput>;

/** Each member as an order of its own. */
export function ordersOfGroup({ orders, ...shared }: GroupInput): OrderInput[] {
  return orders.map((member) => ({ ...shared, ...member }));
}

/** What may be changed on a working order; everything else is re-stated from the order itself. */
export const ModifyInput = z.strictObject({
  account_id: AccountId,
  order_id: z.string().regex(/^[1-9]\d{0,18}$/),
  quantity: OrderDecimal.optional(),
  limit_price: OrderDecimal.optional(),
  stop_price: OrderDecimal.optional(),
  trailing_amount: OrderDecimal.optional(),
  trailing_percent: OrderDecimal.optional(),
  time_in_force: TimeInForce.optional(),
});
export type ModifyInput = z.infer<typeof ModifyInput>;

export const CancelInput = z.strictObject({
  account_id: AccountId,
  order_id: z.string().regex(/^[1-9]\d{0,18}$/),
});
export type CancelInput = z.infer<typeof CancelInput>;
