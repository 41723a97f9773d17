import * as z from "zod";
import { ApprovalProof } from "../approval/proof.ts";
import { ClientOrderId } from "../orders/intent.ts";
import { defineOperation } from "./define.ts";
import { BrokerOrderId, OrderOutcome, orderWrite } from "./order-parts.ts";

/**
 * Withdraws one order. An order of this gateway needs no approval and no open kill switch; one
 * placed elsewhere needs an approval of its own. `coid` names this act, for the log; the broker
 * never sees it. A cancel is a request: the outcome is `cancelled` only when the book says so.
 */
export const orderCancel = defineOperation({
  name: "order.cancel",
  class: "write",
  capability: "orders.paper",
  alsoUnder: "orders.live",
  input: z.strictObject({
    ...orderWrite,
    coid: ClientOrderId,
    order_id: BrokerOrderId,
    approval: ApprovalProof.nullable(),
  }),
  output: OrderOutcome,
  deadlineMs: 20_000,
});
