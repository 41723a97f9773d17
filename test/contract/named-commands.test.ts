import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { Command } from "commander";
import { describe, expect, inject, it } from "vitest";
import { ibkrProgram } from "../../client/src/cli/program.ts";
import { fromRoot, ROOT } from "../../scripts/lib/paths.ts";
import { CommandLine } from "../support/command-line.ts";

/** Every command that a page, an answer, a log line or a document names can be run as it stands. */
const TEXTS = [
  "src",
  "durable-objects",
  "packages",
  "sidecar/src",
  "client/src",
  "scripts",
  "docs",
  "README.md",
  "SECURITY.md",
];
const cli = new CommandLine(inject("sidecarCli"));

function filesUnder(path: string): string[] {
  if (/\.(tsx?|md)$/.test(path)) return path.includes(".test.") ? [] : [path];
  const entries = readdirSync(path, { withFileTypes: true });
  return entries
    .filter(({ name }) => name !== "node_modules" && !name.includes(".generated."))
    .flatMap((entry) => {
      const inside = join(path, entry.name);
      return entry.isDirectory() || /\.(tsx?|md)$/.test(entry.name) ? filesUnder(inside) : [];
    });
}

const FILES = TEXTS.flatMap((path) => filesUnder(fromRoot(path)));

interface Named {
  command: string;
  file: string;
}

/** `sidecarCommand("approvers add")` in code, read as the words that a person sees. */
function asRead(text: string): string {
  return text
    .replace(
      /(\$\{)?sidecarCommand\(\s*(["'`])((?:\$\{[^}]*\}|(?!\2).)*)\2\s*,?\s*\)(?:\})?/gs,
      "npm run sidecar -- $3",
    )
    .replace(/\$\{(?:[^{}]|\{[^}]*\})*\}/g, "<value>");
}

function namedCommands(): Named[] {
  return FILES.flatMap((file) => {
    const text = readFileSync(file, "utf8");
    const read = file.endsWith(".md") ? text.replaceAll("\\|", "|") : asRead(text);
    return [...read.matchAll(/npm run sidecar -- ([a-z][^`"'\n\\})]*)/g)]
      .map(([, words = ""]) => words.replace(/<\/.*$|\s#.*$/, "").trim())
      .flatMap(eachOf)
      .map((command) => ({ command, file: file.slice(ROOT.length) }));
  });
}

/** `policy paper|live on|off` names four commands. */
function eachOf(command: string): string[] {
  const [choice] = /(?<= |^)[a-z-]+(?:\|[a-z-]+)+/.exec(command) ?? [];
  if (choice === undefined) return [command];
  return choice.split("|").flatMap((one) => eachOf(command.replace(choice, one)));
}

/** An open value may hold spaces: `"…"`, `<the six words>`. */
const wordsOf = (command: string): string[] => command.match(/(?:<[^>]*>|"[^"]*"|\S)+/g) ?? [];

describe("a command that a text names", () => {
  const named = namedCommands();

  it("is found in pages, answers, log lines and documents", () => {
    const commands = named.map(({ command }) => command);
    for (const known of [
      "pair <value> --replace",
      "approvers add",
      "policy <value> on",
      "policy live off",
      "mandates revoke <value>",
      "mandates revoke <id>",
      "use",
      "status",
    ]) {
      expect(commands).toContain(known);
    }
  });

  it("is one that the sidecar takes, with every word and flag of it", async () => {
    const faults = [];
    for (const { command, file } of named) {
      const fault = await cli.faultOf(wordsOf(command));
      if (fault !== null) faults.push(`${file}: ${command}: ${fault}`);
    }
    expect(faults).toEqual([]);
  }, 120_000);

  it("would be found out: a word, a flag or a value that is not there", async () => {
    const faultOf = (command: string) => cli.faultOf(wordsOf(command));
    expect(await faultOf("frobnicate")).toContain("no command");
    expect(await faultOf("approvers forget x")).toContain("no command");
    expect(await faultOf("use --now")).toContain("no option --now");
    expect(await faultOf("run --replace")).toContain("no option --replace");
    expect(await faultOf("pair --name")).toContain("wants a value");
    expect(await faultOf("policy live maybe")).toContain("on or off");
    expect(await faultOf("mandates revoke")).toContain("wants 1");
    expect(await faultOf("use this")).toContain("takes no this");
    expect(await faultOf("policy live on --account U1 U2 --yes")).toBeNull();
    expect(await faultOf("--config-dir <folder> kill they said so")).toBeNull();
  }, 60_000);

  it("has flags that exist, also where a text names the flag alone", async () => {
    for (const command of [
      "run",
      "doctor",
      "simulator",
      "approvers add",
      "takeover",
      "unkill",
      "uninstall",
    ]) {
      expect(await cli.faultOf([...command.split(" "), "--no-such-flag"])).not.toBeNull();
    }
    const sidecarOptions = await cli.options();
    const clientOptions = new Set(["--help", ...longOptions(ibkrProgram())]);
    const unknown = FILES.filter(
      (file) =>
        /\/(docs|sidecar\/src)\/|\.md$/.test(file) && !/(clients|simulation|scale)\.md$/.test(file),
    ).flatMap((file) => {
      const options = /\/docs\/client\.md$/.test(file) ? clientOptions : sidecarOptions;
      return readFileSync(file, "utf8")
        .split("\n")
        .filter((line) => !/^\s*(\*|\/\/|\/\*)/.test(line) && !OTHER_PROGRAMS.test(line))
        .flatMap((line) => [...line.matchAll(/(?<![\w-])--[a-z][a-z-]+/g)])
        .map(([flag]) => flag)
        .filter((flag) => !options.has(flag))
        .map((flag) => `${file.slice(ROOT.length)}: ${flag}`);
    });
    expect(unknown).toEqual([]);
  }, 60_000);

  it("of npm is a script of package.json", () => {
    const { scripts } = JSON.parse(readFileSync(fromRoot("package.json"), "utf8"));
    const unknown = FILES.flatMap((file) =>
      [...readFileSync(file, "utf8").matchAll(/npm run (?:-s )?([a-z][a-z:-]*[a-z])/g)]
        .map(([, name = ""]) => name)
        .filter((name) => !Object.hasOwn(scripts, name))
        .map((name) => `${file.slice(ROOT.length)}: ${name}`),
    );
    expect(unknown).toEqual([]);
  });

  it("is written with the program that is there: no text names a bare program", () => {
    const bare = FILES.filter((file) =>
      readFileSync(file, "utf8")
        .split("\n")
        .some(
          (line) =>
            !/^\s*(\*|\/\/|\/\*)/.test(line) &&
            /ibkr-sidecar (pair|run|approvers|unkill|kill|takeover|policy|mandates|requests|use|status|doctor|recover)\b/.test(
              line,
            ),
        ),
    );
    expect(bare).toEqual([]);
  });
});

const longOptions = (command: Command): string[] => [
  ...command.options.flatMap(({ long }) => (long == null ? [] : [long])),
  ...command.commands.flatMap(longOptions),
];

/** Lines whose flags are another program's. */
const OTHER_PROGRAMS =
  /npx |claude mcp|\| gone: |acp --print-config|npm run (-s )?(deploy|token|bench|chaos|clock-matrix|verify:long)|mcporter|inspector|--cli|notify-send|--app-name|\b(?:systemctl|journalctl|loginctl)\b/i;
