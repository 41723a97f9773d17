import { createHash } from "node:crypto";
import { join } from "node:path";
import { readPrivateFile, writePrivateFile } from "../sdk/private-file.ts";

/**
 * What a gateway listed last: shown while it cannot be reached, so that a host which lists once does
 * not take a gateway that is away for one without tools.
 */
export interface ListCache {
  read(method: string): Promise<Record<string, unknown> | null>;
  keep(method: string, result: Record<string, unknown>): Promise<void>;
}

/** `holder`: whose lists they are. A list depends on the grant, so nobody is shown another's. */
export function listCache(folder: string, holder: string): ListCache {
  const path = (method: string) => {
    const name = createHash("sha256").update(`${holder}\n${method}`).digest("hex").slice(0, 32);
    return join(folder, "lists", `${name}.json`);
  };
  return {
    async read(method) {
      const text = await readPrivateFile(path(method)).catch(() => null);
      if (text === null) return null;
      try {
        const kept: unknown = JSON.parse(text);
        return typeof kept === "object" && kept !== null && !Array.isArray(kept)
          ? { ...kept }
          : null;
      } catch {
        return null;
      }
    },
    keep: (method, result) => writePrivateFile(path(method), JSON.stringify(result)),
  };
}
