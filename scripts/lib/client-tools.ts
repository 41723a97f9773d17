/**
 * What the client knows of the gateway's tools, made from the Worker's own schemas: their listings as
 * data, and the types of what they take and answer.
 */
export interface ToolFacts {
  name: string;
  scope: string | null;
  listing: Record<string, unknown>;
  /** JSON Schemas: of the arguments, and of every form of a successful answer. */
  input: unknown;
  answers: readonly unknown[];
}

const NOTE =
  "// Made from src/mcp by src/mcp/client-tools.test.ts (npx vitest run src/mcp/client-tools.test.ts -u).\n";

export function renderTools(tools: readonly ToolFacts[], instructions: string): string {
  const entries = tools.map(({ scope, listing, answers }) => ({
    scope,
    ...listing,
    answerFields: answers.map(requiredOf),
  }));
  return [
    NOTE,
    'import type { ToolEntry } from "./tool-entry.ts";\n',
    `export const INSTRUCTIONS: string = ${JSON.stringify(instructions)};\n`,
    `export const TOOLS: readonly ToolEntry[] = ${JSON.stringify(entries, null, 1)};\n`,
  ].join("\n");
}

export function renderTypes(tools: readonly ToolFacts[]): string {
  const members = (type: (tool: ToolFacts) => string) =>
    tools.map((tool) => `  ${tool.name}: ${type(tool)};`).join("\n");
  return [
    NOTE,
    "/** What each tool takes. */",
    `export interface ToolInputs {\n${members(({ input }) => typeOf(input))}\n}\n`,
    "/** What each tool answers when it is not refused. */",
    `export interface ToolAnswers {\n${members(({ answers }) => union(answers.map(typeOf)))}\n}\n`,
  ].join("\n");
}

function requiredOf(schema: unknown): unknown[] {
  return isObject(schema) && Array.isArray(schema.required) ? schema.required : [];
}

/** The TypeScript of a JSON Schema, as far as zod writes one. */
export function typeOf(schema: unknown): string {
  if (!isObject(schema)) return "unknown";
  if ("const" in schema) return JSON.stringify(schema.const);
  if (Array.isArray(schema.enum)) return union(schema.enum.map((one) => JSON.stringify(one)));
  const either = schema.anyOf ?? schema.oneOf;
  if (Array.isArray(either)) return union(either.map(typeOf));
  if (Array.isArray(schema.type)) return union(schema.type.map((type) => typeOf({ type })));
  switch (schema.type) {
    case "string":
    case "boolean":
    case "null":
      return schema.type;
    case "integer":
    case "number":
      return "number";
    case "array":
      return `(${typeOf(schema.items)})[]`;
    case "object":
      return objectType(schema);
    default:
      return "unknown";
  }
}

function objectType(schema: Record<string, unknown>): string {
  const properties = isObject(schema.properties) ? schema.properties : {};
  const required = new Set(Array.isArray(schema.required) ? schema.required : []);
  const members = Object.entries(properties).map(([name, value]) => {
    const key = /^[A-Za-z_$][\w$]*$/.test(name) ? name : JSON.stringify(name);
    return `${key}${required.has(name) ? "" : "?"}: ${typeOf(value)}`;
  });
  const more = schema.additionalProperties;
  if (members.length === 0) {
    return isObject(more) ? `Record<string, ${typeOf(more)}>` : "Record<string, never>";
  }
  return `{ ${members.join("; ")} }`;
}

function union(types: readonly string[]): string {
  return [...new Set(types)].join(" | ") || "never";
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
