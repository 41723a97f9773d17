import { readFileSync } from "node:fs";
import type { Tier } from "@ibkr-edge-gateway/protocol/approval/tier.ts";
import { AccountId } from "@ibkr-edge-gateway/protocol/operations/parts.ts";
import type { CanonicalOrder } from "@ibkr-edge-gateway/protocol/orders/canonical-order.ts";
import {
  Decimal,
  dec,
  decimalText,
  OrderDecimal,
  parseFigure,
} from "@ibkr-edge-gateway/protocol/orders/decimal.ts";
import { type OrderRefusal, refusal } from "@ibkr-edge-gateway/protocol/orders/refusal.ts";
import { AssetClass, OrderType } from "@ibkr-edge-gateway/protocol/orders/terms.ts";
import type { Effect } from "@ibkr-edge-gateway/protocol/orders/ticket.ts";
import { opensShortCall } from "@ibkr-edge-gateway/protocol/orders/value-at-risk.ts";
import * as z from "zod";

/**
 * The absolute caps: a file on this PC that nobody can raise from outside. No approval and no
 * policy passes them. Amounts are in the account's base currency. What the file does not say has
 * the value below; what it says wrongly stops every order that opens a position.
 */
const perMode = z.strictObject({
  enabled: z.boolean(),
  max_notional: OrderDecimal,
  max_quantity: OrderDecimal,
  max_orders_per_minute: z.int().nonnegative().max(600),
  max_orders_per_day: z.int().nonnegative().max(100_000),
  /** Entries stop when the day's profit and loss falls this far below zero. */
  max_daily_loss: OrderDecimal,
  order_types: z.array(OrderType),
  asset_classes: z.array(AssetClass),
  /**
   * Calls sold to open: what they may lose has no bound, and whether one is covered cannot be proved.
   * Files from before this cap allow none.
   */
  uncovered_calls: z.boolean().default(false),
  mandates: z.boolean(),
  /**
   * From this value at risk on, the number shown at this PC is asked for, of exits too: whoever
   * runs the gateway can turn a tap meant for a sign-in into an approval, and cannot see the number.
   * Null never.
   */
  tier_two_from_notional: OrderDecimal.nullable(),
});

export const Caps = z.strictObject({
  v: z.literal(1),
  /** Broker accounts that may trade. `any_paper` admits every account the broker proves to be paper. */
  accounts: z.array(AccountId).max(20),
  any_paper: z.boolean(),
  max_price_drift_bps: OrderDecimal,
  paper: perMode,
  live: perMode,
});
export type Caps = z.infer<typeof Caps>;

/** Paper within small bounds, live off: a newcomer's one paper order passes, nothing else does. */
export const DEFAULT_CAPS: Caps = {
  v: 1,
  accounts: [],
  any_paper: true,
  max_price_drift_bps: "200",
  paper: {
    enabled: true,
    max_notional: "10000",
    max_quantity: "1000",
    max_orders_per_minute: 6,
    max_orders_per_day: 50,
    max_daily_loss: "5000",
    order_types: ["LMT", "MKT", "STP", "STOP_LIMIT", "TRAIL", "TRAILLMT", "MIDPRICE"],
    asset_classes: ["STK", "OPT", "FUT"],
    uncovered_calls: false,
    mandates: true,
    tier_two_from_notional: null,
  },
  live: {
    enabled: false,
    max_notional: "1000",
    max_quantity: "100",
    max_orders_per_minute: 2,
    max_orders_per_day: 10,
    max_daily_loss: "500",
    order_types: ["LMT", "STP", "STOP_LIMIT"],
    asset_classes: ["STK"],
    uncovered_calls: false,
    mandates: false,
    tier_two_from_notional: "0",
  },
};

export type CapsFile = { ok: true; caps: Caps } | { ok: false; reason: string };

/** The file's caps; the defaults when there is no file; a reason when there is one that is wrong. */
export function readCaps(path: string): CapsFile {
  let text: string;
  try {
    text = readFileSync(path, "utf8");
  } catch (thrown) {
    if (thrown instanceof Error && "code" in thrown && thrown.code === "ENOENT") {
      return { ok: true, caps: DEFAULT_CAPS };
    }
    return { ok: false, reason: "The caps file cannot be read." };
  }
  return parseCaps(text);
}

export function parseCaps(text: string): CapsFile {
  try {
    const parsed = Caps.safeParse(JSON.parse(text));
    if (parsed.success) return { ok: true, caps: parsed.data };
    const [issue] = parsed.error.issues;
    return {
      ok: false,
      reason: `The caps file is wrong at ${issue?.path.join(".") || "its top"}.`,
    };
  } catch {
    return { ok: false, reason: "The caps file is not JSON." };
  }
}

