import { ordersStatus as operation } from "@ibkr-edge-gateway/protocol/operation-schemas/orders-status.ts";
import { defineTool, READS_BROKER, waitInput } from "../define-tool.ts";
import { accountInput } from "../tool-inputs.ts";

const ENDED: ReadonlySet<string> = new Set(["filled", "cancelled"]);

export const orderStatusTool = defineTool({
  name: "ibkr_order_status",
  title: "One order",
  description: "One order: state, fills, why it was rejected.",
  scope: "ibkr:orders:read",
  annotations: READS_BROKER,
  input: operation.input.extend({ ...accountInput, ...waitInput }),
  operation,
  watch: {
    stateOf: (output) => {
      const { status, filled, remaining } = operation.output.parse(output).order;
      return [status, filled, remaining].join("|");
    },
    isFinal: (output) => ENDED.has(operation.output.parse(output).order.status),
    // An order of somebody else's hand changes at the broker without a word to the object.
    reads: true,
  },
});
