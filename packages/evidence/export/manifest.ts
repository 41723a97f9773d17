import * as z from "zod";
import { fromBase64, toBase64 } from "../bytes.ts";
import { canonicalJson, parseJson } from "../canonical-json.ts";
import { EvidenceFault } from "../fault.ts";
import { HASH_BYTES } from "../merkle/hash.ts";

/**
 * What an export's folder says about itself, in `export.json`. It is written last: a folder without
 * it is an export that was not finished. Nothing in it is believed that cannot be recomputed.
 */
export const EXPORT_FORMAT = "ibkr-audit-export/v1";
export const MANIFEST_FILE = "export.json";
/** The newest signed head, to which everything in the folder is led. */
export const CHECKPOINT_FILE = "checkpoint";
/** What opens commitments, one JSON record a line; may be absent. */
export const OPENINGS_FILE = "openings.jsonl";
/** A suggestion of whom to trust. A careful reader has a policy from elsewhere. */
export const POLICY_FILE = "trust.policy";

const FILE_NAME = /^[a-z0-9][a-z0-9_-]*(?:[./][a-z0-9_-]+)*$/;
const FILES_MAX = 100_000;

const Count = z.int().nonnegative();
const HashText = z.string().refine((text) => fromBase64(text)?.length === HASH_BYTES);
const FileName = z.string().max(200).regex(FILE_NAME);

const ManifestJson = z.strictObject({
  format: z.literal(EXPORT_FORMAT),
  origin: z.string().min(1),
  account: z.string().min(1),
  from_index: Count,
  to_index: Count,
  left: z.array(HashText).max(63),
  tail: z.array(HashText).max(63),
  files: z
    .array(z.strictObject({ name: FileName, from_index: Count, to_index: Count }))
    .max(FILES_MAX),
  checkpoints: z.array(FileName).max(FILES_MAX),
});

export interface ExportManifest {
  readonly origin: string;
  /** The gateway's own account id. */
  readonly account: string;
  /** Entries of index `from_index` (from zero) up to before `to_index`. */
  readonly fromIndex: number;
  readonly toIndex: number;
  /** The frontier at `from_index`: roots of the full subtrees before it, largest first. */
  readonly left: readonly Uint8Array[];
  /** Consistency proof from `to_index` to the checkpoint's size; empty when they are the same. */
  readonly tail: readonly Uint8Array[];
  /** Files of records, in order, each with the range it holds. */
  readonly files: readonly {
    readonly name: string;
    readonly from_index: number;
    readonly to_index: number;
  }[];
  /** Older signed heads of the log, by file. */
  readonly checkpoints: readonly string[];
}

/** The text of `export.json`. */
export function formatManifest(manifest: ExportManifest): string {
  return `${canonicalJson({
    format: EXPORT_FORMAT,
    origin: manifest.origin,
    account: manifest.account,
    from_index: manifest.fromIndex,
    to_index: manifest.toIndex,
    left: manifest.left.map(toBase64),
    tail: manifest.tail.map(toBase64),
    files: manifest.files.map(({ name, from_index, to_index }) => ({ name, from_index, to_index })),
    checkpoints: [...manifest.checkpoints],
  })}\n`;
}

/**
 * Reads `export.json`. Throws `FORMAT_UNKNOWN` for a later version and `MANIFEST_MALFORMED` for
 * anything else that is none, ranges that leave something out included.
 */
export function parseManifest(text: string): ExportManifest {
  const value = parseJson(text);
  const format = z.object({ format: z.string() }).safeParse(value);
  if (format.success && format.data.format !== EXPORT_FORMAT) {
    throw new EvidenceFault(
      "FORMAT_UNKNOWN",
      `The export is written as ${format.data.format}; this version reads ${EXPORT_FORMAT}.`,
    );
  }
  const parsed = ManifestJson.safeParse(value);
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    throw malformed(`${issue?.path.join(".") ?? ""}: ${issue?.message ?? "not JSON"}.`);
  }
  const { origin, account, from_index, to_index, left, tail, files, checkpoints } = parsed.data;
  checkRanges(from_index, to_index, files);
  return {
    origin,
    account,
    fromIndex: from_index,
    toIndex: to_index,
    left: hashes(left),
    tail: hashes(tail),
    files,
    checkpoints,
  };
}

function checkRanges(from: number, to: number, files: ExportManifest["files"]): void {
  let at = from;
  for (const file of files) {
    if (file.from_index !== at || file.to_index <= at) {
      throw malformed(`The file ${file.name} does not go on from index ${at}.`);
    }
    at = file.to_index;
  }
  if (at !== to) throw malformed(`Its files end at index ${at}, and its range at ${to}.`);
  if (new Set(files.map(({ name }) => name)).size < files.length) {
    throw malformed("It names a file twice.");
  }
}

function hashes(texts: readonly string[]): Uint8Array[] {
  return texts.map((text) => fromBase64(text) ?? new Uint8Array());
}

function malformed(why: string): EvidenceFault {
  return new EvidenceFault(
    "MANIFEST_MALFORMED",
    `The file ${MANIFEST_FILE} cannot be used. ${why}`,
  );
}
