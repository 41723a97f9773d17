import { createHash } from "node:crypto";
import { realpathSync, statSync } from "node:fs";
import { join } from "node:path";
import type { JournalWrite } from "@ibkr-edge-gateway/protocol/relay/sidecar/sidecar-state.ts";
import { LAST_ROOM_FOR, serviceOf } from "@ibkr-edge-gateway/protocol/service-class.ts";
import type { DiskReserve } from "../config/disk-reserve.ts";
import type { Pairing } from "../config/pairing-file.ts";
import { UsageError } from "../config/usage-error.ts";
import { JournalBusyError } from "./open-database.ts";
import { type Journal, openJournal } from "./relay-journal.ts";

/** One journal per gateway account: what one account did not acknowledge is never told to another. */
export function openAccountJournal(
  configDir: string,
  pairing: Pairing,
  now: () => number,
  reserve: Pick<DiskReserve, "giveUp"> | null,
  told: {
    onDamaged?: (movedTo: string) => void;
    /** With it a copy of the folder is told from the folder, and begins a journal of its own. */
    onCopied?: () => void;
  },
): Journal {
  const whose = createHash("sha256")
    .update(`${pairing.gateway_origin}\n${pairing.account_id}\n${pairing.sidecar_id}`)
    .digest("hex")
    .slice(0, 12);
  const path = join(configDir, `journal-${whose}.sqlite`);
  const placeOf = () => `${statSync(path, { bigint: true }).ino} ${realpathSync(path)}`;
  try {
    return openJournal({
      path,
      now,
      ...told,
      ...(told.onCopied === undefined ? {} : { placeOf }),
      makeRoom: (writes) => writes.some(isOfAnExit) && reserve?.giveUp() === true,
    });
  } catch (error) {
    if (error instanceof JournalBusyError) throw new UsageError(error.message);
    throw error;
  }
}

/** The last room on the disk is for what takes risk away, from its acceptance to its end. */
function isOfAnExit(write: JournalWrite): boolean {
  switch (write.kind) {
    case "accepted": {
      const { operation, service } = write.submit;
      return LAST_ROOM_FOR.has(serviceOf(operation, service?.class));
    }
    case "event":
      return write.jobId !== null;
    case "started":
    case "acked":
    case "forget":
      return true;
  }
}
