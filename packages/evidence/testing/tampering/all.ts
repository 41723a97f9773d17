import { STRANGERS } from "./another-log.ts";
import type { Edit } from "./edits.ts";
import { PRIVATE } from "./private-values.ts";
import { MOVED } from "./row-of-entries.ts";
import { HEADS } from "./signed-heads.ts";
import { SPELLINGS } from "./spelling.ts";
import { CHANGED } from "./what-happened.ts";

/** Every edit, by what it edits. */
export const EDITS: Readonly<Record<string, readonly Edit[]>> = {
  "what happened": CHANGED,
  "the row of entries": MOVED,
  "the signed heads": HEADS,
  "whose log it is": STRANGERS,
  "private values": PRIVATE,
  "how it is written": SPELLINGS,
};
