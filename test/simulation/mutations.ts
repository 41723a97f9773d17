import { spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { registerHooks } from "node:module";
import { fileURLToPath } from "node:url";

/** One change of the product's source, for one process. */
interface Change {
  /** From the root of the project. */
  file: string;
  /** Text that stands in the file exactly once. */
  find: string;
  replace: string;
}

/** A guard switched off by a change of its source; the files themselves stay as they are. */
export interface Mutation extends Change {
  name: string;
  /** Changed with it, where one guard stands behind another. */
  also?: Change[];
  /** The world that found that it was gone: there it is looked for first. */
  seed?: number;
}

export const MUTATION = "SIMULATION_MUTATION";

/** Loads the changed files of the product, in this process. @throws Error when a text is not there once. */
export function loadChanged(mutation: Mutation): void {
  const changes = [mutation, ...(mutation.also ?? [])].map((change) => ({
    ...change,
    url: new URL(`../../${change.file}`, import.meta.url).href,
  }));
  registerHooks({
    load: (asked, context, next) => {
      const loaded = next(asked, context);
      const here = changes.filter(({ url }) => url === asked);
      if (here.length === 0) return loaded;
      return { ...loaded, source: here.reduce(changed, String(loaded.source)) };
    },
  });
}

function changed(source: string, { file, find, replace }: Change): string {
  const [before, after, ...more] = source.split(find);
  if (before === undefined || after === undefined || more.length > 0) {
    throw new Error(`${file} does not hold the text to change exactly once`);
  }
  return `${before}${replace}${after}`;
}

/** Tries each mutation in a process of its own; the exit status. */
export async function tryMutations(
  path: string,
  range: { seed: number; lives: number; perWorld: number },
): Promise<number> {
  const mutations: Mutation[] = JSON.parse(readFileSync(path, "utf8"));
  let missed = 0;
  for (const mutation of mutations) {
    const begun = performance.now();
    const { output, code } = await simulated(mutation, {
      ...range,
      seed: mutation.seed ?? range.seed,
    });
    const seconds = ((performance.now() - begun) / 1_000).toFixed(1);
    const found = /^seed (\d+) breaks a promise at step (\d+): (.*)$/m.exec(output);
    if (found !== null) {
      const [, seed, step, promise] = found;
      console.log(
        `caught   ${mutation.name}: seed ${seed}, step ${step}, ${seconds} s: ${promise}`,
      );
    } else {
      missed += 1;
      const why = code === 0 ? `not caught in ${range.lives} lives` : lastLine(output);
      console.log(`MISSED   ${mutation.name}: ${seconds} s: ${why}`);
    }
  }
  console.log(`${mutations.length - missed} of ${mutations.length} mutations were caught`);
  return missed === 0 ? 0 : 1;
}

function simulated(
  mutation: Mutation,
  { seed, lives, perWorld }: { seed: number; lives: number; perWorld: number },
): Promise<{ output: string; code: number | null }> {
  const main = fileURLToPath(new URL("main.ts", import.meta.url));
  const args = ["--seed", String(seed), "--lives", String(lives), "--per-world", String(perWorld)];
  const child = spawn(process.execPath, [main, ...args, "--no-shrink"], {
    env: { ...process.env, [MUTATION]: JSON.stringify(mutation) },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let output = "";
  child.stdout.on("data", (text) => {
    output += text;
  });
  child.stderr.on("data", (text) => {
    output += text;
  });
  return new Promise((resolve) => {
    child.on("close", (code) => resolve({ output, code }));
  });
}

const lastLine = (text: string): string =>
  text.split("\n").findLast((line) => /Error|error/.test(line)) ?? "the run ended without a word";
