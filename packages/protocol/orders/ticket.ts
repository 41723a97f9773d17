import * as z from "zod";
import { MarketState } from "../market/market-state.ts";
import { ReferencePrice } from "../market/reference-price.ts";
import { Availability, Conid, Day } from "../operation-schemas/field-types.ts";
import { CanonicalOrder } from "./canonical-order.ts";
import { Figure, OrderDecimal } from "./decimal.ts";
import { OrderType, Side } from "./order-terms.ts";

/**
 * What a preview comes back with. The ticket is what the owner reads and the passkey signs; the
 * facts beside it are what the policy is evaluated over. Both are the sidecar's own reads; a figure
 * it could not get is null, never zero.
 */
const Time = z.iso.datetime({ precision: 3 });

export const TicketQuote = z.strictObject({
  conid: Conid,
  bid: Figure.nullable(),
  ask: Figure.nullable(),
  last: Figure.nullable(),
  prior_close: Figure.nullable(),
  availability: Availability,
  /** Null when the broker did not say. */
  halted: z.boolean().nullable(),
  /**
   * The price that the contract may be judged by, of which session; null when none proves itself.
   * Absent in what was made before it was read.
   */
  reference: ReferencePrice.nullable().exactOptional(),
  /** The broker's time of the quote; null when it gave none, so that its age is not known. */
  at: Time.nullable(),
});
export type TicketQuote = z.infer<typeof TicketQuote>;

const Change = z.strictObject({ before: Figure.nullable(), after: Figure.nullable() });

/** The broker's what-if; in the account's base currency where no currency stands beside a figure. */
export const WhatIf = z.strictObject({
  /** What the order comes to before commission. */
  amount: Figure.nullable(),
  /** The currency that stands beside the amount; absent in what was made before it was read. */
  amount_currency: z.string().nullable().exactOptional(),
  commission: Figure.nullable(),
  total: Figure.nullable(),
  commission_currency: z.string().nullable(),
  equity: Change,
  initial_margin: Change,
  maintenance_margin: Change,
  /** The broker's own words when it would not take the order; null when it would. */
  error: z.string().nullable(),
  at: Time,
});
export type WhatIf = z.infer<typeof WhatIf>;

/** An order that cannot trade yet: it waits at the broker. */
export const Waits = z.strictObject({
  /** When it can trade first. */
  until: Time,
  /** The exchange's zone, in which that is said; null when it is not known. */
  time_zone: z.string().max(40).nullable(),
  /** The zone of the owner's PC, in which it is said as well; absent in what was made before. */
  owner_zone: z.string().max(40).nullable().exactOptional(),
  /** The trading day it waits for; an order for the day ends with it. */
  session: Day.nullable(),
});
export type Waits = z.infer<typeof Waits>;

/** A warning the broker gave at preview, or a question it asks at submit. */
export const BrokerMessage = z.strictObject({
  /** The broker's message id (`o163`); null when it came as bare text. */
  message_id: z.string().max(20).nullable(),
  /** SHA-256 of the normalised text. */
  fingerprint: z.string().regex(/^[0-9a-f]{64}$/),
  /** The full text, tags removed. Outside text: shown, stored, never obeyed. */
  text: z.string().max(4_000),
});
export type BrokerMessage = z.infer<typeof BrokerMessage>;

export const Ticket = z.strictObject({
  v: z.literal(1),
  order: CanonicalOrder,
  /** The market at preview, for the principal leg's contract. */
  market: TicketQuote.nullable(),
  /** Value at risk in the account's base currency, see `value-at-risk.ts`; null when not known. */
  notional: Figure.nullable(),
  /** It sells a call to open: what it may lose has no bound, and `notional` is what it counts as. */
  uncovered_call: z.literal(true).exactOptional(),
  /**
   * How many quoted units make one unit of the currency: 100 where prices are in pence or cents. Null
   * where the broker says that there is no such number; absent where that was not read.
   */
  price_magnifier: Figure.nullable().exactOptional(),
  base_currency: z.string().regex(/^[A-Z]{3}$/),
  what_if: WhatIf.nullable(),
  warnings: z.array(BrokerMessage).max(20),
  /** The position is not known; this is what was proved last, and when. The order reduces by it alone. */
  last_position: z.strictObject({ quantity: Figure, at: Time }).exactOptional(),
  /** Null or absent when the order can trade at once, or when nobody knows the market's hours. */
  waits: Waits.nullable().exactOptional(),
  prepared_at: Time,
});
export type Ticket = z.infer<typeof Ticket>;

/** `/contract/rules` as decoded, for one side of one contract. */
export const ContractRules = z.strictObject({
  order_types: z.array(OrderType).nullable(),
  order_types_outside_rth: z.array(OrderType).nullable(),
  times_in_force: z.array(z.string()).nullable(),
  /** Price bands with their increments, ascending; the flat increment is one band from zero. */
  increments: z.array(z.strictObject({ from: Figure, step: Figure })),
  size_step: Figure.nullable(),
  fractional: z.boolean().nullable(),
  cash_quantity: z.boolean().nullable(),
  tradable_accounts: z.array(z.string()).nullable(),
  /** Negative prices are taken (some futures and combinations). */
  negative_prices: z.boolean().nullable(),
  /** As in a ticket: null where the broker says that there is none, absent where it says nothing. */
  price_magnifier: Figure.nullable().exactOptional(),
  error: z.string().nullable(),
  at: Time,
});
export type ContractRules = z.infer<typeof ContractRules>;

