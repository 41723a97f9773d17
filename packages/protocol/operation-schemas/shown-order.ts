import * as z from "zod";
import { OrderRefusal } from "../orders/order-refusal.ts";
import { OrderState, ProofSource } from "../orders/order-state.ts";
import { BrokerText, Timestamp } from "./field-types.ts";
import { OrderRefText } from "./order-ids.ts";
import { IntentOrder, OpenQuestion } from "./order-parts.ts";

/** What is known of one order, and by what it is proved. */
export const ShownOrder = z.strictObject({
  /** Our reference (cOID): what the broker shows beside the order. */
  order_ref: OrderRefText,
  action: z.enum(["place", "modify", "cancel"]),
  state: OrderState,
  /** What the state means, and what it does not. */
  means: z.string(),
  /** It waits at the broker until its market opens for it first; null when it need not, or has opened since. */
  waits_until: Timestamp.nullable(),
  proved_by: ProofSource.nullable(),
  orders: z.array(IntentOrder),
  question: OpenQuestion.nullable(),
  refusals: z.array(OrderRefusal),
  broker_text: BrokerText.nullable(),
  alerts: z.array(z.string()),
  updated_at: Timestamp,
});

export type ShownOrder = z.infer<typeof ShownOrder>;
