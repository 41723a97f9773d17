import type { JsonObject, JsonValue } from "@ibkr-edge-gateway/protocol/json.ts";
import { type Command, InvalidArgumentError, Option } from "commander";
import { argumentsOf, type ToolEntry } from "../tool-list/tool-entry.ts";
import { FLAG_NAMES, OWN_FLAGS } from "./grammar.ts";

/** One argument of a tool, as it is typed. */
interface Flag {
  name: string;
  schema: JsonObject;
  /** Of the option that people are shown, and of its other name where there is one. */
  shown: string;
  other: string | null;
}

/** The arguments of a tool as flags, with the descriptions and choices of its schema. */
export function addFlags(command: Command, tool: ToolEntry, positional?: string): void {
  for (const { name, schema, shown, other } of flagsOf(tool)) {
    if (name === positional) {
      command.argument(`<${name}>`, text(schema.description) ?? name, parserOf(schema));
      continue;
    }
    command.addOption(optionOf(shown, name, schema, required(tool).has(name)));
    if (other !== null) command.addOption(optionOf(other, name, schema, false).hideHelp());
  }
  command.option("--input <json>", "all arguments at once, as the tool takes them");
}

/** The arguments that were typed. */
export function argumentsTyped(tool: ToolEntry, command: Command, positional?: string): JsonObject {
  const options = command.opts<Record<string, JsonValue | undefined>>();
  const whole = options.input === undefined ? {} : json(String(options.input));
  if (typeof whole !== "object" || whole === null || Array.isArray(whole)) {
    throw new InvalidArgumentError("--input wants a JSON object.");
  }
  const typed: JsonObject = { ...whole };
  for (const { name, shown, other } of flagsOf(tool)) {
    const value =
      name === positional
        ? command.processedArgs[0]
        : (options[camel(shown)] ?? (other === null ? undefined : options[camel(other)]));
    if (value !== undefined) typed[name] = value;
  }
  return typed;
}

/** Those that the schema insists on and that were not typed, as flags. */
export function missingFlags(tool: ToolEntry, typed: JsonObject): string[] {
  return flagsOf(tool)
    .filter(({ name }) => required(tool).has(name) && typed[name] === undefined)
    .map(({ shown }) => `--${shown}`);
}

export function flagsOf(tool: ToolEntry): Flag[] {
  return argumentsOf(tool).map(([name, schema]) => {
    const own = name.replaceAll("_", "-");
    const former = OWN_FLAGS.has(`${tool.name}:${name}`) ? undefined : FLAG_NAMES[name];
    return former === undefined
      ? { name, schema, shown: own, other: null }
      : { name, schema, shown: former, other: own };
  });
}

function required({ inputSchema }: ToolEntry): ReadonlySet<unknown> {
  return new Set(Array.isArray(inputSchema.required) ? inputSchema.required : []);
}

function optionOf(flag: string, name: string, schema: JsonObject, needed: boolean): Option {
  const words = [text(schema.description), needed ? "(required)" : null].filter(Boolean).join(" ");
  if (schema.type === "boolean") return new Option(`--${flag}`, words);
  const choices = strings(schema.enum);
  if (isList(schema)) {
    const items = strings(object(schema.items).enum);
    const more = items.length > 0 ? `${words}; of: ${items.join(", ")}` : words;
    return new Option(`--${flag} <list>`, more).argParser(listParser(schema));
  }
  if (schema.type === "object") return new Option(`--${flag} <json>`, words).argParser(json);
  const option = new Option(`--${flag} <${kindOf(name, schema)}>`, words);
  // Not set here: the gateway fills it in, and says what it took.
  if (schema.default !== undefined && choices.length === 0) {
    option.description = `${words} (${JSON.stringify(schema.default)} unless said)`.trim();
  }
  return choices.length > 0 ? option.choices(choices) : option.argParser(parserOf(schema));
}

function kindOf(name: string, { type }: JsonObject): string {
  if (type === "integer") return "number";
  if (Array.isArray(type)) return "decimal";
  return /(?:^|_)(?:id|key)$/.test(name) ? (name.split("_").at(-1) ?? "text") : "text";
}

function parserOf(schema: JsonObject): (typed: string) => JsonValue {
  return schema.type === "integer" ? integer : (typed) => typed;
}

function integer(typed: string): number {
  if (!/^-?\d{1,15}$/.test(typed)) throw new InvalidArgumentError("A whole number is wanted.");
  return Number(typed);
}

/** `a,b`, or the flag again; of objects, JSON. */
function listParser(schema: JsonObject): (typed: string, before: unknown) => JsonValue {
  const item = object(schema.items);
  if (item.type === "object") return json;
  const read = parserOf(item);
  return (typed, before) => [
    ...(Array.isArray(before) ? before : []),
    ...typed.split(",").map((one) => read(one.trim())),
  ];
}

function json(typed: string): JsonValue {
  try {
    return JSON.parse(typed);
  } catch {
    throw new InvalidArgumentError("JSON is wanted.");
  }
}

const isList = ({ type }: JsonObject): boolean => type === "array";
const object = (value: JsonValue | undefined): JsonObject =>
  typeof value === "object" && value !== null && !Array.isArray(value) ? value : {};
const text = (value: JsonValue | undefined): string | null =>
  typeof value === "string" ? value : null;
const strings = (value: JsonValue | undefined): string[] =>
  Array.isArray(value) ? value.filter((one) => typeof one === "string") : [];
const camel = (flag: string): string =>
  flag.replace(/-([a-z0-9])/g, (_, letter: string) => letter.toUpperCase());
