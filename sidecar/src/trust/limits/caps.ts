import { readFileSync } from "node:fs";
import type { Tier } from "@ibkr-edge-gateway/protocol/approval/tier.ts";
import { AccountId } from "@ibkr-edge-gateway/protocol/operation-schemas/field-types.ts";
import type { CanonicalOrder } from "@ibkr-edge-gateway/protocol/orders/canonical-order.ts";
import { dec, OrderDecimal, parseFigure } from "@ibkr-edge-gateway/protocol/orders/decimal.ts";
import { AssetClass, OrderType } from "@ibkr-edge-gateway/protocol/orders/order-terms.ts";
import * as z from "zod";

/**
 * The absolute caps: a file on this PC that nobody can raise from outside. No approval and no
 * policy passes them. Amounts are in the account's base currency. What the file does not say has
 * the value below; what it says wrongly stops every order that opens a position.
 */
const perMode = (shortSales: boolean) =>
  z.strictObject({
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
    /**
     * Shares and futures sold to open: a limit in money counts them as if the price doubled, and it may
     * rise further. Files from before this cap allow them on paper and not live.
     */
    short_sales: z.boolean().default(shortSales),
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
  paper: perMode(true),
  live: perMode(false),
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
    short_sales: true,
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
    short_sales: false,
    mandates: false,
    tier_two_from_notional: "0",
  },
};

export type CapsFile =
  | { ok: true; caps: Caps }
  /** `last`: what was in force until the file became wrong, where that is known. */
  | { ok: false; reason: string; last?: Caps };

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

/** The tier this PC insists on, whatever the edge's policy says. */
export function leastTier(caps: Caps, order: CanonicalOrder, notional: string | null): Tier {
  const limits = caps[order.mode];
  if (limits.tier_two_from_notional === null) return 1;
  const value = parseFigure(notional);
  return value === null || value.greaterThanOrEqualTo(dec(limits.tier_two_from_notional)) ? 2 : 1;
}
