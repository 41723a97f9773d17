import { fromBase64, utf8 } from "../bytes.ts";
import { canonicalJson, isJsonObject, parseJson } from "../canonical-json.ts";
import { parseCheckpointNote } from "../checkpoint/checkpoint.ts";
import { EvidenceFault } from "../fault.ts";
import { plainSha256, type Sha256, treeHash } from "../merkle/hash.ts";
import type { ExportPart } from "./export-part.ts";
import {
  CHECKPOINT_FILE,
  type ExportManifest,
  formatManifest,
  MANIFEST_FILE,
  OPENINGS_FILE,
  POLICY_FILE,
} from "./manifest.ts";
import { formatOpening, formatRecord } from "./record.ts";
import { recordFilesOf } from "./record-files.ts";

/** Where an export comes from: the next part of the range, as much of it as comes at once. */
export interface ExportSource {
  /** Null: from where the range begins, up to where it ends. */
  part(asked: { fromIndex: number | null; toIndex: number | null }): Promise<ExportPart>;
}

/** Where an export goes to. A file that is there is whole: it is written aside and then named. */
export interface ExportTarget {
  read(name: string): Promise<string | null>;
  has(name: string): Promise<boolean>;
  write(name: string, text: string): Promise<void>;
  /** Puts files one behind the other into a new one; those that are missing count as empty. */
  join(names: readonly string[], into: string): Promise<void>;
  remove(name: string): Promise<void>;
  /** Names of the files in a folder of it, in any order; none where there is no such folder. */
  list(folder: string): Promise<string[]>;
}

/** What a stopped export has begun; while it is there, the same command goes on with it. */
const UNFINISHED_FILE = "unfinished.json";
const CHECKPOINTS = "checkpoints";
const OPENING_PARTS = "openings";

/** What an export was asked for and what it turned out to be. */
interface Begun {
  readonly asked: string;
  readonly origin: string;
  readonly account: string;
  readonly fromIndex: number;
  readonly toIndex: number;
  readonly left: readonly string[];
  readonly size: number;
  readonly checkpoint: string;
  readonly policy: string;
}

/** An export that cannot be begun or gone on with; the sentence says what to do. */
export class ExportRefused extends Error {
  override readonly name = "ExportRefused";
}

/**
 * Writes a range of a log as a folder (SPEC.md, section 7): file by file, so that one that is stopped
 * loses one file's work and the same command goes on. The manifest is written last. `asked` names
 * the range for whoever goes on. Rejects with {@link ExportRefused}, with an EvidenceFault for a source
 * that contradicts itself, and with what source and target reject with.
 */
export async function writeExport(
  source: ExportSource,
  target: ExportTarget,
  options: {
    readonly asked: string;
    readonly sha256?: Sha256;
    readonly onProgress?: (done: number, of: number) => void;
  },
): Promise<ExportManifest> {
  if (await target.has(MANIFEST_FILE)) {
    throw new ExportRefused(
      "This folder holds an export that is finished. Name another folder, or remove this one.",
    );
  }
  const begun = await begin(source, target, options.asked);
  const { fromIndex, toIndex } = begun;
  const files = recordFilesOf(fromIndex, toIndex);
  const leafOf = treeHash(options.sha256 ?? plainSha256).leaf;
  for (const file of files) {
    if (!(await target.has(file.name))) await writeFile(source, target, begun, file, leafOf);
    options.onProgress?.(file.to_index - fromIndex, toIndex - fromIndex);
  }
  return finish(source, target, begun, files);
}

async function begin(source: ExportSource, target: ExportTarget, asked: string): Promise<Begun> {
  const text = await target.read(UNFINISHED_FILE);
  const before = text === null ? null : readBegun(text);
  if (text !== null && before?.asked !== asked) {
    throw new ExportRefused(
      "This folder holds another export that is not finished. Name another folder, or ask for the same range to go on with it.",
    );
  }
  if (before !== null) return before;
  const first = await source.part({ fromIndex: null, toIndex: null });
  const { origin, account, fromIndex, rangeEnd, left, size, checkpoint, policy } = first;
  const begun = {
    asked,
    origin,
    account,
    fromIndex,
    toIndex: rangeEnd,
    left,
    size,
    checkpoint,
    policy,
  };
  await target.write(UNFINISHED_FILE, `${canonicalJson(begun)}\n`);
  return begun;
}

