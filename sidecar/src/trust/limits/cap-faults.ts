import type { CanonicalOrder } from "@ibkr-edge-gateway/protocol/orders/canonical-order.ts";
import {
  Decimal,
  dec,
  decimalText,
  parseFigure,
} from "@ibkr-edge-gateway/protocol/orders/decimal.ts";
import { type OrderRefusal, refusal } from "@ibkr-edge-gateway/protocol/orders/order-refusal.ts";
import type { Effect } from "@ibkr-edge-gateway/protocol/orders/ticket.ts";
import {
  opensShortCall,
  opensShortSale,
} from "@ibkr-edge-gateway/protocol/orders/value-at-risk.ts";
import type { Caps, CapsAtPreview, CapsFile, CapsUsage } from "./caps.ts";

/** The numbers of the moment at which the order was prepared. */
export interface CapsBefore {
  notional: string | null;
  usage: CapsAtPreview | null;
}

/**
 * Every cap an order would pass. Which account may trade binds every order; whether a mode is on,
 * amounts, counts, types, the loss limit and a file that cannot be read bind what opens or turns a
 * position, and never an exit or a cancel.
 */
export function capFaults(
  file: CapsFile,
  order: CanonicalOrder,
  numbers: CapNumbers,
  before: CapsBefore | null = null,
): OrderRefusal[] {
  const opens = order.action !== "cancel" && numbers.effect?.kind !== "exit";
  if (!file.ok) return opens ? [over("caps", "caps_file_valid", file.reason)] : [];
  const { caps } = file;
  const limits = caps[order.mode];
  const account = accountFaults(caps, order, before);
  if (!opens) return account;
  const filed = before === null ? "" : whyNow(before);
  return [
    ...account,
    ...modeFaults(limits, order, filed),
    ...sizeFaults(limits, numbers, before, filed),
    ...kindFaults(limits, order, numbers, filed),
    ...countFaults(limits, numbers.usage, before, filed),
    ...lossFaults(limits, numbers.usage, before, filed),
  ];
}

/** What the caps are compared with, as of now. */
interface CapNumbers {
  /** Value at risk in base currency. */
  notional: string | null;
  /** What it is not known for, as the subject of a sentence. */
  missing: string | null;
  /** The most units of any leg: of an amount of money what it buys at most. */
  units: string | null;
  effect: Effect | null;
  usage: CapsUsage;
}

type Limits = Caps["paper"];

function accountFaults(
  caps: Caps,
  order: CanonicalOrder,
  before: CapsBefore | null,
): OrderRefusal[] {
  const listed = caps.accounts.includes(order.account_id);
  if (listed || (caps.any_paper && order.mode === "paper")) return [];
  const filed = before === null ? "" : FILE_CHANGED;
  return [over("account_id", "account_listed", `This PC's caps do not list the account.${filed}`)];
}

function modeFaults(limits: Limits, order: CanonicalOrder, filed: string): OrderRefusal[] {
  if (limits.enabled) return [];
  const text = `Orders in ${order.mode} accounts are off at this PC.${filed}`;
  return [over("mode", "mode_enabled", text)];
}

function sizeFaults(
  limits: Limits,
  numbers: CapNumbers,
  before: CapsBefore | null,
  filed: string,
): OrderRefusal[] {
  const faults: OrderRefusal[] = [];
  const notional = parseFigure(numbers.notional);
  if (notional === null || notional.greaterThan(dec(limits.max_notional))) {
    faults.push(
      over(
        "notional",
        "max_notional",
        notional === null
          ? `${numbers.missing ?? "The order's value"} is not known.${was(before?.notional, null)}`
          : `The order's value is ${decimalText(notional)}, above this PC's cap of ${limits.max_notional}.${was(before?.notional, decimalText(notional)) || filed}`,
      ),
    );
  }
  const units = parseFigure(numbers.units);
  if (units === null || units.greaterThan(dec(limits.max_quantity))) {
    faults.push(
      over(
        "quantity",
        "max_quantity",
        units === null
          ? "How many units the order may take is not known."
          : `The quantity is above this PC's cap of ${limits.max_quantity}.${filed}`,
      ),
    );
  }
  return faults;
}

