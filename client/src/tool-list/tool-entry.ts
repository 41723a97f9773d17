import type { JsonObject } from "@ibkr-edge-gateway/protocol/json.ts";

/** A tool as the gateway lists it, and the scope that a grant needs for it. */
export interface ToolEntry {
  readonly name: string;
  readonly title: string;
  readonly description: string;
  /** Null where every grant may. */
  readonly scope: string | null;
  readonly inputSchema: JsonObject;
  readonly outputSchema: JsonObject;
  readonly annotations: {
    readonly readOnlyHint: boolean;
    readonly destructiveHint: boolean;
    readonly idempotentHint: boolean;
    readonly openWorldHint: boolean;
  };
  /** For each form of a successful answer, the fields that it always has. */
  readonly answerFields: readonly (readonly string[])[];
}

/** The tool as MCP lists it. */
export function listingOf({ name, title, description, ...tool }: ToolEntry) {
  const { inputSchema, outputSchema, annotations } = tool;
  return { name, title, description, inputSchema, outputSchema, annotations };
}

/** Whether a call may change something; a tool that is not known may. */
export function writes(tool: ToolEntry | undefined): boolean {
  return tool?.annotations.readOnlyHint !== true;
}

/** The arguments that a tool takes, by name. */
export function argumentsOf(tool: ToolEntry): [name: string, schema: JsonObject][] {
  const { properties } = tool.inputSchema;
  if (typeof properties !== "object" || properties === null || Array.isArray(properties)) return [];
  return Object.entries(properties).flatMap(([name, schema]): [string, JsonObject][] =>
    typeof schema === "object" && schema !== null && !Array.isArray(schema) ? [[name, schema]] : [],
  );
}

/** Whether its answer comes in pages. */
export function isPaged(tool: ToolEntry): boolean {
  return argumentsOf(tool).some(([name]) => name === "cursor");
}
