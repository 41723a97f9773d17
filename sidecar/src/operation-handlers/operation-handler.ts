import { failure, GatewayError } from "@ibkr-edge-gateway/protocol/errors.ts";
import type { JsonValue } from "@ibkr-edge-gateway/protocol/json.ts";
import type {
  Operation,
  OperationInput,
  OperationOutput,
} from "@ibkr-edge-gateway/protocol/operation-schemas/define-operation.ts";
import type { OperationContext } from "./operation-context.ts";

/** An operation joined to the code that answers it. */
export interface Served {
  readonly operation: Operation;
  execute(context: OperationContext, input: unknown): Promise<JsonValue>;
}

/**
 * Parses what came over the relay with the operation's strict schema, answers, and checks the
 * answer by the same contract: a figure that does not fit its schema is a failure, not an answer.
 */
export function serve<O extends Operation>(
  operation: O,
  handler: (context: OperationContext, input: OperationInput<O>) => Promise<OperationOutput<O>>,
): Served {
  return {
    operation,
    execute: async (context, raw) => {
      const input = operation.input.safeParse(raw);
      if (!input.success) {
        const issue = input.error.issues[0];
        throw new GatewayError(
          failure("INPUT_INVALID", `The input of ${operation.name} is not valid.`),
          `${issue?.path.join(".") ?? ""}: ${issue?.message ?? ""}`,
        );
      }
      const answer = await handler(context, input.data as OperationInput<O>);
      const output = operation.output.safeParse(answer);
      if (output.success && isJson(output.data)) return output.data;
      const issue = output.success ? undefined : output.error.issues[0];
      throw new GatewayError(
        failure("BROKER_RESPONSE_INVALID", "The broker's answer could not be understood.", {
          retryable: true,
        }),
        `${operation.name} answer: ${issue?.path.join(".") ?? "not JSON"} ${issue?.message ?? ""}`,
      );
    },
  };
}

function isJson(value: unknown): value is JsonValue {
  if (value === null) return true;
  switch (typeof value) {
    case "string":
    case "boolean":
      return true;
    case "number":
      return Number.isFinite(value);
    case "object":
      return Array.isArray(value) ? value.every(isJson) : Object.values(value).every(isJson);
    default:
      return false;
  }
}
