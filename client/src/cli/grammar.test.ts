import type { Command } from "commander";
import { describe, expect, it } from "vitest";
import { TOOLS } from "../tool-list/tools.generated.ts";
import { candidates } from "./completion.ts";
import { argumentsTyped, flagsOf, missingFlags } from "./flags.ts";
import { FORMER_GATES, GRAMMAR } from "./grammar.ts";
import { ibkrProgram } from "./program.ts";

function commandAt(words: readonly string[]): Command {
  let command = ibkrProgram();
  for (const word of words) {
    const next = command.commands.find((one) => one.name() === word);
    if (next === undefined) throw new Error(`there is no command ${words.join(" ")}`);
    command = next;
  }
  return command;
}

/** The words of a line, as a shell splits it. */
function split(line: string): string[] {
  return [...line.matchAll(/'([^']*)'|"([^"]*)"|(\S+)/g)].map(
    ([, single, double, bare]) => single ?? double ?? bare ?? "",
  );
}

/** What a line would call a tool with; nothing is called. */
function typedIn(name: string, args: string[]) {
  const tool = TOOLS.find((one) => one.name === name);
  const words = GRAMMAR[name];
  if (tool === undefined || words === undefined) throw new Error(name);
  const command = commandAt(words.words);
  command.exitOverride().action(() => {});
  command.parse(args, { from: "user" });
  return { tool, typed: argumentsTyped(tool, command, words.positional) };
}

const lines = Object.entries(GRAMMAR).map(([name, words]) => ({ name, ...words }));

/** The predecessor's commands that are commands of this program. */
const FORMER = [
  ...["health", "backend status", "session requirements", "accounts list", "account summary"],
  ...["portfolio snapshot", "positions list", "contracts search", "contracts resolve"],
  ...["market snapshot", "market bars", "orders list", "orders status", "executions list"],
  ...["orders preview", "approvals create", "orders submit", "orders cancel", "orders live-submit"],
  ...["orders live-cancel", "orders modify", "orders approve", "audit tail", "audit export"],
  ...["audit verify", "mcp serve"],
];

/** Its flags, by command. */
const FORMER_FLAGS: Record<string, string[]> = {
  "account summary": ["--account"],
  "positions list": ["--account"],
  "contracts search": ["--asset-class", "--currency", "--exchange"],
  "market snapshot": ["--contract-id"],
  "market bars": ["--contract-id", "--duration", "--bar-size"],
  "orders status": ["--account", "--broker-order-id"],
  "orders preview": [
    ...["--account", "--symbol", "--side", "--quantity", "--limit-price", "--currency"],
    "--enable-preview",
  ],
  "approvals create": ["--account", "--preview-id", "--ttl-seconds"],
  "orders submit": ["--account", "--approval-id", "--idempotency-key", "--enable-paper"],
  "orders cancel": ["--account", "--broker-order-id", "--idempotency-key"],
  "orders live-submit": ["--account", "--approval-id", "--live-broker", ...FORMER_GATES],
  "audit tail": ["--limit"],
  "mcp serve": ["--transport", "--describe"],
};

describe("the commands", () => {
  it("are one for each tool, and no two alike", () => {
    expect(Object.keys(GRAMMAR).sort()).toEqual(TOOLS.map(({ name }) => name).sort());
    const words = lines.map((line) => line.words.join(" "));
    expect(new Set(words).size).toBe(words.length);
  });

  it.each(FORMER)("have the predecessor's %s", (words) => {
    expect(commandAt(words.split(" ")).description()).toMatch(/\w/);
  });

  it.each(Object.entries(FORMER_FLAGS))("have the predecessor's flags of %s", (words, flags) => {
    const known = commandAt(words.split(" ")).options.map(({ long }) => long);
    expect(known).toEqual(expect.arrayContaining(flags));
  });

  it.each(lines)(
    "$example is understood, with all that $name needs",
    ({ name, words, example }) => {
      const [first = "", ...rest] = split(example).slice(words.length - 1);
      expect(words.at(-1)).toBe(first);
      const { tool, typed } = typedIn(name, rest);
      expect(missingFlags(tool, typed)).toEqual([]);
      expect(flagsOf(tool).map((flag) => flag.name)).toEqual(
        expect.arrayContaining(Object.keys(typed)),
      );
    },
  );

  it("say in their help what each flag means and an example", () => {
    for (const { words } of lines) {
      const command = commandAt(words);
      for (const { long, description, hidden } of command.options) {
        if (!hidden && !["--help"].includes(String(long))) {
          expect(description, `${words.join(" ")} ${long}`).toMatch(/\w/);
        }
      }
    }
  });
});

describe("what was typed", () => {
  it("is what the tool takes: numbers, lists, JSON, either name of a flag", () => {
    const snapshot = (...args: string[]) => typedIn("ibkr_market_snapshot", args).typed;
    expect(snapshot("--contract-id", "1,2", "--contract-id", "3")).toEqual({ conids: [1, 2, 3] });
    expect(snapshot("--conids", "7", "--fields", "last,bid")).toEqual({
      conids: [7],
      fields: ["last", "bid"],
    });
    const { typed } = typedIn("ibkr_oca_order_preview", [
      "--orders",
      '[{"order_type":"LMT","limit_price":"1.10"}]',
      "--quantity",
      "0.10",
      "--reduce-only",
    ]);
    expect(typed).toEqual({
      orders: [{ order_type: "LMT", limit_price: "1.10" }],
      quantity: "0.10",
      reduce_only: true,
    });
    expect(
      typedIn("ibkr_positions_list", ["--input", '{"limit":3}', "--limit", "4"]).typed,
    ).toEqual({ limit: 4 });
  });

  it("is refused where it is no number, no choice, no JSON or no flag", () => {
    const quiet = (args: string[]) => () => {
      const command = commandAt(["positions", "list"]);
      command
        .exitOverride()
        .configureOutput({ writeErr: () => {} })
        .action(() => {});
      command.parse(args, { from: "user" });
    };
    expect(quiet(["--limit", "many"])).toThrow("whole number");
    expect(quiet(["--feed", "fast"])).toThrow("Allowed choices");
    expect(quiet(["--frobnicate"])).toThrow("unknown option");
  });
});

describe("completion", () => {
  const complete = (...words: string[]) => candidates(ibkrProgram(), words);

  it("knows commands, flags and the choices of a flag, and asks nobody", () => {
    expect(complete("pos")).toEqual(["positions"]);
    expect(complete("orders", "live-")).toContain("live-submit");
    expect(complete("orders", "preview", "--si")).toEqual(["--side"]);
    expect(complete("orders", "preview", "--side", "")).toEqual(["BUY", "SELL"]);
    expect(complete("")).not.toContain("complete");
    expect(complete("orders", "submit", "--enable")).toEqual([]);
  });
});