function kindFaults(
  limits: Limits,
  order: CanonicalOrder,
  { effect }: CapNumbers,
  filed: string,
): OrderRefusal[] {
  const faults: OrderRefusal[] = [];
  if (!limits.uncovered_calls && opensShortCall(order, effect)) {
    faults.push(
      over(
        "side",
        "uncovered_calls",
        `What a call that is sold may lose has no bound, and this PC cannot prove that it is covered: one over shares that are held counts as uncovered too.${filed}`,
      ),
    );
  }
  if (!limits.short_sales && opensShortSale(order, effect)) {
    faults.push(
      over(
        "side",
        "short_sales",
        `By this PC's own read the order sells more than is held, and short sales are off at this PC.${filed}`,
      ),
    );
  }
  for (const leg of order.legs) {
    if (!limits.order_types.includes(leg.order_type)) {
      faults.push(
        over("order_type", "order_types", `${leg.order_type} is off at this PC.${filed}`),
      );
    }
    if (!limits.asset_classes.includes(leg.contract.asset_class)) {
      faults.push(
        over("asset_class", "asset_classes", `This asset class is off at this PC.${filed}`),
      );
    }
  }
  return faults;
}

function countFaults(
  limits: Limits,
  usage: CapsUsage,
  before: CapsBefore | null,
  filed: string,
): OrderRefusal[] {
  const then = before?.usage;
  const counts = [
    {
      rule: "max_orders_per_minute",
      window: "minute",
      limit: limits.max_orders_per_minute,
      now: usage.ordersLastMinute,
      before: then?.ordersLastMinute,
    },
    {
      rule: "max_orders_per_day",
      window: "24 hours",
      limit: limits.max_orders_per_day,
      now: usage.ordersToday,
      before: then?.ordersToday,
    },
  ];
  return counts
    .filter(({ now, limit }) => now + 1 > limit)
    .map((count) => {
      const { rule, window, limit, now } = count;
      const text = `${now === 1 ? "1 order" : `${now} orders`} went out in the last ${window}, and this PC's cap is ${limit}.`;
      const since =
        count.before === undefined ? "" : was(String(count.before), String(now)) || filed;
      return over("orders", rule, `${text}${since}`);
    });
}

function lossFaults(
  limits: Limits,
  usage: CapsUsage,
  before: CapsBefore | null,
  filed: string,
): OrderRefusal[] {
  const then = before?.usage?.dailyPnl;
  const pnl = parseFigure(usage.dailyPnl);
  const loss = pnl === null ? null : Decimal.max(0, pnl.negated());
  if (pnl !== null && loss?.lessThan(dec(limits.max_daily_loss))) return [];
  return [
    over(
      "daily_pnl",
      "max_daily_loss",
      pnl === null
        ? `The day's profit and loss is unknown.${was(then, null)}`
        : `The day's result of ${decimalText(pnl)} has reached this PC's cap on the loss, ${limits.max_daily_loss}.${was(then, decimalText(pnl)) || filed}`,
    ),
  ];
}

const FILE_CHANGED = " The caps file has changed since the preview.";

/**
 * Why a rule of the file alone, which every entry was held to at the preview, refuses only now: the
 * order was an exit then, or the file was another.
 */
function whyNow({ usage }: CapsBefore): string {
  if (usage?.effect === "exit") {
    return " At the preview the order could only reduce a position; now it opens or adds to one.";
  }
  return usage?.effect === undefined
    ? " Since the preview the caps file changed, or what the order does to the position."
    : FILE_CHANGED;
}

/** What it was at the preview, where it is another by now. */
function was(before: string | null | undefined, now: string | null): string {
  return before == null || before === now ? "" : ` At the preview it was ${before}.`;
}

const over = (field: string, rule: string, message: string): OrderRefusal =>
  refusal("LOCAL_CAP_EXCEEDED", field, rule, message);