/** From this sidecar's own journal, unknown outcomes included. */
export const CapsUsage = z.strictObject({
  ordersLastMinute: z.int().nonnegative(),
  ordersToday: z.int().nonnegative(),
  /** From the broker; null when it was not read. */
  dailyPnl: z.string().nullable(),
});
export type CapsUsage = z.infer<typeof CapsUsage>;

/** The same as kept with a preview, with what the order did to the position then. */
export const CapsAtPreview = CapsUsage.extend({
  /** Null when it was not known; absent in what was kept before. */
  effect: z.enum(["entry", "exit", "flip"]).nullable().exactOptional(),
});
export type CapsAtPreview = z.infer<typeof CapsAtPreview>;

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
  numbers: {
    /** Value at risk in base currency. */
    notional: string | null;
    /** What it is not known for, as the subject of a sentence. */
    missing: string | null;
    /** The most units of any leg: of an amount of money what it buys at most. */
    units: string | null;
    effect: Effect | null;
    usage: CapsUsage;
  },
  before: CapsBefore | null = null,
): OrderRefusal[] {
  if (!file.ok) {
    const opens = order.action !== "cancel" && numbers.effect?.kind !== "exit";
    return opens ? [over("caps", "caps_file_valid", file.reason)] : [];
  }
  const { caps } = file;
  const faults: OrderRefusal[] = [];
  const limits = caps[order.mode];
  const { usage } = numbers;
  const listed = caps.accounts.includes(order.account_id);
  if (!listed && !(caps.any_paper && order.mode === "paper")) {
    const filed = before === null ? "" : FILE_CHANGED;
    faults.push(
      over("account_id", "account_listed", `This PC's caps do not list the account.${filed}`),
    );
  }
  if (order.action === "cancel" || numbers.effect?.kind === "exit") return faults;
  const filed = before === null ? "" : whyNow(before);
  if (!limits.enabled) {
    faults.push(
      over("mode", "mode_enabled", `Orders in ${order.mode} accounts are off at this PC.${filed}`),
    );
  }

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
  if (!limits.uncovered_calls && opensShortCall(order, numbers.effect)) {
    faults.push(
      over(
        "side",
        "uncovered_calls",
        `What a call that is sold may lose has no bound, and this PC cannot prove that it is covered.${filed}`,
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
  const counted = (rule: string, window: string, now: number, then?: number, limit = 0): void => {
    if (now + 1 <= limit) return;
    const text = `${now === 1 ? "1 order" : `${now} orders`} went out in the last ${window}, and this PC's cap is ${limit}.`;
    const since = then === undefined ? "" : was(String(then), String(now)) || filed;
    faults.push(over("orders", rule, `${text}${since}`));
  };
  const [then, perMinute] = [before?.usage, limits.max_orders_per_minute];
  counted(
    "max_orders_per_minute",
    "minute",
    usage.ordersLastMinute,
    then?.ordersLastMinute,
    perMinute,
  );
  counted(
    "max_orders_per_day",
    "24 hours",
    usage.ordersToday,
    then?.ordersToday,
    limits.max_orders_per_day,
  );
  const pnl = parseFigure(usage.dailyPnl);
  if (
    pnl === null ||
    Decimal.max(0, pnl.negated()).greaterThanOrEqualTo(dec(limits.max_daily_loss))
  ) {
    faults.push(
      over(
        "daily_pnl",
        "max_daily_loss",
        pnl === null
          ? `The day's profit and loss is unknown.${was(then?.dailyPnl, null)}`
          : `The day's result of ${decimalText(pnl)} has reached this PC's cap on the loss, ${limits.max_daily_loss}.${was(then?.dailyPnl, decimalText(pnl)) || filed}`,
      ),
    );
  }
  return faults;
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

/** The tier this PC insists on, whatever the edge's policy says. */
export function leastTier(caps: Caps, order: CanonicalOrder, notional: string | null): Tier {
  const limits = caps[order.mode];
  if (limits.tier_two_from_notional === null) return 1;
  const value = parseFigure(notional);
  return value === null || value.greaterThanOrEqualTo(dec(limits.tier_two_from_notional)) ? 2 : 1;
}

/** What it was at the preview, where it is another by now. */
function was(before: string | null | undefined, now: string | null): string {
  return before == null || before === now ? "" : ` At the preview it was ${before}.`;
}

const over = (field: string, rule: string, message: string): OrderRefusal =>
  refusal("LOCAL_CAP_EXCEEDED", field, rule, message);
