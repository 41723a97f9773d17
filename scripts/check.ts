import { spawn } from "node:child_process";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import * as z from "zod";
import { buildWorker } from "./lib/bundle.ts";
import { fromRoot, ROOT } from "./lib/paths.ts";

/**
 * What a deployment may weigh, compressed as Cloudflare counts it: just above what it does. More than
 * half is libraries (the MCP SDK, the OAuth provider, zod, passkeys); a larger bundle than this means
 * that something came in that nobody meant to.
 */
export const BUNDLE_MAX_GZIP_KIB = 459;

const TestReport = z.object({
  numPassedTests: z.int(),
  numFailedTests: z.int(),
  numPendingTests: z.int(),
  testResults: z.array(z.unknown()),
});

type Step = [name: string, run: () => Promise<string | null>];

/** Runs a tool of node_modules; null when it passed, else everything it said. */
function tool(bin: string, ...args: string[]): () => Promise<string | null> {
  return () =>
    new Promise((resolve) => {
      const child = spawn(fromRoot(`node_modules/.bin/${bin}`), args, {
        cwd: ROOT,
        env: { ...process.env, CI: "1", NO_COLOR: "1" },
        stdio: ["ignore", "pipe", "pipe"],
      });
      let said = "";
      child.stdout.on("data", (chunk) => {
        said += chunk;
      });
      child.stderr.on("data", (chunk) => {
        said += chunk;
      });
      child.on("error", (error) => resolve(String(error)));
      child.on("close", (code) => resolve(code === 0 ? null : said.trim()));
    });
}

const STEPS: Step[] = [
  ["generated types are up to date", typesUpToDate],
  ["types: Worker", tool("tsc", "-p", ".")],
  ["types: browser", tool("tsc", "-p", "src/web/browser")],
  ["types: approver page", tool("tsc", "-p", "sidecar/approval-page")],
  ["types: sidecar", tool("tsc", "-p", "sidecar")],
  ["types: client", tool("tsc", "-p", "client")],
  ["types: tests and scripts", tool("tsc", "-p", "test")],
  ["lint and format", tool("biome", "ci", "--error-on-warnings")],
  [
    "direction of dependencies",
    tool(
      "depcruise",
      ...["src", "durable-objects", "packages", "sidecar/src", "sidecar/approval-page"],
      ...["client/src", "scripts", "test"],
    ),
  ],
  [`bundle is at most ${BUNDLE_MAX_GZIP_KIB} KiB gzip`, bundleSize],
  ["unit and contract tests", tests],
];

function typesUpToDate(): Promise<string | null> {
  return tool(
    "wrangler",
    "types",
    "--include-runtime=false",
    "--strict-vars=false",
    "--env-file=/dev/null",
    "--check",
  )();
}

let testCounts = "";

async function tests(): Promise<string | null> {
  const directory = await mkdtemp(join(tmpdir(), "ibkr-edge-gateway-tests-"));
  const file = join(directory, "report.json");
  try {
    const said = await tool(
      "vitest",
      "run",
      "--reporter=default",
      "--reporter=json",
      `--outputFile=${file}`,
    )();
    const report = TestReport.safeParse(
      JSON.parse(await readFile(file, "utf8").catch(() => "null")),
    );
    if (!report.success) return said ?? "the tests left no report";
    const { numPassedTests, numFailedTests, numPendingTests, testResults } = report.data;
    testCounts = `Tests: ${numPassedTests} passed, ${numFailedTests} failed, ${numPendingTests} skipped, in ${testResults.length} files`;
    return said;
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

async function bundleSize(): Promise<string | null> {
  const directory = await mkdtemp(join(tmpdir(), "ibkr-edge-gateway-size-"));
  try {
    const { main } = await buildWorker(directory);
    const kib = gzipSync(await readFile(main)).length / 1024;
    return kib <= BUNDLE_MAX_GZIP_KIB ? null : `the bundle weighs ${kib.toFixed(1)} KiB gzip`;
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

/**
 * The one gate: every step runs, so that one run shows all that is wrong. `--tests-done` leaves out
 * the tests, for who has just run them on the same tree.
 */
export async function main(): Promise<void> {
  const testsDone = process.argv.includes("--tests-done");
  const failures: string[] = [];
  for (const [name, run] of STEPS) {
    if (testsDone && run === tests) continue;
    const started = performance.now();
    const problem = await run();
    const seconds = ((performance.now() - started) / 1000).toFixed(1);
    console.log(`${problem === null ? "ok  " : "FAIL"} ${name} (${seconds} s)`);
    if (problem !== null) {
      failures.push(name);
      console.log(problem);
    }
  }
  if (failures.length > 0) {
    console.log(`${failures.length} of ${STEPS.length} failed: ${failures.join(", ")}`);
    process.exitCode = 1;
  }
  if (testCounts !== "") console.log(testCounts);
}
