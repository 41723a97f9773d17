import type { JsonObject } from "@ibkr-edge-gateway/protocol/json.ts";
import { type Command, InvalidArgumentError, Option } from "commander";
import { typedAs } from "../config/typed-as.ts";
import type { Connection } from "../sdk/connection.ts";
import { isPaged, type ToolEntry, writes } from "../tool-list/tool-entry.ts";
import { TOOLS } from "../tool-list/tools.generated.ts";
import { accessFor, personIsThere } from "./access.ts";
import { addFlags, argumentsTyped, missingFlags } from "./flags.ts";
import { chosenGateway, type GlobalOptions, globalOptions } from "./globals.ts";
import { FORMER_GATES, GRAMMAR, GROUPS, type ToolWords } from "./grammar.ts";
import { printAnswer } from "./print.ts";
import { UsageError } from "./usage-error.ts";

const WATCH_SECONDS = 5;
const CALL_MAX_MS = 120_000;

interface ToolOptions {
  all?: boolean;
  watch?: number | true;
}

/** A command for each tool of the gateway. */
export function register(program: Command): void {
  const byName = new Map(TOOLS.map((tool) => [tool.name, tool]));
  const groups = new Map<string, Command>();
  for (const [name, words] of Object.entries(GRAMMAR)) {
    const tool = byName.get(name);
    if (tool !== undefined) addTool(program, groups, tool, words);
  }
}

function addTool(
  program: Command,
  groups: Map<string, Command>,
  tool: ToolEntry,
  { words, positional, example }: ToolWords,
): void {
  const [first, second] = words;
  const parent = second === undefined ? program : groupOf(program, groups, first);
  const command = parent
    .command(second ?? first)
    .description(tool.description)
    .addHelpText("after", `\nExample:\n  ${typedAs(example)}`);
  addFlags(command, tool, positional);
  if (isPaged(tool)) command.option("--all", "every page, not only the first");
  // A preview asked for again is another one.
  if (!writes(tool) && tool.annotations.idempotentHint) {
    command.addOption(
      new Option("--watch [seconds]", "ask again and again")
        .argParser(seconds)
        .preset(WATCH_SECONDS),
    );
  }
  if (writes(tool) || tool.scope === "ibkr:orders:preview") {
    for (const gate of FORMER_GATES) command.addOption(new Option(gate).hideHelp());
    command.addOption(new Option("--live-broker <name>").hideHelp());
  }
  command.action(() =>
    runTyped(tool, command, {
      words,
      example,
      ...(positional === undefined ? {} : { positional }),
    }),
  );
}

/** The tool's call as it was typed. */
export async function runTyped(
  tool: ToolEntry,
  command: Command,
  { positional, example }: ToolWords,
): Promise<void> {
  const typed = argumentsTyped(tool, command, positional);
  const missing = missingFlags(tool, typed);
  if (missing.length > 0) {
    throw new UsageError(`${missing.join(", ")} is missing. For example: ${typedAs(example)}`);
  }
  noteFormerGates(command);
  await runTool(tool, typed, command.opts<ToolOptions>(), globalOptions(command));
}

function groupOf(program: Command, groups: Map<string, Command>, name: string): Command {
  const known = groups.get(name);
  if (known !== undefined) return known;
  const group = program.command(name).description(GROUPS[name] ?? name);
  groups.set(name, group);
  return group;
}

function seconds(typed: string): number {
  if (!/^[1-9]\d{0,4}$/.test(typed))
    throw new InvalidArgumentError("A number of seconds is wanted.");
  return Number(typed);
}

function noteFormerGates(command: Command): void {
  const names = [...FORMER_GATES, "--live-broker"].filter(
    (gate) => command.getOptionValueSource(camel(gate)) === "cli",
  );
  if (names.length === 0) return;
  process.stderr.write(
    `${names.join(", ")} has no effect: what may be sent is set in the gateway's console and at the PC.\n`,
  );
}

const camel = (flag: string): string =>
  flag.replace(/^--/, "").replace(/-([a-z])/g, (_, letter: string) => letter.toUpperCase());

async function runTool(
  tool: ToolEntry,
  args: JsonObject,
  options: ToolOptions,
  globals: GlobalOptions,
): Promise<void> {
  const resource = await chosenGateway(globals);
  const [{ openConnection }, { knownProtocol }] = await Promise.all([
    import("../sdk/connection.ts"),
    import("../sdk/known-protocol.ts"),
  ]);
  const connection = await openConnection(
    resource,
    await accessFor(globals, resource, personIsThere()),
    writes(tool) ? {} : { known: knownProtocol(globals.configDir, resource) },
  );
  try {
    const { watch } = options;
    const signal = writes(tool) ? interruption() : undefined;
    for (;;) {
      await ask(connection, tool, args, { ...globals, all: options.all === true, signal });
      if (watch === undefined) return;
      await new Promise((resolve) => setTimeout(resolve, Number(watch) * 1_000));
    }
  } finally {
    await connection.close();
  }
}

/** Ctrl-C in the middle of a write is answered with what is known of it. */
function interruption(): AbortSignal {
  const stop = new AbortController();
  process.once("SIGINT", () => stop.abort());
  return stop.signal;
}

async function ask(
  connection: Connection,
  tool: ToolEntry,
  args: JsonObject,
  { json, all, signal }: { json: boolean; all: boolean; signal: AbortSignal | undefined },
): Promise<void> {
  let cursor: JsonObject = {};
  for (;;) {
    const answer = await connection.call(tool.name, { ...args, ...cursor }, writes(tool), {
      signal,
      timeoutMs: CALL_MAX_MS,
      onProgress: ({ progress, total, message }) => {
        if (process.stderr.isTTY && !json) {
          process.stderr.write(`\r${message ?? "Waiting"} ${progress}/${total ?? "?"} s `);
        }
      },
    });
    printAnswer(answer, json);
    const next = answer.next_cursor;
    if (typeof next !== "string") return;
    if (!all) {
      if (!json) process.stderr.write("There is more: add --all.\n");
      return;
    }
    cursor = { cursor: next };
  }
}