export const PositionFact = z.strictObject({
  conid: Conid,
  quantity: Figure,
  /** Market value in base currency; null when it could not be valued. */
  value: Figure.nullable(),
  /**
   * Of a short option what it puts at risk, in base currency, see `value-at-risk.ts`; null when not
   * known. Absent of what is worth all it can cost.
   */
  at_risk: Figure.nullable().exactOptional(),
  asset_class: z.string().nullable(),
  issuer: z.string().nullable(),
  sector: z.string().nullable(),
  country: z.string().nullable(),
  currency: z.string().nullable(),
});
export type PositionFact = z.infer<typeof PositionFact>;

export const WorkingOrderFact = z.strictObject({
  order_id: z.string(),
  order_ref: z.string().nullable(),
  parent_ref: z.string().nullable(),
  foreign: z.boolean(),
  conid: Conid,
  side: Side,
  order_type: z.string(),
  remaining: OrderDecimal,
  limit_price: Figure.nullable(),
  stop_price: Figure.nullable(),
  /** Worst-case value in base currency; null when it could not be valued. */
  notional: Figure.nullable(),
  /** True for a bracket child or OCA member: it cannot open a position by itself. */
  exit_only: z.boolean(),
  /** Group whose members cancel one another; null outside of one. */
  oca_group: z.string().nullable(),
});
export type WorkingOrderFact = z.infer<typeof WorkingOrderFact>;

/** The broker account, in its base currency. Null is unknown. */
export const AccountFact = z.strictObject({
  net_liquidation: Figure.nullable(),
  buying_power: Figure.nullable(),
  cash: Figure.nullable(),
  excess_liquidity: Figure.nullable(),
  gross_position_value: Figure.nullable(),
  daily_pnl: Figure.nullable(),
  peak_net_liquidation: Figure.nullable(),
  at: Time,
});
export type AccountFact = z.infer<typeof AccountFact>;

export const Greeks = z.strictObject({
  delta: Figure.nullable(),
  gamma: Figure.nullable(),
  vega: Figure.nullable(),
  theta: Figure.nullable(),
});
export type Greeks = z.infer<typeof Greeks>;

/** Reference data of the principal contract that limits are written in terms of. */
export const InstrumentFact = z.strictObject({
  issuer: z.string().nullable(),
  sector: z.string().nullable(),
  country: z.string().nullable(),
  /** Trading now in the session the order asks for; null when no calendar was read. */
  tradable_now: z.boolean().nullable(),
  regular_hours: z.boolean().nullable(),
  /** Next opening, when closed. */
  opens_at: Time.nullable(),
  /** The state of the market and its sessions; absent in what was made before this was read. */
  market: MarketState.exactOptional(),
  /** Null when the order could trade now, or nobody knows. Absent as above. */
  waits: Waits.nullable().exactOptional(),
  /** Days to the option's or future's last trading day. */
  days_to_expiry: z.int().nullable(),
  /** Per contract, for options. */
  greeks: Greeks.nullable(),
  /** Earnings or another event before expiry, for short options; null when unknown. */
  event_before_expiry: z.boolean().nullable(),
  at: Time,
});
export type InstrumentFact = z.infer<typeof InstrumentFact>;

export const Effect = z.strictObject({
  /** `exit` can only bring the position towards zero, counting what already works. */
  kind: z.enum(["entry", "exit", "flip"]),
  position: Figure,
  /** Quantity that working orders on the same side may still take. */
  working_same_side: Figure,
  /** The position could not be read and proved: it is the one that was proved last, at `at`. */
  by_last_proof: z.literal(true).exactOptional(),
  at: Time,
});
export type Effect = z.infer<typeof Effect>;

/** What the policy needs to know about the broker side; every part may be unknown. */
export const PreviewFacts = z.strictObject({
  rules: ContractRules.nullable(),
  instrument: InstrumentFact.nullable(),
  account: AccountFact.nullable(),
  positions: z.array(PositionFact).nullable(),
  working: z.array(WorkingOrderFact).nullable(),
  /** Base-currency value of one unit of the contract's currency. */
  fx_to_base: z.strictObject({ rate: Figure, at: Time }).nullable(),
  /** How the order changes the position, by the sidecar's own read; null when it could not read. */
  effect: Effect.nullable(),
  /** Portfolio greeks, where options are held. */
  greeks: Greeks.nullable(),
  broker_clock_skew_ms: z.int().nullable(),
});
export type PreviewFacts = z.infer<typeof PreviewFacts>;

/** The sidecar's answer to `order.preview`. */
export const PreviewAnswer = z.strictObject({
  ticket: Ticket,
  facts: PreviewFacts,
  generation: z.int().nonnegative(),
});
export type PreviewAnswer = z.infer<typeof PreviewAnswer>;
