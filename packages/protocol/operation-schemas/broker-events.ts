import * as z from "zod";
import { Execution } from "./executions-list.ts";
import { BrokerText, Source, Timestamp } from "./field-types.ts";
import { Order } from "./orders-list.ts";

/**
 * What the broker's news become on their way to the edge. `event_key` is the same whenever the same
 * thing is told again, so that a repetition can be recognised; `observed_at` is when the sidecar
 * learnt of it.
 */
const told = { event_key: z.string().max(200), source: Source, observed_at: Timestamp };

/** An order appeared, changed or ended. */
export const BrokerOrderEvent = z.strictObject({ ...told, order: Order });
export type BrokerOrderEvent = z.infer<typeof BrokerOrderEvent>;

/** A fill; `event_key` is the broker's own execution id. */
export const BrokerExecutionEvent = z.strictObject({ ...told, execution: Execution });
export type BrokerExecutionEvent = z.infer<typeof BrokerExecutionEvent>;

/** A notice or bulletin of the broker. */
export const BrokerAlertEvent = z.strictObject({
  ...told,
  notice_id: z.string().max(60).nullable(),
  title: BrokerText.nullable(),
  text: BrokerText.nullable(),
});
export type BrokerAlertEvent = z.infer<typeof BrokerAlertEvent>;
