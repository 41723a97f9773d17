import { rm } from "node:fs/promises";
import { buildClient } from "./lib/client-build.ts";
import { emitClientTypes } from "./lib/client-types.ts";
import { fromRoot } from "./lib/paths.ts";

/** Builds `client/dist`, which is what the client's package carries. */
export async function main(): Promise<void> {
  const directory = fromRoot("client/dist");
  await rm(directory, { recursive: true, force: true });
  await buildClient(directory);
  await emitClientTypes(fromRoot("client/dist/types"));
}
