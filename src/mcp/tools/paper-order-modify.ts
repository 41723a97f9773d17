import { tradeModify as operation } from "@ibkr-edge-gateway/protocol/operations/edge-orders.ts";
import { parseModifyInput } from "@ibkr-edge-gateway/protocol/orders/parse-input.ts";
import { defineTool, WRITES_BROKER } from "../define-tool.ts";
import { faultsOf, forParser } from "../order-faults.ts";
import { modifyInput } from "../order-inputs.ts";

export const paperOrderModify = defineTool({
  name: "ibkr_paper_order_modify",
  title: "Change a paper order",
  description:
    "Changes a working order of this gateway in the paper account, in two calls: without approval_id it asks the owner and sends nothing; with it, it sends exactly that change.",
  scope: "ibkr:orders:paper:modify",
  annotations: WRITES_BROKER,
  input: modifyInput,
  faults: (args) =>
    faultsOf(
      parseModifyInput(forParser(args, ["approval_id", "submit_on_approval", "idempotency_key"])),
    ),
  operation,
  toOperationInput: (input) => ({ ...input, mode: "paper" as const }),
});
