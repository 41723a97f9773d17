import { spawn } from "node:child_process";
import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";

/** The official suite, newest and stable, as it is installed. */
export type SuiteVersion = "0.2.0-alpha.12" | "0.1.16";

const require = createRequire(import.meta.url);
const PACKAGES: Record<SuiteVersion, string> = {
  "0.2.0-alpha.12": "@modelcontextprotocol/conformance/package.json",
  "0.1.16": "conformance-stable/package.json",
};

export interface Check {
  id: string;
  status: "SUCCESS" | "FAILURE" | "WARNING" | "SKIPPED" | "INFO";
  errorMessage?: string;
}

export interface SuiteRun {
  exitCode: number | null;
  output: string;
  /** The checks of every scenario that was run, by its name. */
  scenarios: Map<string, Check[]>;
}

/** What the suite tests: an MCP endpoint, or the authorization server in front of it. */
type Command = "server" | "authorization";

/** One run of the suite against an MCP endpoint. */
export function runSuite(
  version: SuiteVersion,
  url: string,
  args: string[],
  deadlineMs: number,
): Promise<SuiteRun> {
  return run(version, "server", ["--url", url, ...args], deadlineMs, () => undefined);
}

/**
 * One run against the authorization server. The suite prints an address for a person to open, and
 * waits for the redirect; `open` is that person.
 */
export function runAuthorizationSuite(
  issuer: string,
  args: string[],
  deadlineMs: number,
  open: (address: URL) => void,
): Promise<SuiteRun> {
  return run("0.2.0-alpha.12", "authorization", ["--url", issuer, ...args], deadlineMs, (line) => {
    if (URL.canParse(line) && line.startsWith(`${issuer}/`)) open(new URL(line));
  });
}

/** A run is ended by force when it does not end by itself. */
async function run(
  version: SuiteVersion,
  command: Command,
  args: string[],
  deadlineMs: number,
  onLine: (line: string) => void,
): Promise<SuiteRun> {
  const manifest = require.resolve(PACKAGES[version]);
  const { version: installed } = JSON.parse(await readFile(manifest, "utf8"));
  if (installed !== version) throw new Error(`conformance ${installed} is installed`);
  const results = await mkdtemp(join(tmpdir(), "mcp-conformance-"));
  try {
    const { exitCode, output } = await ended(
      [join(manifest, "../dist/index.js"), command, "--output-dir", results, ...args],
      deadlineMs,
      onLine,
    );
    return { exitCode, output, scenarios: await readScenarios(results) };
  } finally {
    await rm(results, { recursive: true, force: true });
  }
}

function ended(
  args: string[],
  deadlineMs: number,
  onLine: (line: string) => void,
): Promise<{ exitCode: number | null; output: string }> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, args, { stdio: ["ignore", "pipe", "pipe"] });
    let output = "";
    for (const stream of [child.stdout, child.stderr]) {
      createInterface({ input: stream }).on("line", (line) => {
        output += `${line}\n`;
        onLine(line);
      });
    }
    const timer = setTimeout(() => child.kill("SIGKILL"), deadlineMs);
    child.on("error", reject);
    child.on("close", (exitCode) => {
      clearTimeout(timer);
      resolve({ exitCode, output });
    });
  });
}

/** Each scenario leaves a folder `[authorization-]server-<name>-<time>`, unless it never began. */
async function readScenarios(results: string): Promise<Map<string, Check[]>> {
  const scenarios = new Map<string, Check[]>();
  for (const folder of await readdir(results)) {
    const name = /^(?:authorization-)?server-(.+)-\d{4}-\d\d-\d\dT[\d-]+Z$/.exec(folder)?.[1];
    if (name === undefined) throw new Error(`the suite left a folder of another form: ${folder}`);
    const text = await readFile(join(results, folder, "checks.json"), "utf8").catch(() => "[]");
    const checks: Check[] = JSON.parse(text);
    scenarios.set(name, checks);
  }
  return scenarios;
}
