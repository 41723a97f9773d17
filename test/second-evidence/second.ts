import { execFile } from "node:child_process";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import type { Folder } from "@ibkr-edge-gateway/evidence/testing/a-log.ts";
import * as z from "zod";

/** The second implementation of the evidence format: a program of its own, in Go, built when first asked. */

const run = promisify(execFile);
const SOURCE = new URL("go", import.meta.url).pathname;
const OUTPUT_MAX_BYTES = 16 * 1024 * 1024;

const Verdict = z.strictObject({
  outcome: z.enum(["verified", "unchecked", "broken", "unwitnessed"]),
  code: z.string().optional(),
  seq: z.number().optional(),
  last_seq: z.number().optional(),
  text: z.string().optional(),
});
export type SecondVerdict = z.infer<typeof Verdict>;

/** The reader's clock as this process has it. */
export const byOurClock = (): [string, string] => ["--now", String(Math.ceil(Date.now() / 1_000))];

export interface Second {
  /** One run of the program, as a reader starts it: its verdict and its exit code. */
  run(...args: string[]): Promise<SecondVerdict & { exitCode: number }>;
  /** A folder or a file with these contents; returns its path. */
  put(files: Folder): Promise<string>;
  close(): Promise<void>;
}

/** Null where there is no Go: a test is skipped then. */
export async function buildSecond(): Promise<Second | null> {
  const found = await run("go", ["version"]).catch(() => null);
  if (found === null) return null;
  const home = await mkdtemp(join(tmpdir(), "second-evidence-"));
  const program = join(home, "second");
  await run("go", ["build", "-o", program, "."], {
    cwd: SOURCE,
    env: { ...process.env, GO111MODULE: "off", GOFLAGS: "" },
  });
  return {
    async run(...args) {
      const options = { maxBuffer: OUTPUT_MAX_BYTES };
      const { stdout, code } = await run(program, args, options).then(
        (done) => ({ stdout: done.stdout, code: 0 }),
        (thrown: unknown) => Failed.parse(thrown),
      );
      return { ...Verdict.parse(JSON.parse(stdout)), exitCode: code };
    },
    async put(files) {
      const folder = await mkdtemp(join(home, "files-"));
      for (const [name, text] of files) {
        await mkdir(dirname(join(folder, name)), { recursive: true });
        await writeFile(join(folder, name), text);
      }
      return folder;
    },
    close: () => rm(home, { recursive: true, force: true }),
  };
}

const Failed = z.object({ stdout: z.string(), code: z.number() });