async function writeFile(
  source: ExportSource,
  target: ExportTarget,
  { origin, account }: Begun,
  file: ExportManifest["files"][number],
  leafOf: (bytes: Uint8Array) => Uint8Array,
): Promise<void> {
  let records = "";
  let openings = "";
  for (let at = file.from_index; at < file.to_index; ) {
    const part = await source.part({ fromIndex: at, toIndex: file.to_index });
    const { entries } = part;
    if (
      part.origin !== origin ||
      part.account !== account ||
      part.fromIndex !== at ||
      entries.length === 0 ||
      at + entries.length > file.to_index
    ) {
      throw new EvidenceFault(
        "RECORD_MISSING",
        `The gateway answered with something else than entry ${at + 1} of this log.`,
      );
    }
    for (const entry of entries) {
      at += 1;
      records += formatRecord(at, entry, leafOf(utf8(entry)));
    }
    openings += part.openings.map(formatOpening).join("");
    for (const { size, note } of part.heads) await target.write(`${CHECKPOINTS}/${size}`, note);
  }
  // The records' file says that all of it is there, so it comes last.
  if (openings !== "") await target.write(openingsOf(file.name), openings);
  await target.write(file.name, records);
}

async function finish(
  source: ExportSource,
  target: ExportTarget,
  begun: Begun,
  files: ExportManifest["files"],
): Promise<ExportManifest> {
  const { origin, account, fromIndex, toIndex } = begun;
  const whole = toIndex === begun.size;
  const head = whole
    ? { checkpoint: begun.checkpoint, tail: [] }
    : await source.part({ fromIndex: toIndex, toIndex });
  const { size } = parseCheckpointNote(head.checkpoint);
  const older = (await target.list(CHECKPOINTS))
    .map(Number)
    .filter((of) => Number.isSafeInteger(of) && of < size)
    .sort((a, b) => a - b)
    .map((of) => `${CHECKPOINTS}/${of}`);
  const manifest: ExportManifest = {
    origin,
    account,
    fromIndex,
    toIndex,
    left: begun.left.map(hashOf),
    tail: head.tail.map(hashOf),
    files,
    checkpoints: older,
  };
  const parts = files.map(({ name }) => openingsOf(name));
  await target.join(parts, OPENINGS_FILE);
  await target.write(CHECKPOINT_FILE, head.checkpoint);
  await target.write(POLICY_FILE, begun.policy);
  await target.write(MANIFEST_FILE, formatManifest(manifest));
  for (const name of [...parts, UNFINISHED_FILE]) await target.remove(name);
  return manifest;
}

const openingsOf = (recordsFile: string): string =>
  recordsFile.replace(/^entries\//, `${OPENING_PARTS}/`);

function hashOf(text: string): Uint8Array {
  const hash = fromBase64(text);
  if (hash === null) throw new EvidenceFault("PROOF_LENGTH", "A hash of the proof is no base64.");
  return hash;
}

function readBegun(text: string): Begun | null {
  const value = parseJson(text);
  if (!isJsonObject(value)) return null;
  const { asked, origin, account, fromIndex, toIndex, left, size, checkpoint, policy } = value;
  if (
    typeof asked !== "string" ||
    typeof origin !== "string" ||
    typeof account !== "string" ||
    typeof fromIndex !== "number" ||
    typeof toIndex !== "number" ||
    typeof size !== "number" ||
    typeof checkpoint !== "string" ||
    typeof policy !== "string" ||
    !Array.isArray(left)
  ) {
    return null;
  }
  return {
    asked,
    origin,
    account,
    fromIndex,
    toIndex,
    left: left.map(String),
    size,
    checkpoint,
    policy,
  };
}
