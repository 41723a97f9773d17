import { verifyExport } from "../export/verify-export.ts";
import { formatNote, parseNote } from "../note/note.ts";
import { openNote } from "../note/open.ts";
import { parseVkey } from "../note/vkey.ts";
import { aCheckpoint, aLogSigner, anExport, aPolicy, someLog } from "./a-log.ts";
import { filesOf } from "./folder.ts";
import { CHECKPOINT_8, LOG_VKEY, PC_VKEY } from "./vectors.ts";

/** A round through signing, hashing and verification, for a runtime to show that it can. */
export async function selfCheck(): Promise<string[]> {
  const log = someLog(30);
  const policy = await aPolicy();
  const folder = await anExport(log, { older: [10] });
  const good = await verifyExport(filesOf(folder), { policy });
  folder.set("checkpoint", await aCheckpoint(log, 30, [await aLogSigner()]));
  const unwitnessed = await verifyExport(filesOf(folder), { policy });
  const known = await openNote(parseNote(CHECKPOINT_8), [parseVkey(LOG_VKEY), parseVkey(PC_VKEY)]);
  return [
    good.outcome,
    unwitnessed.outcome,
    `${known.length} known signatures`,
    formatNote(parseNote(CHECKPOINT_8)) === CHECKPOINT_8 ? "same text" : "other text",
  ];
}
