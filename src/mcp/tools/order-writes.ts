import {
  tradeCancel,
  tradeModify,
  tradeSubmit,
} from "@ibkr-edge-gateway/protocol/operation-schemas/trade-writes.ts";
import { parseModifyInput } from "@ibkr-edge-gateway/protocol/orders/parse-input.ts";
import { defineTool, type Tool, WRITES_BROKER } from "../define-tool.ts";
import { faultsOf, forParser } from "../order-input-refusals.ts";
import { cancelInput, modifyInput, submitInput } from "../order-tool-inputs.ts";

/** The kind of account a tool writes to. It is part of the tool's name and never an argument. */
type Mode = "paper" | "live";

/** The tools that can change what stands at the broker, for one kind of account. */
export function orderWrites(mode: Mode): readonly [Tool, Tool, Tool, Tool] {
  return [submitTool(mode, SINGLE), cancelTool(mode), modifyTool(mode), submitTool(mode, BRACKET)];
}

/** What an approved order is called in a tool that sends it. */
interface Structure {
  structure: "single" | "bracket";
  name: "order" | "bracket_order";
  title: string;
  what: string;
}
const SINGLE: Structure = {
  structure: "single",
  name: "order",
  title: "order",
  what: "an order",
};
const BRACKET: Structure = {
  structure: "bracket",
  name: "bracket_order",
  title: "bracket order",
  what: "a bracket or group",
};

function submitTool(mode: Mode, { structure, name, title, what }: Structure): Tool {
  const account = mode === "live" ? "live account, with real money" : "paper account";
  return defineTool({
    name: `ibkr_${mode}_${name}_submit`,
    title: `Submit a ${mode} ${title}`,
    description: `Sends ${what} the owner approved to the ${account}. Once per approval and key. The answer names the state and its proof; accepted is not working. On pending or unknown never send anew.`,
    scope: `ibkr:orders:${mode}:submit`,
    annotations: WRITES_BROKER,
    input: submitInput,
    operation: tradeSubmit,
    toOperationInput: (input) => ({ ...input, mode, structure }),
  });
}

function cancelTool(mode: Mode): Tool {
  return defineTool({
    name: `ibkr_${mode}_order_cancel`,
    title: `Cancel a ${mode} order`,
    description: `Cancels one working order of this gateway in the ${mode} account. Needs no approval; an engaged kill switch lets it pass. It is cancelled only when the state says so.`,
    scope: `ibkr:orders:${mode}:cancel`,
    annotations: WRITES_BROKER,
    input: cancelInput,
    operation: tradeCancel,
    toOperationInput: (input) => ({ ...input, mode }),
  });
}

function modifyTool(mode: Mode): Tool {
  return defineTool({
    name: `ibkr_${mode}_order_modify`,
    title: `Change a ${mode} order`,
    description: `Changes a working order of this gateway in the ${mode} account, in two calls: without approval_id it asks the owner and sends nothing; with it, it sends exactly that change.`,
    scope: `ibkr:orders:${mode}:modify`,
    annotations: WRITES_BROKER,
    input: modifyInput,
    faults: (args) =>
      faultsOf(
        parseModifyInput(forParser(args, ["approval_id", "submit_on_approval", "idempotency_key"])),
      ),
    operation: tradeModify,
    toOperationInput: (input) => ({ ...input, mode }),
  });
}
