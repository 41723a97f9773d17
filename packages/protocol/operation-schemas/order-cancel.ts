import * as z from "zod";
import { ApprovalProof } from "../approval/approval-proof.ts";
import { ClientOrderId } from "../orders/intent.ts";
import { defineOperation } from "./define-operation.ts";
import { BrokerOrderId, OrderOutcome, OrderRef, orderWrite } from "./order-parts.ts";

export const CancelBy = z.enum(["owner", "agent", "gateway"]);
export type CancelBy = z.infer<typeof CancelBy>;

/**
 * Cancels one order, or every member of one group. An order of this gateway needs no approval and
 * no open kill switch; one placed elsewhere needs an approval of its own. `coid` names this act, for
 * the log; the broker never sees it. A cancel is a request: the outcome is `cancelled` only when the
 * book says so.
 */
export const orderCancel = defineOperation({
  name: "order.cancel",
  class: "write",
  capability: "orders.paper",
  alsoUnder: "orders.live",
  input: z.strictObject({
    ...orderWrite,
    coid: ClientOrderId,
    /** Null when the gateway never learnt the broker's number; then `order_ref` says which order. */
    order_id: BrokerOrderId.nullable(),
    /** Our own reference. The sidecar finds the number in its journal or in the broker's book. */
    order_ref: OrderRef.nullable().default(null),
    /**
     * The owner's own cancel passes while the broker keeps everybody else silent, and so does what
     * the gateway cancels by itself for a kill switch. That last word is only for a PC whose handshake
     * says `cancel-by-gateway`; any other is told `owner`, as ever, and cancels.
     */
    by: CancelBy.default("agent"),
    approval: ApprovalProof.nullable(),
  }),
  output: OrderOutcome,
  deadlineMs: 20_000,
});
