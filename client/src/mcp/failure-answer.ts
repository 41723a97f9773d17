import type { JsonObject } from "@ibkr-edge-gateway/protocol/json.ts";
import type { CallToolResult } from "@modelcontextprotocol/server";
import { typedAs } from "../config/typed-as.ts";
import type { IbkrError } from "../sdk/errors.ts";

/** A failure of the way to the gateway, as the gateway itself would write one. */
export function failureAnswer(error: IbkrError, tool: string): JsonObject {
  return {
    code: error.code,
    message: error.message,
    retryable: error.retryable,
    user_action: userActionFor(error),
    next_step: nextStepFor(error, tool),
    ...(error.outcome === "unknown" ? { outcome: "unknown" } : {}),
  };
}

/** The same for a model: it reads the text or the structure, and both say that nothing came back. */
export function failureResult(error: IbkrError, tool: string): CallToolResult {
  const answer = failureAnswer(error, tool);
  const owner =
    typeof answer.user_action === "string" ? `For the owner: ${answer.user_action}` : "";
  const text = [answer.message, owner, answer.next_step].filter(Boolean).join(" ");
  return {
    isError: true,
    structuredContent: answer,
    content: [
      { type: "text", text },
      { type: "text", text: JSON.stringify(answer) },
    ],
  };
}

function userActionFor({ code, userAction }: IbkrError): string | null {
  if (code === "SIGN_IN_REQUIRED") return `Sign in on this computer: ${typedAs("login")}`;
  if (userAction !== null || code !== "GATEWAY_UNREACHABLE") return userAction;
  return "Check that the gateway runs and that this computer has a network.";
}

function nextStepFor({ outcome, retryable, nextStep }: IbkrError, tool: string): string {
  if (nextStep !== null) return nextStep;
  if (outcome === "unknown") {
    return "It is not known whether the call was carried out. Do not repeat it: read the state with ibkr_approval_status or ibkr_orders_list first.";
  }
  return retryable
    ? `Call ${tool} again in a moment.`
    : `Tell the owner what to do; after that call ${tool} again.`;
}
