import { counted } from "../counted-words.ts";
import type { AcceptedWarning } from "../orders/intent.ts";
import { plainly } from "../orders/order-words.ts";
import type { Mandate } from "./mandate.ts";
import { type PlacementBounds, placementBounds } from "./mandate-bounds.ts";

/** What a mandate allows, in plain words and from its own fields alone: for the page and for the PC. */
export interface MandateLine {
  name: string;
  says: string;
}

/**
 * Every bound that is signed changes these lines; the test beside this file takes them from the schema.
 * `nameOf` gives an agent's name where it is known; its id stands beside it, because an agent names
 * itself. The PC has only the id.
 */
export function mandateInWords(
  mandate: Mandate,
  nameOf: (clientId: string) => string = (clientId) => clientId,
): MandateLine[] {
  const { mode, conids, accepted_warnings } = mandate;
  return [
    {
      name: "Account",
      says: `${mandate.accounts.join(", ")}, ${mode === "live" ? "live, real money" : "paper, no real money"}`,
    },
    { name: "Agents", says: mandate.clients.map((id) => clientInWords(id, nameOf)).join(", ") },
    {
      name: "Orders",
      says: [
        mandate.sides.map((side) => (side === "BUY" ? "buy" : "sell")).join(" or "),
        mandate.order_types.map((type) => ORDER_TYPES[type]).join(", "),
        ...(mandate.reduce_only ? ["only what reduces a position"] : []),
      ].join("; "),
    },
    {
      name: "Instruments",
      says: `${mandate.asset_classes.map((one) => ASSET_CLASSES[one]).join(", ")}: ${
        conids === null ? "any" : `contract ${conids.join(", ")}`
      }`,
    },
    ...placementInWords(placementBounds(mandate)),
    {
      name: "One order",
      says: `at most ${mandate.max_notional_per_order} in the account's base currency, and ${mandate.max_quantity_per_order} units`,
    },
    {
      name: "In 24 hours",
      says: `at most ${mandate.max_notional_per_day} in the account's base currency, and ${counted(mandate.max_orders_per_day, "order")}`,
    },
    {
      name: "Broker's warnings",
      says:
        accepted_warnings.length === 0
          ? "none accepted beforehand; an order with one needs your tap"
          : `accepted beforehand: ${accepted_warnings.map(warningInWords).join(", ")}`,
    },
    { name: "From", says: moment(mandate.not_before) },
    { name: "Until", says: moment(mandate.not_after) },
  ];
}

function clientInWords(id: string, nameOf: (clientId: string) => string): string {
  const name = plainly(nameOf(id));
  return name === plainly(id) ? name : `${name} (${plainly(id)})`;
}

/** The mandate holds the wording's fingerprint alone: one message id goes with 3 % and with 300 %. */
const warningInWords = ({ message_id, fingerprint }: AcceptedWarning): string =>
  `${plainly(message_id ?? "one without a number")} in the wording ${fingerprint.slice(0, 16)}`;

function placementInWords(bounds: PlacementBounds): MandateLine[] {
  const { currencies, exchanges, latest_expiry, max_price_beyond_percent } = bounds;
  return [
    { name: "Currency", says: currencies?.join(", ") ?? "the account's base currency only" },
    {
      name: "Exchange",
      says: exchanges?.map(plainly).join(", ") ?? "the broker's usual routing only",
    },
    { name: "Time in force", says: bounds.times_in_force.map((one) => TIMES[one]).join(", ") },
    {
      name: "Hours",
      says: `${bounds.outside_rth ? "also outside regular hours" : "regular hours only"}; ${
        bounds.when_closed
          ? "also orders that wait for the market to open"
          : "no order that waits for the market to open"
      }`,
    },
    {
      name: "Short sales",
      says: bounds.short_sales ? "also more than is held; the loss has no bound" : "none",
    },
    { name: "Price", says: `at most ${max_price_beyond_percent} % beyond the market` },
    {
      name: "Expiry",
      says:
        latest_expiry === null
          ? "nothing that expires"
          : latest_expiry === "named"
            ? "of what expires only the contracts named above"
            : `what expires by ${latest_expiry.slice(0, 4)}-${latest_expiry.slice(4, 6)}-${latest_expiry.slice(6)}`,
    },
  ];
}

const TIMES: Record<PlacementBounds["times_in_force"][number], string> = {
  DAY: "for the day",
  GTC: "until cancelled",
  OPG: "at the opening",
  IOC: "at once or not at all",
};

const ORDER_TYPES: Record<Mandate["order_types"][number], string> = {
  LMT: "limit",
  MKT: "market",
  STP: "stop",
  STOP_LIMIT: "stop limit",
  TRAIL: "trailing stop",
  TRAILLMT: "trailing stop limit",
  MIDPRICE: "midprice",
};

const ASSET_CLASSES: Record<Mandate["asset_classes"][number], string> = {
  STK: "stocks and funds",
  OPT: "options",
  FUT: "futures",
};

/** To the minute, and further where it does not begin with one. */
const moment = (at: string): string => {
  const rest = at.slice(16, -1);
  return `${at.slice(0, 10)} ${at.slice(11, 16)}${rest === ":00.000" ? "" : rest} UTC`;
};
