import { concat, fromBase64, fromHex, hasControl, toBase64, toHex, utf8 } from "../bytes.ts";
import { EvidenceFault } from "../fault.ts";
import { isKeyName } from "./vkey.ts";

/**
 * A C2SP signed note: text that ends in a line feed, an empty line, and one or more lines of
 * `— name base64(key id ‖ signature)`.
 */
export interface Note {
  /** With its last line feed; what is signed. */
  readonly text: string;
  readonly signatures: readonly NoteSignature[];
}

export interface NoteSignature {
  readonly name: string;
  /** The key's id, four bytes as lower-case hex. */
  readonly id: string;
  /** What stands after the id. */
  readonly signature: Uint8Array;
}

export const NOTE_MAX_BYTES = 1_048_576;
/** Standard: at least 16 have to be taken. */
export const NOTE_SIGNATURES_MAX = 100;
const ID_BYTES = 4;
const MARK = "\u2014 ";

/**
 * Reads a note; verifies nothing. Throws `NOTE_TOO_LARGE`, `NOTE_MALFORMED`,
 * `SIGNATURE_LINE_MALFORMED` or `KEY_NAME_INVALID`.
 */
export function parseNote(note: string): Note {
  // Cheap first; a character is at most three bytes for each of its UTF-16 units.
  if (note.length > NOTE_MAX_BYTES || utf8(note).length > NOTE_MAX_BYTES) {
    throw new EvidenceFault("NOTE_TOO_LARGE", `A note has at most ${NOTE_MAX_BYTES} bytes.`);
  }
  checkCharacters(note);
  const split = note.lastIndexOf("\n\n");
  if (split === -1) throw malformed("No empty line stands before its signatures.");
  const text = note.slice(0, split + 1);
  const lines = note.slice(split + 2).split("\n");
  if (lines.pop() !== "") throw malformed("Its last line does not end.");
  if (lines.length === 0) throw malformed("It has no signature line.");
  if (lines.length > NOTE_SIGNATURES_MAX) throw malformed("It has too many signature lines.");
  return { text, signatures: lines.map(parseSignatureLine) };
}

/** The text of a note. Throws `NOTE_MALFORMED` for a text that cannot be one. */
export function formatNote({ text, signatures }: Note): string {
  checkCharacters(text);
  if (!text.endsWith("\n")) throw malformed("Its text does not end in a line feed.");
  return `${text}\n${signatures.map(formatSignatureLine).join("")}`;
}

/** One line with its line feed: `— name base64`. */
export function formatSignatureLine({ name, id, signature }: NoteSignature): string {
  const idBytes = fromHex(id);
  if (!isKeyName(name) || idBytes?.length !== ID_BYTES) {
    throw new EvidenceFault("KEY_NAME_INVALID", "A signature line needs a key's name and id.");
  }
  return `${MARK}${name} ${toBase64(concat(idBytes, signature))}\n`;
}

/** Reads one line, without its line feed. Throws `SIGNATURE_LINE_MALFORMED` or `KEY_NAME_INVALID`. */
export function parseSignatureLine(line: string): NoteSignature {
  if (!line.startsWith(MARK)) throw badLine("It does not begin with a dash (U+2014) and a space.");
  const rest = line.slice(MARK.length);
  const space = rest.lastIndexOf(" ");
  const name = rest.slice(0, Math.max(space, 0));
  if (!isKeyName(name)) {
    throw new EvidenceFault(
      "KEY_NAME_INVALID",
      "A key's name on a signature line is empty or holds a space or a plus.",
    );
  }
  const bytes = fromBase64(rest.slice(space + 1));
  if (bytes === null) throw badLine("Its signature is no padded base64.");
  if (bytes.length <= ID_BYTES) throw badLine("It holds a key id and no signature.");
  return { name, id: toHex(bytes.subarray(0, ID_BYTES)), signature: bytes.slice(ID_BYTES) };
}

function checkCharacters(text: string): void {
  if (hasControl(text.replaceAll("\n", ""))) {
    throw malformed("It holds a control character (a carriage return, perhaps).");
  }
  if (!text.isWellFormed()) throw malformed("It is not well-formed Unicode.");
}

function malformed(why: string): EvidenceFault {
  return new EvidenceFault("NOTE_MALFORMED", `A signed note cannot be read. ${why}`);
}

function badLine(why: string): EvidenceFault {
  return new EvidenceFault("SIGNATURE_LINE_MALFORMED", `A signature line cannot be read. ${why}`);
}
