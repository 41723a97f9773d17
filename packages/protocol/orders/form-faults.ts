import { dec } from "./decimal.ts";
import { decimalRefusal } from "./decimal-refusal.ts";
import type { BracketInput, ModifyInput, OrderInput } from "./order-input.ts";
import { type OrderRefusal, refusal } from "./order-refusal.ts";
import type { OrderType } from "./order-terms.ts";

/**
 * What can be said about an order before anyone is asked: which fields its type needs and forbids,
 * and which combinations no venue takes.
 */
type Terms = Pick<
  OrderInput,
  | "asset_class"
  | "side"
  | "order_type"
  | "quantity"
  | "cash_quantity"
  | "limit_price"
  | "stop_price"
  | "trailing_amount"
  | "trailing_percent"
  | "time_in_force"
  | "outside_rth"
>;

interface Needs {
  limit: "required" | "optional" | "forbidden";
  stop: "required" | "optional" | "forbidden";
  trailing: boolean;
}

/** TRAIL's stop is the first trigger, optional; MIDPRICE's limit is its cap, optional. */
export const FIELDS_OF_TYPE: Record<OrderType, Needs> = {
  LMT: { limit: "required", stop: "forbidden", trailing: false },
  MKT: { limit: "forbidden", stop: "forbidden", trailing: false },
  STP: { limit: "forbidden", stop: "required", trailing: false },
  STOP_LIMIT: { limit: "required", stop: "required", trailing: false },
  TRAIL: { limit: "forbidden", stop: "optional", trailing: true },
  TRAILLMT: { limit: "required", stop: "required", trailing: true },
  MIDPRICE: { limit: "optional", stop: "forbidden", trailing: false },
};

/** What is wrong with one order's form, all of it; empty when nothing is. Needs a shaped input. */
export function orderFormFaults(order: OrderInput): OrderRefusal[] {
  return [...contractFaults(order), ...termFaults(order)];
}

/**
 * The same for a bracket: the entry's own form, a quantity, and a time in force that its exits can
 * have.
 */
export function bracketFormFaults(bracket: BracketInput): OrderRefusal[] {
  const faults = [...contractFaults(bracket), ...termFaults(bracket)];
  if (bracket.cash_quantity !== undefined) {
    faults.push(
      refusal(
        "BRACKET_INCOHERENT",
        "cash_quantity",
        "bracket_quantity",
        "A bracket needs a quantity: its exits must match what the entry buys.",
      ),
    );
  }
  if (bracket.time_in_force === "IOC" || bracket.time_in_force === "OPG") {
    faults.push(
      refusal(
        "BRACKET_INCOHERENT",
        "time_in_force",
        "bracket_tif",
        "A bracket must be DAY or GTC.",
      ),
    );
  }
  return faults;
}

/** The same for a change: it names at least one new value, and one trailing offset at most. */
export function modifyFormFaults(change: ModifyInput): OrderRefusal[] {
  const { account_id: _account, order_id: _id, ...changes } = change;
  const faults = positiveFaults(change);
  if (Object.values(changes).every((value) => value === undefined)) {
    faults.push(
      refusal("INPUT_INVALID", "(request)", "at_least_one_change", "Name at least one change."),
    );
  }
  if (change.trailing_amount !== undefined && change.trailing_percent !== undefined) {
    faults.push(oneTrailing());
  }
  return faults;
}

function contractFaults(order: OrderInput | BracketInput): OrderRefusal[] {
  const faults: OrderRefusal[] = [];
  if (order.conid === undefined && order.symbol === undefined) {
    faults.push(
      refusal("INPUT_INVALID_CONTRACT", "conid", "required", "Name the contract by its conid."),
    );
  }
  if (order.conid === undefined && (order.asset_class === "OPT" || order.asset_class === "FUT")) {
    const needed =
      order.asset_class === "OPT"
        ? (["expiry", "strike", "right"] as const)
        : (["expiry"] as const);
    for (const field of needed) {
      if (order[field] === undefined) {
        const what = order.asset_class === "OPT" ? "An option" : "A future";
        faults.push(
          refusal(
            "INPUT_INVALID_CONTRACT",
            field,
            "required_for_asset_class",
            `${what} needs its ${field}, or its own conid.`,
          ),
        );
      }
    }
  }
  return faults;
}

function termFaults(order: Terms): OrderRefusal[] {
  const needs = FIELDS_OF_TYPE[order.order_type];
  return [
    ...positiveFaults(order),
    ...amountFaults(order),
    ...presence(order.order_type, "limit_price", order.limit_price, needs.limit),
    ...presence(order.order_type, "stop_price", order.stop_price, needs.stop),
    ...trailingFaults(order, needs),
    ...sessionFaults(order),
  ];
}

