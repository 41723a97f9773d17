import { Decimal } from "decimal.js";
import * as z from "zod";
import { ORDER_TYPES, type OrderType } from "../market/contract-rules.ts";

/**
 * What the simulated broker would not forget over a night: positions, cash, orders and fills, as JSON
 * for whoever keeps it between two starts. Money and quantities are decimal strings, instants Unix
 * milliseconds. What belongs to a login (sessions, open questions) is not in it.
 */

const Amount = z
  .string()
  .regex(/^-?\d+(\.\d+)?$/)
  .transform((text) => new Decimal(text));
const Amounts = z.record(z.string().regex(/^[A-Z]{3}$/), Amount);
const Instant = z.number().nonnegative();
const OrderId = z.int().positive();

const SavedPosition = z.strictObject({
  conid: z.int().positive(),
  quantity: Amount,
  average_price: Amount,
  realized: Amount,
  /** What was held before the first start; null for what was bought since. */
  opening: z.strictObject({ quantity: Amount, average_price: Amount }).nullable(),
});

const SavedAccount = z.strictObject({
  id: z.string().min(1),
  cash: Amounts,
  realized_today: Amounts,
  positions: z.array(SavedPosition),
});

const SavedOrder = z.strictObject({
  id: OrderId,
  account: z.string().min(1),
  conid: z.int().positive(),
  conidex: z.string(),
  side: z.enum(["BUY", "SELL"]),
  type: z.enum(Object.keys(ORDER_TYPES) as [OrderType, ...OrderType[]]),
  tif: z.string(),
  quantity: Amount,
  price: Amount.nullable(),
  aux_price: Amount.nullable(),
  trailing: z.strictObject({ amount: Amount, percent: z.boolean() }).nullable(),
  trail_stop: Amount.nullable(),
  triggered: z.boolean(),
  outside_rth: z.boolean(),
  ref: z.string().nullable(),
  parent_ref: z.string().nullable(),
  single: z.boolean(),
  cash_quantity: Amount.nullable(),
  filled: Amount,
  average_price: Amount,
  status: z.enum([
    "Inactive",
    "PendingSubmit",
    "PreSubmitted",
    "Submitted",
    "Filled",
    "PendingCancel",
    "Cancelled",
  ]),
  reason: z.string(),
  origin: z.enum(["api", "mobile", "tws"]),
  parent: OrderId.nullable(),
  group: z.string().nullable(),
  price_managed: z.boolean(),
  created_at: Instant,
  changed_at: Instant,
  /** Null for one that no time ends. */
  expires_at: Instant.nullable(),
  hidden_until: Instant,
  lost: z.boolean(),
  listed: z.boolean(),
});

const SavedExecution = z.strictObject({
  id: z.string().min(1),
  order: OrderId,
  size: Amount,
  price: Amount,
  commission: Amount,
  at: Instant,
  exchange: z.string(),
});

export const SavedBook = z
  .strictObject({
    version: z.literal(1),
    saved_at: Instant,
    accounts: z.array(SavedAccount).min(1),
    orders: z.array(SavedOrder),
    executions: z.array(SavedExecution),
    /** When each reference of a caller was first seen, and for which orders. */
    refs: z.array(z.strictObject({ ref: z.string(), at: Instant, orders: z.array(OrderId) })),
  })
  .superRefine((book, context) => {
    const orders = new Set(book.orders.map(({ id }) => id));
    const accounts = new Set(book.accounts.map(({ id }) => id));
    const complain = (message: string) => context.addIssue({ code: "custom", message });
    if (orders.size < book.orders.length) complain("an order stands in it twice");
    if (accounts.size < book.accounts.length) complain("an account stands in it twice");
    if (new Set(book.executions.map(({ id }) => id)).size < book.executions.length) {
      complain("a fill stands in it twice");
    }
    if (!book.orders.every(({ account }) => accounts.has(account))) {
      complain("an order is of no account in it");
    }
    if (!book.executions.every(({ order }) => orders.has(order))) {
      complain("a fill is of no order in it");
    }
  });

/** Read: amounts are decimals. */
export type SavedBook = z.output<typeof SavedBook>;
/** To be written: plain JSON. */
export type BookJson = z.input<typeof SavedBook>;

/** Keeps a book between two runs of the simulator. */
export interface BookSaver {
  /** What the last run left; null when there was none. */
  readonly last: SavedBook | null;
  /** Called after changes, with the whole book; must not throw. */
  save(book: BookJson): void;
}
