import type { OrderRefusal } from "@ibkr-edge-gateway/protocol/orders/order-refusal.ts";
import {
  parseBracketInput,
  parseCancelInput,
  parseModifyInput,
  parseOrderInput,
} from "@ibkr-edge-gateway/protocol/orders/parse-input.ts";
import { toRecord } from "../../client-portal/readers.ts";

/** Everything wrong with what a preview is asked for, each with its field and rule. */
export function inputRefusals(input: unknown): OrderRefusal[] {
  const request = toRecord(toRecord(input)?.request);
  if (request === null) return [];
  const parsed = (() => {
    switch (request.kind) {
      case "order":
        return [parseOrderInput(request.order)];
      case "bracket":
        return [parseBracketInput(request.bracket)];
      case "modify":
        return [parseModifyInput(request.change)];
      case "cancel":
        return [parseCancelInput(request.cancel)];
      case "oca":
        return Array.isArray(request.orders) ? request.orders.map(parseOrderInput) : [];
      default:
        return [];
    }
  })();
  return parsed.flatMap((one) => (one.ok ? [] : one.refusals)).slice(0, 50);
}
