import { execFile } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, inject, it } from "vitest";
import { fromRoot } from "../../scripts/lib/paths.ts";

/** Every command that a page, an answer, a log line or a document names is one that can be run. */
const CLI = inject("sidecarCli");
const TEXTS = ["src", "durable-objects", "packages", "sidecar/src", "scripts", "docs", "README.md"];

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

/** `sidecarCommand("approvers add")` in code, `npm run sidecar -- approvers add` in a document. */
const NAMED = [
  /sidecarCommand\(\s*["'`]([a-z][^"'`]*)["'`]/g,
  /npm run sidecar -- ([a-z][^`\n]*)/g,
];

interface Named {
  words: string[];
  file: string;
}

function namedCommands(): Named[] {
  return TEXTS.flatMap((path) => filesUnder(fromRoot(path))).flatMap((file) => {
    const text = readFileSync(file, "utf8");
    return NAMED.flatMap((pattern) =>
      [...text.matchAll(pattern)].map(([, args = ""]) => ({
        words: args.split(/\s+/).filter((word) => /^[a-z][a-z-]*$/.test(word)),
        file,
      })),
    );
  });
}

function help(...words: string[]): Promise<string> {
  return new Promise((resolve) => {
    execFile(process.execPath, [CLI, ...words, "--help"], { timeout: 30_000 }, (_error, out) =>
      resolve(out),
    );
  });
}

const usageOf = (text: string): string => /^Usage: (.*)$/m.exec(text)?.[1] ?? "";

describe("a command that a text names", () => {
  const named = namedCommands();

  it("is found in pages, answers, log lines and documents", () => {
    const commands = new Set(named.map(({ words }) => words[0]));
    for (const known of ["pair", "run", "approvers", "unkill", "use", "status"]) {
      expect(commands).toContain(known);
    }
  });

  it("is one that the sidecar knows", async () => {
    const first = [...new Set(named.map(({ words }) => words[0] ?? ""))].filter(Boolean);
    for (const command of first) {
      const where = named.filter(({ words }) => words[0] === command).map(({ file }) => file);
      expect(usageOf(await help(command)), where.join(", ")).toMatch(
        new RegExp(`^ibkr-sidecar ${command}\\b`),
      );
    }
  }, 120_000);

  it("is written with the program that is there: no text names a bare program", () => {
    const bare = TEXTS.flatMap((path) => filesUnder(fromRoot(path))).filter((file) =>
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
