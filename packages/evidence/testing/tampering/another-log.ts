import { aCheckpoint, anExport, ORIGIN, someLog } from "../a-log.ts";
import { at, type Edit, edited, file, LOG, record, SIZE, TARGET } from "./edits.ts";

const other = someLog(SIZE, {
  origin: "gw.example/audit/ffffffffffffffffffffffffffffffff",
  account: "acct_other",
});
/** Another account's log or entries in place of this one's. */
export const STRANGERS: readonly Edit[] = [
  {
    name: "shows another account's log, truly signed",
    shown: async () => ({ folder: await anExport(other) }),
    code: "ORIGIN_DIFFERS",
  },
  {
    name: "shows another account's entries under this log's key",
    shown: async () => ({
      folder: await anExport({ ...other, origin: ORIGIN, account: LOG.account }),
    }),
    code: "ENTRY_OF_ANOTHER_ACCOUNT",
    seq: 1,
  },
  {
    name: "puts one entry of another account in",
    shown: at(TARGET, () => record(other.entries[TARGET - 1] ?? "", TARGET)),
    code: "ENTRY_OF_ANOTHER_ACCOUNT",
    seq: TARGET,
  },
  {
    name: "says that the export is another account's",
    shown: file("export.json", (text) => text.replace(LOG.account, "acct_other")),
    code: "ENTRY_OF_ANOTHER_ACCOUNT",
    seq: 1,
  },
  {
    name: "says that the export is of another log",
    shown: file("export.json", (text) => text.replace(ORIGIN, other.origin)),
    code: "ORIGIN_DIFFERS",
  },
  {
    name: "lays an older head of another log beside it",
    shown: async () => {
      const head = await aCheckpoint(other, 10);
      return edited("checkpoints/10", () => head);
    },
    code: "ORIGIN_DIFFERS",
  },
  {
    name: "opens another log inside of this one",
    shown: async () => ({
      folder: await anExport(
        someLog(SIZE, {
          events: new Map([[30, { type: "log.opened", meta: { origin: other.origin } }]]),
        }),
      ),
    }),
    code: "ORIGIN_DIFFERS",
  },
];
