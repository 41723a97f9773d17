import type { Source } from "@ibkr-edge-gateway/protocol/operation-schemas/field-types.ts";
import * as z from "zod";
import { readPrivateJson, writePrivateJson } from "../../config/private-files.ts";

/** What was told of the broker already, so that it is told once. */
const SeenEvents = z.strictObject({
  v: z.literal(1),
  /** When this sidecar first ran, ms: what was filled before is not told. */
  since: z.number(),
  /** By execution id: when it was seen, ms. */
  executions: z.record(z.string(), z.number()),
  orders: z.record(z.string(), z.strictObject({ mark: z.string(), at: z.number() })),
});
export type SeenEvents = z.infer<typeof SeenEvents>;

export interface SeenStore {
  load(): SeenEvents | null;
  save(seen: SeenEvents): void;
}

/** @throws UsageError when the file is damaged; old fills must not be told again. */
export function fileSeenStore(configDir: string, source: Source): SeenStore {
  const name = `broker-news.${source}.json`;
  return {
    load: () => readPrivateJson(configDir, name, SeenEvents),
    save: (seen) => writePrivateJson(configDir, name, seen),
  };
}
