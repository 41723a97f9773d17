import { execFile } from "node:child_process";

/** One command as its own `--help` tells it. */
interface Command {
  /** Each long option, and whether it takes no value, one, or any number. */
  options: Map<string, "none" | "one" | "many">;
  subcommands: Set<string>;
  /** The words that stand behind it: `<on|off>` wants one, `[gateway-url]` may have one. */
  positionals: { required: boolean; many: boolean; oneOf: string[] | null }[];
}

/** A value that a text leaves open (`<id>`, `…`), which passes wherever a value may stand. */
const OPEN = /^(<.*>|…|"…")$/;

/** The real command line, asked for its help once a command. */
export class CommandLine {
  readonly #cli: string;
  readonly #known = new Map<string, Promise<Command>>();

  constructor(cli: string) {
    this.#cli = cli;
  }

  /** Every long option of the commands that were asked for so far. */
  async options(): Promise<Set<string>> {
    const known = await Promise.all(this.#known.values());
    return new Set(known.flatMap(({ options }) => [...options.keys()]));
  }

  /** What keeps these words from being a command as they stand; null where nothing does. */
  async faultOf(words: readonly string[]): Promise<string | null> {
    const path: string[] = [];
    const values: string[] = [];
    let command = await this.#command(path);
    for (let at = 0; at < words.length; at += 1) {
      const word = words[at] ?? "";
      if (word.startsWith("-")) {
        const [name = ""] = word.split("=");
        const takes = command.options.get(name);
        if (takes === undefined) return `${said(path)} has no option ${name}`;
        if (takes === "none" || word.includes("=")) continue;
        if (isFlagOrEnd(words[at + 1])) return `${name} wants a value`;
        do at += 1;
        while (takes === "many" && !isFlagOrEnd(words[at + 1]));
      } else if (command.subcommands.size > 0 && values.length === 0) {
        const name = OPEN.test(word) ? [...command.subcommands][0] : word;
        if (name === undefined || !command.subcommands.has(name)) {
          return `${said(path)} has no command ${word}`;
        }
        path.push(name);
        command = await this.#command(path);
      } else values.push(word);
    }
    return valueFault(path, command, values);
  }

  #command(path: readonly string[]): Promise<Command> {
    const name = path.join(" ");
    const known = this.#known.get(name) ?? this.#ask(path);
    this.#known.set(name, known);
    return known;
  }

  async #ask(path: readonly string[]): Promise<Command> {
    const help = await new Promise<string>((resolve) =>
      execFile(process.execPath, [this.#cli, ...path, "--help"], { timeout: 30_000 }, (_, out) =>
        resolve(out),
      ),
    );
    return commandOf(help);
  }
}

function commandOf(help: string): Command {
  const [, usage = ""] = /^Usage: ibkr-sidecar(.*)$/m.exec(help) ?? [];
  const options: Command["options"] = new Map();
  for (const [, name = "", value] of help.matchAll(/^ {2}(?:-\w, )?(--[a-z-]+)(?: (\S+))?/gm)) {
    options.set(
      name,
      value === undefined || !/^[<[]/.test(value) ? "none" : value.includes("...") ? "many" : "one",
    );
  }
  const [, list = ""] = /^Commands:\n([\s\S]*?)(?:\n\n|$(?![\s\S]))/m.exec(help) ?? [];
  const subcommands = new Set(
    [...list.matchAll(/^ {2}([a-z][a-z-]*)/gm)].map(([, name = ""]) => name),
  );
  subcommands.delete("help");
  const positionals = [...usage.matchAll(/([<[])([a-z][^>\]]*)[>\]]/g)]
    .filter(([, , name]) => name !== "options" && name !== "command")
    .map(([, bracket, name = ""]) => ({
      required: bracket === "<",
      many: name.endsWith("..."),
      oneOf: name.includes("|") ? name.split("|") : null,
    }));
  return { options, subcommands, positionals };
}

function valueFault(path: readonly string[], command: Command, values: string[]): string | null {
  const { positionals } = command;
  const least = positionals.filter(({ required }) => required).length;
  if (values.length < least) return `${said(path)} wants ${least} words, not ${values.length}`;
  if (values.length > positionals.length && positionals.at(-1)?.many !== true) {
    return `${said(path)} takes no ${values[positionals.length]}`;
  }
  const wrong = positionals.find(({ oneOf }, at) => {
    const value = values[at];
    return oneOf !== null && value !== undefined && !OPEN.test(value) && !oneOf.includes(value);
  });
  return wrong === undefined ? null : `${said(path)} wants ${wrong.oneOf?.join(" or ")}`;
}

const said = (path: readonly string[]): string => `"${path.join(" ") || "ibkr-sidecar"}"`;

const isFlagOrEnd = (word: string | undefined): boolean => word === undefined || /^-/.test(word);
