import { utf8 } from "../../bytes.ts";
import { formatRecord } from "../../export/record.ts";
import type { FaultCode } from "../../fault.ts";
import { hashLeaf } from "../../merkle/hash.ts";
import type { NoteSigner } from "../../note/sign.ts";
import { aCheckpoint, anExport, type Folder, type SomeLog, someLog } from "../a-log.ts";

/** What somebody shows a reader, and what the reader holds. */
export interface Shown {
  readonly folder: Folder;
  /** Checkpoints that the reader kept from before. */
  readonly since?: readonly string[];
}

/** One edit of an export by somebody who holds all of the gateway, and what the reader is told. */
export interface Edit {
  readonly name: string;
  readonly shown: () => Promise<Shown>;
  readonly code: FaultCode;
  /** The first number that is affected, and the last when it is one of a range. */
  readonly seq?: number | null;
  readonly throughSeq?: number;
}

export const SIZE = 40;
/** An entry that has an opening. */
export const TARGET = 18;
export let LOG = someLog(SIZE);

/**
 * Lays the edits over another log, of SIZE entries: one out of a run. Its origin has to be the test's.
 */
export function layEditsOver(log: SomeLog): void {
  LOG = log;
}
export const FILE = "entries/000000000.jsonl";

/** The folder with one file replaced. */
export const withFile = (folder: Folder, name: string, text: string): Folder =>
  new Map([...folder, [name, text]]);
/** An export whose file `name` was edited; throws where the edit changes nothing. */
export const edited = async (name: string, edit: (text: string) => string): Promise<Shown> => {
  const folder = await anExport(LOG, { older: [10, 30] });
  const before = folder.get(name) ?? "";
  const after = edit(before);
  if (after === before) throw new Error("the edit changes nothing");
  return { folder: withFile(folder, name, after) };
};
/** Edits the lines of the records; each line without its line feed. */
export const lines =
  (edit: (lines: string[]) => string[]): (() => Promise<Shown>) =>
  () =>
    edited(FILE, (text) =>
      edit(text.trimEnd().split("\n"))
        .map((line) => `${line}\n`)
        .join(""),
    );
/** One file of the export, edited as text. */
export const file = (name: string, edit: (text: string) => string) => () => edited(name, edit);
/** The line of one record, edited; `seq` counts from 1. */
export const at = (seq: number, edit: (line: string) => string) =>
  lines((all) => all.map((line, index) => (index === seq - 1 ? edit(line) : line)));

/** The log with its entries edited, everything that follows from them made anew. */
export const entries = (edit: (texts: readonly string[]) => readonly string[]): SomeLog => ({
  ...LOG,
  openings: [],
  entries: edit(LOG.entries),
});
/** The entry under another event id, which every entry has; also as it stands in a record, quotes escaped. */
export const sayingOtherwise = (text: string): string =>
  text.replace(
    /("event_id\\?":\\?"\w*)(\w)(\\?")/,
    (_, before: string, last: string, end: string) => before + (last === "0" ? "1" : "0") + end,
  );
/** The log in which the entry of that number says something else. */
export const changed = (seq = TARGET): SomeLog =>
  entries((all) => all.map((text, index) => (index === seq - 1 ? sayingOtherwise(text) : text)));
/** That log's records and leaf hashes under the true log's head. */
export const underTrueHead = async (
  log: SomeLog,
  older: readonly number[] = [],
): Promise<Shown> => {
  const folder = await anExport(log);
  const truth = await anExport(LOG, { older });
  folder.set("checkpoint", truth.get("checkpoint") ?? "");
  for (const size of older) {
    folder.set(`checkpoints/${size}`, truth.get(`checkpoints/${size}`) ?? "");
  }
  folder.set("export.json", truth.get("export.json") ?? "");
  return { folder };
};
/** A log that is forged all through, under a head of these signers. */
export const signedBy = async (log: SomeLog, signers: readonly NoteSigner[]): Promise<Folder> =>
  withFile(await anExport(log), "checkpoint", await aCheckpoint(log, log.entries.length, signers));
/** The entry under another number. */
export const renumber = (text: string, seq: number): string =>
  text.replace(/,"seq":\d+\}$/, `,"seq":${seq}}`);
/** The line of a record with its own leaf hash. */
export const record = (text: string, seq: number): string =>
  formatRecord(seq, text, hashLeaf(utf8(text))).trimEnd();
/** The text of the entry of that number, counted from 1; empty where there is none. */
export const entryAt = (seq: number): string => LOG.entries[seq - 1] ?? "";
