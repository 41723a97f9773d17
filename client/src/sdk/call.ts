import type { ToolName } from "../tool-list/tool-methods.ts";
import type { ToolAnswers, ToolInputs } from "../tool-list/tool-types.generated.ts";

/** How far a call has come, in the gateway's own measure: seconds, where it waits for a change. */
export interface CallProgress {
  progress: number;
  total?: number | undefined;
  message?: string | undefined;
}

/** What a caller may say about one call. */
export interface CallOptions {
  /** Ends the call: a read is given up at the gateway too; a write's outcome is then unknown. */
  signal?: AbortSignal | undefined;
  /** Milliseconds; 60,000 unless said. */
  timeoutMs?: number | undefined;
  onProgress?: ((progress: CallProgress) => void) | undefined;
}

/** Calls one tool: what it takes and answers has the types of the gateway's own schemas. */
export type ToolCall = <Name extends ToolName>(
  tool: Name,
  input: ToolInputs[Name],
  options?: CallOptions,
) => Promise<ToolAnswers[Name]>;
