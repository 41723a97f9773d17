import { type CheckpointNote, parseCheckpointNote } from "../checkpoint/checkpoint.ts";
import { parseTrustPolicy, type TrustPolicy } from "../checkpoint/trust-policy.ts";
import { EvidenceFault } from "../fault.ts";
import { LogKeys } from "../keys/rotation.ts";
import { frontierOf } from "../merkle/frontier.ts";
import { plainSha256, type Sha256, treeHash } from "../merkle/hash.ts";
import { checkConsistency } from "../merkle/verify.ts";
import { checkSignatures, tellFacts } from "./check-signatures.ts";
import { type ExportFiles, linesOf, readText, readTextIfThere } from "./export-files.ts";
import { LogReader } from "./log-reader.ts";
import { CHECKPOINT_FILE, type ExportManifest, MANIFEST_FILE, parseManifest } from "./manifest.ts";
import { checkOwnMarks, type Mark, MarkWatch, readMarks } from "./older-heads.ts";
import { Openings } from "./openings.ts";
import { parseRecord } from "./record.ts";
import { type Place, type Verdict, VerdictBuilder } from "./verdict.ts";

export interface VerifyOptions {
  /** The text of the reader's own policy; null leaves signatures unjudged, and so the whole. */
  readonly policy: string | null;
  /** Texts of checkpoints that the reader holds from before. */
  readonly since?: readonly string[];
  /** Seconds since 1970, to refuse signatures from the future; null does not look. */
  readonly nowSeconds?: number | null;
  /** SHA-256 of the platform, where speed counts. */
  readonly sha256?: Sha256;
  /** Told now and then how many entries have been looked at. */
  readonly onProgress?: (entries: number) => void;
}

interface Job {
  readonly files: ExportFiles;
  readonly manifest: ExportManifest;
  readonly head: CheckpointNote;
  readonly marks: readonly Mark[];
  readonly policy: TrustPolicy | null;
  readonly keys: LogKeys | null;
  readonly options: VerifyOptions;
}

/**
 * Verifies an export: every entry against its hash, number and account, the tree against the signed
 * head and older ones, signatures against the reader's policy, openings against commitments. Needs
 * no network and keeps nothing but O(log n) of the log in memory. Never throws for what is wrong
 * with the evidence: the verdict says it.
 */
export async function verifyExport(files: ExportFiles, options: VerifyOptions): Promise<Verdict> {
  const out = new VerdictBuilder();
  const job = await begin(files, options, out);
  if (job === null) return out.verdict();
  const place: { now: Place } = { now: {} };
  const openings = new Openings(job.files);
  const watch = new MarkWatch(job.marks, job.manifest.fromIndex);
  const done = await out.take(
    "entries",
    async () => {
      const reader = readerOf(job);
      await readEntries(job, { reader, openings, watch, place });
      const says = `${reader.facts.entries} entries, each as it was hashed, numbered without gaps`;
      return { value: reader, says };
    },
    () => place.now,
  );
  if (done === null) {
    for (const name of ["head", "signatures"]) {
      out.skipped(name, "not looked at: entries are broken");
    }
    return out.verdict();
  }
  const led = await out.run(
    "head",
    () => checkHead(job, done, watch),
    () => headPlace(job, watch),
  );
  if (led && watch.differing !== null)
    out.failed("older checkpoints", forked(watch), headPlace(job, watch));
  else if (watch.agreed > 0) out.passed("older checkpoints", `${watch.agreed} agree`);
  await checkSignatures(job, out);
  tellFacts(job.manifest, done.facts, openings, out);
  return out.verdict();
}

async function begin(
  files: ExportFiles,
  options: VerifyOptions,
  out: VerdictBuilder,
): Promise<Job | null> {
  let file = MANIFEST_FILE;
  return out.take(
    "export",
    async () => {
      const text = await readTextIfThere(files, MANIFEST_FILE);
      if (text === null) {
        throw new EvidenceFault(
          "EXPORT_UNFINISHED",
          `There is no ${MANIFEST_FILE}: this is no export, or one that was not finished. Run the export again; it goes on where it stopped.`,
        );
      }
      const manifest = parseManifest(text);
      file = CHECKPOINT_FILE;
      const head = parseCheckpointNote(await readText(files, CHECKPOINT_FILE));
      if (head.origin !== manifest.origin) {
        throw new EvidenceFault("ORIGIN_DIFFERS", `The checkpoint is of the log ${head.origin}.`);
      }
      file = "";
      const marks = await readMarks(files, manifest, options.since ?? []);
      checkOwnMarks(marks, head, manifest);
      const policy = options.policy === null ? null : parseTrustPolicy(options.policy);
      const keys = policy === null ? null : new LogKeys(policy.logs);
      const { origin, fromIndex, toIndex } = manifest;
      const says = `${origin}, entries ${fromIndex + 1} to ${toIndex} of ${head.size}`;
      return { value: { files, manifest, head, marks, policy, keys, options }, says };
    },
    () => ({ file: file === "" ? null : file }),
  );
}

