import { type ChildProcess, spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { defaultConfigDir } from "../sidecar/src/config/config-dir.ts";
import { dataDirPath, dataDirPaths, readState, sidecarFolder } from "./lib/data-dir.ts";
import { whenNpmIsGone } from "./lib/npm-parent.ts";
import { fromRoot } from "./lib/paths.ts";
import { isAnswering } from "./lib/running.ts";
import { buildSidecar, SIDECAR_NODE_FLAGS } from "./lib/sidecar-build.ts";
import { type KnownPcs, type StartedPc, whichPc } from "./lib/which-pc.ts";

const EXIT_USAGE = 2;
const OWN_BROKER = dataDirPath({}, "own");

/** `npm run sidecar -- <args>`: the sidecar's command line from the checkout, as it is packed. */
export async function main(args: string[]): Promise<void> {
  const [cli, known] = await Promise.all([buildSidecar(fromRoot("sidecar/dist")), knownPcs()]);
  const run = (before: string[], stdio: "inherit" | "pipe") =>
    spawn(process.execPath, [...SIDECAR_NODE_FLAGS, cli, ...before, ...args], { stdio });
  const which = whichPc(args, known);
  switch (which.kind) {
    case "refused":
      process.stderr.write(`error: ${which.why}\n`);
      process.exitCode = EXIT_USAGE;
      return;
    case "in_each": {
      // All at once: a stop must not wait for another one's end.
      const ends = which.folders.map(async (folder) => {
        const child = run(["--config-dir", folder], "pipe");
        const said: Buffer[] = [];
        for (const stream of [child.stdout, child.stderr]) {
          stream?.on("data", (chunk: Buffer) => said.push(chunk));
        }
        const code = await ended(child);
        process.stdout.write(`The PC in ${folder}:\n${Buffer.concat(said).toString()}`);
        return code;
      });
      process.exitCode = Math.max(...(await Promise.all(ends)));
      return;
    }
    case "in":
    case "as_it_is": {
      if (which.say !== null) process.stderr.write(`${which.say}\n`);
      process.exitCode = await ended(
        run(which.kind === "in" ? ["--config-dir", which.folder] : [], "inherit"),
      );
    }
  }
}

/** The exit status of a child, which ends with this process. */
function ended(child: ChildProcess): Promise<number> {
  // The terminal signals the whole group; a signal for this process alone is passed on.
  for (const signal of ["SIGINT", "SIGTERM"] as const) {
    process.on(signal, () => child.kill(signal));
  }
  whenNpmIsGone(() => child.kill("SIGTERM"));
  return new Promise((resolve) => {
    child.on("error", () => resolve(1));
    child.on("close", (code) => resolve(code ?? 1));
  });
}

async function knownPcs(): Promise<KnownPcs> {
  const own = defaultConfigDir();
  const started = await Promise.all(
    dataDirPaths(process.env).map(async (path): Promise<StartedPc | null> => {
      const folder = sidecarFolder(path);
      // Data that cannot be read is what `npm start` speaks of; here it means that nothing answers.
      const state = await readState(path).catch(() => null);
      const running = state !== null && (await isAnswering(state));
      if (!running && !isPaired(folder)) return null;
      return { folder, running, broker: path === OWN_BROKER ? "own" : "simulator" };
    }),
  );
  return {
    npmStart: started.filter((pc) => pc !== null),
    own: isPaired(own) ? own : null,
  };
}

/** Also with a pairing that cannot be read: what runs may have read it before. */
function isPaired(folder: string): boolean {
  return existsSync(join(folder, "pairing.json"));
}
