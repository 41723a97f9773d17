import { join } from "node:path";
import { buildOnce } from "./build-cache.ts";
import { bundleForNode } from "./node-bundle.ts";
import { fromRoot } from "./paths.ts";

const ENTRY = "ibkr";

/**
 * Bundles the client and all it depends on into a folder, and returns the command line's file. What
 * only some commands need is in files of its own, so that `--help` loads none of it.
 */
export async function buildClient(directory: string): Promise<string> {
  await buildOnce("client", directory, (into) =>
    bundleForNode({
      directory: into,
      command: ENTRY,
      entries: {
        [ENTRY]: fromRoot("client/src/cli/main.ts"),
        index: fromRoot("client/src/index.ts"),
      },
    }),
  );
  return join(directory, `${ENTRY}.js`);
}
