import { rm } from "node:fs/promises";
import { fromRoot } from "./lib/paths.ts";
import { buildSidecar } from "./lib/sidecar-build.ts";

/** Builds `sidecar/dist`, which is what the `ibkr-sidecar` package carries. */
export async function main(): Promise<void> {
  const directory = fromRoot("sidecar/dist");
  await rm(directory, { recursive: true, force: true });
  await buildSidecar(directory);
}
