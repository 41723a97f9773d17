import type { PagedToolName } from "../tool-list/tool-methods.ts";
import type { ToolAnswers, ToolInputs } from "../tool-list/tool-types.generated.ts";
import type { CallOptions, ToolCall } from "./call.ts";
import { IbkrError } from "./errors.ts";

/** Asks for one page after the other while there is more. A page that failed ends the walk. */
export async function* pagesOf<Name extends PagedToolName>(
  call: ToolCall,
  tool: Name,
  input: ToolInputs[Name] | undefined,
  options?: CallOptions,
): AsyncGenerator<ToolAnswers[Name], void> {
  let cursor: string | null = null;
  for (;;) {
    const page: ToolAnswers[Name] = await call(tool, withCursor<Name>(input, cursor), options);
    yield page;
    const next = nextOf(page);
    if (next === null) return;
    if (next === cursor) throw new IbkrError("ANSWER_INVALID", "The pages go round in a circle.");
    cursor = next;
  }
}

function withCursor<Name extends PagedToolName>(
  input: ToolInputs[Name] | undefined,
  cursor: string | null,
): ToolInputs[Name] {
  return Object.assign({}, input, cursor === null ? {} : { cursor });
}

function nextOf(page: object): string | null {
  return "next_cursor" in page && typeof page.next_cursor === "string" ? page.next_cursor : null;
}
