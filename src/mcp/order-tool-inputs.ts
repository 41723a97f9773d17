import {
  ApprovalId,
  IdempotencyKey,
  PreviewId,
} from "@ibkr-edge-gateway/protocol/operation-schemas/order-ids.ts";
import { BrokerOrderId } from "@ibkr-edge-gateway/protocol/operation-schemas/order-parts.ts";
import { ModifyInput, OrderInput } from "@ibkr-edge-gateway/protocol/orders/order-input.ts";
import * as z from "zod";
import { accountInput } from "./tool-inputs.ts";

/** Arguments of the order writes; the tool's own name says which mode is meant. */

const key = IdempotencyKey.describe(
  "8 to 128 characters of your own, one per order: the same key again never sends twice",
);
const { account_id } = accountInput;

export const submitInput = z.strictObject({
  account_id,
  approval_id: ApprovalId.describe("An approval the owner said yes to"),
  preview_id: PreviewId.optional().describe("Checked against the approval when given"),
  idempotency_key: key,
  rehearse: z
    .boolean()
    .optional()
    .describe("True: asks every check and answers what would be sent; nothing is sent or used up"),
});

export const cancelInput = z.strictObject({
  account_id,
  order_id: BrokerOrderId.describe("The broker's id of one order"),
  idempotency_key: key,
});

/** The order's terms with a word on each, for callers who see nothing else. */
export const orderWords = {
  account_id,
  asset_class: OrderInput.shape.asset_class.describe("STK covers ETFs"),
  currency: OrderInput.shape.currency.describe("Traded in, e.g. USD"),
  strike: OrderInput.shape.strike.describe("Of the option"),
  right: OrderInput.shape.right.describe("Call or put"),
  side: OrderInput.shape.side.describe("BUY or SELL"),
  order_type: OrderInput.shape.order_type.describe("Kind of order"),
  time_in_force: OrderInput.shape.time_in_force.describe("DAY unless said"),
  outside_rth: OrderInput.shape.outside_rth.describe("Outside regular hours too"),
};

export const modifyInput = ModifyInput.extend({
  quantity: ModifyInput.shape.quantity.describe("New total quantity"),
  limit_price: ModifyInput.shape.limit_price.describe("New limit"),
  stop_price: ModifyInput.shape.stop_price.describe("New trigger"),
  trailing_amount: ModifyInput.shape.trailing_amount.describe("New offset in price"),
  trailing_percent: ModifyInput.shape.trailing_percent.describe("New offset in percent"),
  time_in_force: ModifyInput.shape.time_in_force.describe("New time in force"),
  account_id,
  order_id: BrokerOrderId.describe("The broker's id of one order"),
  approval_id: ApprovalId.optional().describe("Absent: ask the owner. Given: send"),
  submit_on_approval: z.boolean().optional().describe("When asking: the owner's approval sends it"),
  idempotency_key: key,
});
