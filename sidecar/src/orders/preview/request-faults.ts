import type { PreviewRequest } from "@ibkr-edge-gateway/protocol/operation-schemas/order-preview.ts";
import {
  bracketFormFaults,
  modifyFormFaults,
  orderFormFaults,
} from "@ibkr-edge-gateway/protocol/orders/form-faults.ts";
import { type OrderRefusal, refusal } from "@ibkr-edge-gateway/protocol/orders/order-refusal.ts";

/** What is wrong with a request as it was written, whatever the broker would say to it. */
export function formFaults(accountId: string, request: PreviewRequest): OrderRefusal[] {
  const named = accountsOf(request);
  const faults: OrderRefusal[] = named.every((one) => one === accountId)
    ? []
    : [
        refusal(
          "INPUT_INVALID",
          "account_id",
          "one_account",
          "Every part of the request must be for the same account.",
        ),
      ];
  switch (request.kind) {
    case "order":
      return [...faults, ...orderFormFaults(request.order)];
    case "bracket":
      return [...faults, ...bracketFormFaults(request.bracket)];
    case "oca":
      return [...faults, ...request.orders.flatMap((order) => orderFormFaults(order))];
    case "modify":
      return [...faults, ...modifyFormFaults(request.change)];
    case "cancel":
      return faults;
  }
}

function accountsOf(request: PreviewRequest): string[] {
  switch (request.kind) {
    case "order":
      return [request.order.account_id];
    case "bracket":
      return [request.bracket.account_id];
    case "oca":
      return [request.account_id, ...request.orders.map(({ account_id }) => account_id)];
    case "modify":
      return [request.change.account_id];
    case "cancel":
      return [request.cancel.account_id];
  }
}