/** How much: a quantity or an amount of money, and the latter where the broker takes it. */
function amountFaults(order: Terms): OrderRefusal[] {
  const faults: OrderRefusal[] = [];
  if (order.quantity === undefined && order.cash_quantity === undefined) {
    faults.push(refusal("ORDER_QUANTITY_INVALID", "quantity", "required", "quantity is required."));
  }
  if (order.quantity !== undefined && order.cash_quantity !== undefined) {
    faults.push(
      refusal(
        "ORDER_QUANTITY_INVALID",
        "cash_quantity",
        "either_or",
        "Give quantity or cash_quantity, not both.",
      ),
    );
  }
  if (order.cash_quantity !== undefined && (order.side === "SELL" || order.order_type !== "MKT")) {
    faults.push(
      refusal(
        "ORDER_CASH_QUANTITY_REFUSED",
        "cash_quantity",
        "buy_market_only",
        "The broker takes a cash quantity on BUY MKT orders only.",
      ),
    );
  }
  return faults;
}

/** The offset of a trailing order: exactly one, in price or in percent. */
function trailingFaults(order: Terms, needs: Needs): OrderRefusal[] {
  const faults: OrderRefusal[] = [];
  const offsets = [order.trailing_amount, order.trailing_percent].filter((v) => v !== undefined);
  if (offsets.length === 2) faults.push(oneTrailing());
  if (needs.trailing && offsets.length === 0) {
    faults.push(
      refusal(
        "ORDER_TRAILING_OFFSET_REQUIRED",
        "trailing_amount",
        "required_for_type",
        `${order.order_type} needs trailing_amount or trailing_percent.`,
      ),
    );
  }
  if (!needs.trailing && offsets.length > 0) {
    faults.push(
      refusal(
        "ORDER_FIELD_NOT_ALLOWED",
        order.trailing_amount !== undefined ? "trailing_amount" : "trailing_percent",
        "not_for_type",
        `${order.order_type} has no trailing offset.`,
      ),
    );
  }
  if (
    order.trailing_percent !== undefined &&
    dec(order.trailing_percent).greaterThanOrEqualTo(100)
  ) {
    faults.push(
      refusal(
        "ORDER_TRAILING_OFFSET_INVALID",
        "trailing_percent",
        "below_hundred",
        "trailing_percent must be below 100.",
      ),
    );
  }
  return faults;
}

export const LIMIT_ONLY_OUTSIDE =
  "Outside regular hours shares take LMT, STOP_LIMIT and TRAILLMT orders only.";

/** Types with a limit of their own, which alone trade outside regular hours whatever the contract is. */
export const worksOutside = (type: OrderType): boolean =>
  type === "LMT" || type === "STOP_LIMIT" || type === "TRAILLMT";

/** When it may trade, and for how long. */
function sessionFaults(order: Terms): OrderRefusal[] {
  const faults: OrderRefusal[] = [];
  // A future trades outside them by any type; where the conid alone names it, its rules decide later.
  const market = order.order_type === "MKT" || order.order_type === "MIDPRICE";
  const mayBe = order.asset_class === "FUT" || (order.asset_class === undefined && !market);
  if (order.outside_rth && !worksOutside(order.order_type) && !mayBe) {
    faults.push(
      refusal("VENUE_RULE", "outside_rth", "limit_only_outside_hours", LIMIT_ONLY_OUTSIDE),
    );
  }
  if (order.time_in_force === "OPG" && order.order_type !== "LMT" && order.order_type !== "MKT") {
    faults.push(
      refusal("VENUE_RULE", "time_in_force", "opg_types", "OPG goes with LMT and MKT only."),
    );
  }
  if (order.time_in_force === "OPG" && order.outside_rth) {
    faults.push(
      refusal("VENUE_RULE", "outside_rth", "opg_is_regular", "OPG is for the regular opening."),
    );
  }
  if (order.time_in_force === "IOC" && order.order_type !== "LMT" && order.order_type !== "MKT") {
    faults.push(
      refusal("VENUE_RULE", "time_in_force", "ioc_types", "IOC goes with LMT and MKT only."),
    );
  }
  return faults;
}

function presence(
  type: OrderType,
  field: "limit_price" | "stop_price",
  value: string | undefined,
  need: Needs["limit"],
): OrderRefusal[] {
  if (need === "required" && value === undefined) {
    const code =
      field === "limit_price" ? "ORDER_LIMIT_PRICE_REQUIRED" : "ORDER_STOP_PRICE_REQUIRED";
    return [refusal(code, field, "required_for_type", `${type} needs ${field}.`)];
  }
  if (need === "forbidden" && value !== undefined) {
    return [refusal("ORDER_FIELD_NOT_ALLOWED", field, "not_for_type", `${type} has no ${field}.`)];
  }
  return [];
}

/** The schema lets zero through so that it can be named here like every other bad number. */
function positiveFaults(values: object): OrderRefusal[] {
  return Object.entries(values).flatMap(([field, value]) => {
    if (!/(_price|quantity|trailing_amount|trailing_percent|strike)$/.test(field)) return [];
    if (value === undefined) return [];
    const found = decimalRefusal(field, value);
    return found === null ? [] : [found];
  });
}

const oneTrailing = (): OrderRefusal =>
  refusal(
    "ORDER_TRAILING_OFFSET_INVALID",
    "trailing_percent",
    "either_or",
    "Give trailing_amount or trailing_percent, not both.",
  );
