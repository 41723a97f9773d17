import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { build } from "esbuild";
import { fromRoot } from "../../scripts/lib/paths.ts";
import type { FastTime } from "../chaos/orders/fast-time.ts";
import type { Instant } from "./instants.ts";

/** One instant in one zone, and the test files that run there. */
export interface Case {
  readonly instant: Instant;
  readonly zone: string;
  /** Unit tests and contract tests, as globs from the root. */
  readonly unit: readonly string[];
  readonly contract: readonly string[];
}

/** What the configuration of vitest reads: the cases, and where the Workers' entries are. */
export interface Plan {
  readonly cases: readonly PlannedCase[];
  /** Globs of files that run in none of them. */
  readonly exclude: readonly string[];
}

export interface PlannedCase {
  /** `<instant> <zone>`; the table goes by it. */
  readonly name: string;
  readonly zone: string;
  readonly time: FastTime;
  readonly entry: string;
  readonly unit: readonly string[];
  readonly contract: readonly string[];
}

/** Every case begins at its instant when the run begins, and goes on at the wall's pace. */
export async function planFor(
  cases: readonly Case[],
  exclude: readonly string[],
  directory: string,
): Promise<Plan> {
  const wallStart = Date.now();
  const timeAt = ({ at }: Instant): FastTime => ({ wallStart, start: Date.parse(at), speed: 1 });
  const entries = new Map<string, string>();
  for (const { instant } of cases) {
    if (entries.has(instant.name)) continue;
    entries.set(instant.name, await entryAt(timeAt(instant), join(directory, instant.name)));
  }
  return {
    exclude,
    cases: cases.map(({ instant, zone, unit, contract }) => ({
      name: `${instant.name} ${zone}`,
      zone,
      time: timeAt(instant),
      entry: entries.get(instant.name) ?? "",
      unit,
      contract,
    })),
  };
}

/** The Worker's entry for tests, its clock built into it: no setting of a gateway can turn one on. */
export async function entryAt(time: FastTime, directory: string): Promise<string> {
  await mkdir(directory, { recursive: true });
  const { outputFiles } = await build({
    entryPoints: [fromRoot("test/clock/worker/clock-worker.js")],
    bundle: true,
    write: false,
    format: "esm",
    target: "esnext",
    external: ["cloudflare:*", "./index.js"],
    define: { TEST_CLOCK: JSON.stringify(time) },
    logLevel: "silent",
  });
  const file = join(directory, "entry.js");
  await writeFile(file, outputFiles[0]?.contents ?? "");
  return file;
}