function readerOf({ manifest, keys, options }: Job): LogReader {
  return new LogReader({
    account: manifest.account,
    origin: manifest.origin,
    from: frontierOf(manifest.fromIndex, manifest.left),
    keys,
    hash: treeHash(options.sha256 ?? plainSha256),
  });
}

async function readEntries(
  { files, manifest, options }: Job,
  work: { reader: LogReader; openings: Openings; watch: MarkWatch; place: { now: Place } },
): Promise<void> {
  const { reader, openings, watch, place } = work;
  const { tree } = reader;
  const withOpenings = await startOpenings(openings);
  watch.compare(tree);
  for (const { name, to_index } of manifest.files) {
    place.now = { seq: tree.size + 1, file: name };
    for await (const lines of linesOf(files, name)) {
      for (const line of lines) {
        place.now = { seq: tree.size + 1, file: name };
        const record = parseRecord(line);
        checkNext(record.seq, tree.size, to_index);
        const { entry } = reader.take(record.entry, record.leaf_hash);
        if (withOpenings && openings.nextSeq === entry.seq) await openings.check(entry);
        if (watch.nextSize === tree.size) watch.compare(tree);
      }
      place.now = { seq: tree.size + 1, file: name };
      options.onProgress?.(reader.facts.entries);
    }
    if (tree.size < to_index) throw missing(tree.size + 1);
  }
  place.now = {};
  const { nextSeq } = openings;
  if (withOpenings && nextSeq !== null) {
    place.now = { seq: nextSeq };
    throw new EvidenceFault("OPENING_WITHOUT_COMMITMENT", `No entry ${nextSeq} is here to open.`);
  }
  reader.checkOpened();
}

/** False when the export has none. */
async function startOpenings(openings: Openings): Promise<boolean> {
  try {
    await openings.fill();
    return true;
  } catch (thrown) {
    if (thrown instanceof EvidenceFault && thrown.code === "FILE_MISSING") return false;
    throw thrown;
  }
}

function checkNext(seq: number, size: number, toIndex: number): void {
  if (size >= toIndex) {
    throw new EvidenceFault(
      "RECORD_UNEXPECTED",
      `Entry ${seq} stands behind the end of its file's range.`,
    );
  }
  if (seq > size + 1) throw missing(size + 1);
  if (seq <= size) {
    throw new EvidenceFault("RECORD_OUT_OF_ORDER", `Entry ${seq} stands where ${size + 1} should.`);
  }
}

/** Leads the tree to the head; the export may end before it. */
function checkHead({ manifest, head }: Job, { tree }: LogReader, watch: MarkWatch): string {
  const { tail } = manifest;
  try {
    checkConsistency({
      first: tree.size,
      second: head.size,
      firstRoot: tree.root(),
      secondRoot: head.root,
      proof: tail,
    });
  } catch (thrown) {
    if (!(thrown instanceof EvidenceFault) || thrown.code !== "ROOT_DIFFERS") throw thrown;
    const after = watch.differing?.afterSize ?? watch.goodSize;
    throw new EvidenceFault(
      "ROOT_DIFFERS",
      `The entries do not lead to the signed head: at least one after number ${after} is not what was signed.`,
    );
  }
  return `they lead to the head of ${head.size} entries`;
}

/** Where entries and heads part: between the last head that agreed and the first that did not. */
function headPlace({ manifest, head }: Job, watch: MarkWatch): Place {
  const { differing, goodSize } = watch;
  return {
    seq: (differing?.afterSize ?? goodSize) + 1,
    throughSeq: differing?.mark.checkpoint.size ?? Math.min(manifest.toIndex, head.size),
  };
}

function forked({ differing }: MarkWatch): EvidenceFault {
  const { mark, afterSize } = differing ?? {};
  return new EvidenceFault(
    "FORKED",
    `The entries lead to the newest head, but not to ${mark?.from ?? "an older one"} (${mark?.checkpoint.size ?? 0} entries): the log was rewritten after number ${afterSize ?? 0}. Keep both checkpoints: together they prove it.`,
  );
}

function missing(seq: number): EvidenceFault {
  return new EvidenceFault("RECORD_MISSING", `Entry ${seq} is missing.`);
}
