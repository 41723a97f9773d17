import type { JsonObject } from "@ibkr-edge-gateway/protocol/json.ts";
import { type ToolEntry, writes } from "../tool-list/tool-entry.ts";
import type { ToolName } from "../tool-list/tool-methods.ts";
import type { ToolAnswers } from "../tool-list/tool-types.generated.ts";
import { TOOLS } from "../tool-list/tools.generated.ts";
import type { ToolCall } from "./call.ts";
import type { Connection } from "./connection.ts";
import { IbkrError } from "./errors.ts";

const BY_NAME: ReadonlyMap<string, ToolEntry> = new Map(TOOLS.map((tool) => [tool.name, tool]));

export function toolCall({ call }: Pick<Connection, "call">): ToolCall {
  return async (tool, input, options) => {
    const entry = BY_NAME.get(tool);
    const mayWrite = writes(entry);
    const answer = await call(tool, argumentsOf(input), mayWrite, options);
    if (entry !== undefined && isAnswerOf(tool, entry, answer)) return answer;
    throw new IbkrError("ANSWER_INVALID", `The answer of ${tool} lacks what it always has.`, {
      outcome: mayWrite ? "unknown" : "not_done",
      userAction: "Check that this program and the gateway are of the same version.",
      answer,
    });
  };
}

/**
 * The gateway checks every answer in full before it sends it, by the schema that the type is made
 * from; here it is only asked whether this is such an answer, of a gateway that agrees on the fields.
 */
function isAnswerOf<Name extends ToolName>(
  _tool: Name,
  { answerFields }: ToolEntry,
  answer: unknown,
): answer is ToolAnswers[Name] {
  return (
    typeof answer === "object" &&
    answer !== null &&
    answerFields.some((fields) => fields.every((field) => Object.hasOwn(answer, field)))
  );
}

/** What was left undefined is left out, as JSON does. */
function argumentsOf(input: object): JsonObject {
  return JSON.parse(JSON.stringify(input));
}
