import { textOf, utf8, wholeNumber } from "../bytes.ts";
import { canonicalJson, isJsonObject, parseJson } from "../canonical-json.ts";
import { EvidenceFault } from "../fault.ts";

/**
 * One entry of a log, as its bytes are hashed: `ibkr-audit/v1`, a line feed, and the RFC 8785 text
 * of account, event and sequence number. Account and number are inside, so a true event cannot be
 * moved to another account or to another place. The first line names the envelope and never
 * changes; the event says its own version.
 */
export const ENTRY_DOMAIN = "ibkr-audit/v1";
const HEAD = /^ibkr-audit\/v1\n\{"account":("(?:[^"\\]|\\.)*"),"event":/;
const TAIL = ',"seq":';

/** What an entry holds. */
export interface Entry {
  /** The gateway's own account id: opaque, no broker account. */
  readonly account: string;
  /** From one, without gaps; the index in the tree is one less. */
  readonly seq: number;
  /** RFC 8785 text of the event, as it was hashed. Verify over this, never over parsed JSON. */
  readonly event: string;
}

/** The text whose UTF-8 bytes are the leaf's. `event` is RFC 8785 already. */
export function formatEntry({ account, seq, event }: Entry): string {
  // RFC 8785 sorts members by name, and these three are in that order.
  return `${ENTRY_DOMAIN}\n{"account":${canonicalJson(account)},"event":${event},"seq":${seq}}`;
}

/** The bytes that are hashed. */
export function entryBytes(entry: Entry): Uint8Array {
  return utf8(formatEntry(entry));
}

/** An entry that was read, with its event as a value beside the text. */
export interface ReadEntry extends Entry {
  /** Members that this version does not know are kept. */
  readonly value: Readonly<Record<string, unknown>>;
}

/**
 * Reads the text of an entry. Throws `ENTRY_MALFORMED`, or `ENTRY_NOT_CANONICAL` when the same
 * content should be written in another way: a log never holds such a text.
 */
export function parseEntry(text: string): ReadEntry {
  if (!text.startsWith(`${ENTRY_DOMAIN}\n`))
    throw malformed(`It does not begin with ${ENTRY_DOMAIN}.`);
  const [head = "", accountText = ""] = HEAD.exec(text) ?? [];
  const tail = text.lastIndexOf(TAIL);
  const [, seqText = ""] = /^(0|[1-9][0-9]*)\}$/.exec(text.slice(tail + TAIL.length)) ?? [];
  const account = parseJson(accountText);
  const seq = wholeNumber(seqText);
  if (head === "" || tail < head.length || typeof account !== "string" || seq === null) {
    throw otherForm(text.slice(ENTRY_DOMAIN.length + 1));
  }
  if (seq === 0) throw malformed("Numbers begin with 1.");
  if (account === "") throw malformed("It names no account.");
  if (JSON.stringify(account) !== accountText) throw notCanonical();
  const event = text.slice(head.length, tail);
  const value = parseJson(event);
  if (!isJsonObject(value)) throw malformed("It holds no event.");
  return { account, seq, event, value };
}

/** The same from bytes. Throws `ENTRY_MALFORMED` also for what is not UTF-8. */
export function readEntryBytes(bytes: Uint8Array): ReadEntry {
  const text = textOf(bytes);
  if (text === null) throw malformed("It is not UTF-8.");
  return parseEntry(text);
}

function malformed(why: string): EvidenceFault {
  return new EvidenceFault("ENTRY_MALFORMED", `An entry cannot be read. ${why}`);
}

/** Another spelling of the three members, or something else altogether. */
function otherForm(json: string): EvidenceFault {
  const value = parseJson(json);
  const members = isJsonObject(value) ? Object.keys(value).sort().join() : "";
  return members === "account,event,seq"
    ? notCanonical()
    : malformed("It is no JSON object of account, event and seq.");
}

function notCanonical(): EvidenceFault {
  return new EvidenceFault(
    "ENTRY_NOT_CANONICAL",
    "An entry's members stand in another order or spelling than a log writes them.",
  );
}
