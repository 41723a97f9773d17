import * as z from "zod";
import { CAPABILITIES } from "../capabilities.ts";
import { OrderDecimal } from "../orders/decimal.ts";
import { Hash } from "../orders/intent.ts";
import { AssetClass, OrderType } from "../orders/order-terms.ts";
import { defineOperation } from "./define-operation.ts";
import { AccountId, Timestamp } from "./field-types.ts";

const modeCaps = z.strictObject({
  enabled: z.boolean(),
  max_notional: OrderDecimal,
  max_quantity: OrderDecimal,
  max_orders_per_minute: z.int().nonnegative(),
  max_orders_per_day: z.int().nonnegative(),
  max_daily_loss: OrderDecimal,
  order_types: z.array(OrderType),
  asset_classes: z.array(AssetClass),
  /** Absent from a PC that does not know the cap yet: it allows what it always did. */
  uncovered_calls: z.boolean().exactOptional(),
  /** Absent as above. */
  short_sales: z.boolean().exactOptional(),
  mandates: z.boolean(),
  tier_two_from_notional: OrderDecimal.nullable(),
});

/** What this PC insists on, for the console to show. The edge can read it and change none of it. */
export const trustStatus = defineOperation({
  name: "trust.status",
  class: "read",
  capability: "broker.read",
  input: z.strictObject({}),
  output: z.strictObject({
    sidecar_id: z.string().max(128),
    as_of: Timestamp,
    /** What the local policy offers. */
    capabilities: z.array(z.enum(CAPABILITIES)),
    kill_switch: z.strictObject({
      engaged: z.boolean(),
      since: Timestamp.nullable(),
      reason: z.string().max(200).nullable(),
    }),
    /** Null when the caps file cannot be used; then nothing but a cancel passes. */
    caps: z
      .strictObject({
        accounts: z.array(AccountId),
        any_paper: z.boolean(),
        max_price_drift_bps: OrderDecimal,
        paper: modeCaps,
        live: modeCaps,
      })
      .nullable(),
    caps_fault: z.string().max(300).nullable(),
    approvers: z.array(
      z.strictObject({
        credential_id: z.string().max(1_400),
        /** Six words over the public key, as the terminal shows them. */
        fingerprint: z.string().max(200),
        label: z.string().max(60),
        enrolled_at: Timestamp,
        /**
         * On whose page it is used: this PC's own (`loopback`), the one its owner hosts (`qr`), or the
         * gateway's (`terminal-edge`); `usb` was proved at the PC. Absent from a PC of before.
         */
        kind: z.enum(["loopback", "qr", "terminal-edge", "usb"]).exactOptional(),
      }),
    ),
    /** Mandates this PC has seen, the newest first; the numbers it shows are in no answer. */
    mandates: z
      .array(
        z.strictObject({
          mandate_id: z.string().max(64),
          mandate_hash: Hash,
          state: z.enum(["waiting", "confirmed", "revoked"]),
          not_after: Timestamp,
        }),
      )
      .max(100),
    /** Intents of this sidecar whose outcome is not proved. */
    in_doubt: z.array(z.strictObject({ coid: z.string().max(64), account_id: AccountId })).max(100),
  }),
  deadlineMs: 5_000,
});
