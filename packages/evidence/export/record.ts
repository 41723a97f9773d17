import { fromHex, toHex } from "../bytes.ts";
import { canonicalJson, isJsonObject, parseJson } from "../canonical-json.ts";
import { type Opening, SALT_BYTES } from "../event/commitment.ts";
import { EvidenceFault } from "../fault.ts";

/** One line of an export: RFC 8785 JSON of these four members. */
export interface ExportRecord {
  /** From one. */
  readonly seq: number;
  /** From zero: `seq` less one. */
  readonly index: number;
  /** The entry's exact text; its UTF-8 bytes are the leaf's. */
  readonly entry: string;
  /** Lower-case hex. */
  readonly leaf_hash: string;
}

/** A record's line, with its line feed. */
export function formatRecord(seq: number, entry: string, leaf: Uint8Array): string {
  return `${canonicalJson({ entry, index: seq - 1, leaf_hash: toHex(leaf), seq })}\n`;
}

/**
 * Reads a line without its line feed. Throws `RECORD_MALFORMED`, also when the line could be read in
 * more than one way (a member twice, other members, other spacing).
 */
export function parseRecord(line: string): ExportRecord {
  const value = parseJson(line);
  if (!isJsonObject(value)) throw malformed("It is no JSON object.");
  const { entry, index, leaf_hash, seq } = value;
  if (
    typeof entry !== "string" ||
    typeof leaf_hash !== "string" ||
    typeof seq !== "number" ||
    typeof index !== "number"
  ) {
    throw malformed("It lacks one of entry, index, leaf_hash and seq.");
  }
  // Members are in RFC 8785 order here, so this is the one spelling of the record.
  if (JSON.stringify({ entry, index, leaf_hash, seq }) !== line) {
    throw malformed("It is not written as an export writes it.");
  }
  if (!Number.isSafeInteger(seq) || index !== seq - 1) {
    throw malformed(`Its index is ${index} and its number ${seq}.`);
  }
  return { entry, index, leaf_hash, seq };
}

/** What opens one commitment of one event; salt and payload are null where they were erased. */
export interface OpeningRecord {
  readonly seq: number;
  readonly field: string;
  readonly salt: Uint8Array | null;
  readonly payload: string | null;
}

/** An opening's line, with its line feed. */
export function formatOpening({ seq, field, salt, payload }: OpeningRecord): string {
  const text = salt === null ? null : toHex(salt);
  return `${canonicalJson({ field, payload, salt: text, seq })}\n`;
}

/** Reads a line without its line feed. Throws `OPENING_MALFORMED`. */
export function parseOpening(line: string): OpeningRecord {
  const value = parseJson(line);
  const { field, payload, salt: text, seq } = isJsonObject(value) ? value : {};
  const salt = typeof text === "string" ? fromHex(text) : null;
  if (
    typeof seq !== "number" ||
    !(Number.isSafeInteger(seq) && seq >= 1) ||
    typeof field !== "string" ||
    !(typeof payload === "string" || payload === null) ||
    (text !== null && salt?.length !== SALT_BYTES) ||
    JSON.stringify({ field, payload, salt: text, seq }) !== line
  ) {
    throw new EvidenceFault("OPENING_MALFORMED", "A line of openings cannot be read.");
  }
  return { seq, field, salt, payload };
}

/** The opening of a record that still has both halves; null once either was erased. */
export function openingOf({ field, salt, payload }: OpeningRecord): Opening | null {
  return salt === null || payload === null ? null : { field, salt, payload };
}

function malformed(why: string): EvidenceFault {
  return new EvidenceFault("RECORD_MALFORMED", `A record cannot be read. ${why}`);
}
