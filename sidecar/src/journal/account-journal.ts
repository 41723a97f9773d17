import { createHash } from "node:crypto";
import { join } from "node:path";
import type { Pairing } from "../config/pairing-file.ts";
import { UsageError } from "../config/usage-error.ts";
import { JournalBusyError } from "./open-database.ts";
import { type Journal, openJournal } from "./relay-journal.ts";

/** One journal per gateway account: what one account did not acknowledge is never told to another. */
export function openAccountJournal(
  configDir: string,
  pairing: Pairing,
  now: () => number,
  onDamaged: (movedTo: string) => void,
): Journal {
  const whose = createHash("sha256")
    .update(`${pairing.gateway_origin}\n${pairing.account_id}\n${pairing.sidecar_id}`)
    .digest("hex")
    .slice(0, 12);
  try {
    return openJournal({ path: join(configDir, `journal-${whose}.sqlite`), now, onDamaged });
  } catch (error) {
    if (error instanceof JournalBusyError) throw new UsageError(error.message);
    throw error;
  }
}
