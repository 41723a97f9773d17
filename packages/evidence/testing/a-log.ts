import { utf8 } from "../bytes.ts";
import { canonicalJson, type Json } from "../canonical-json.ts";
import { formatCheckpoint } from "../checkpoint/checkpoint.ts";
import { commit, type Opening } from "../event/commitment.ts";
import { formatEntry } from "../event/entry.ts";
import { formatManifest } from "../export/manifest.ts";
import { formatOpening, formatRecord } from "../export/record.ts";
import { manifestOf } from "../export/record-files.ts";
import { hashLeaf } from "../merkle/hash.ts";
import { nodesOfLeaves, treeRoot } from "../merkle/nodes.ts";
import { ed25519FromSeed } from "../note/ed25519.ts";
import { formatNote } from "../note/note.ts";
import { cosigner, logSigner, type NoteSigner, signNote } from "../note/sign.ts";
import { formatVkey } from "../note/vkey.ts";

/** A log to test with: entries as texts, openings beside them, and whoever signs. */
export interface SomeLog {
  readonly origin: string;
  readonly account: string;
  readonly entries: readonly string[];
  readonly openings: readonly (Opening & { readonly seq: number })[];
}

export const ORIGIN = "gw.example/audit/000102030405060708090a0b0c0d0e0f";
export const ACCOUNT = "acct_01JDTEST0000000000000000";
export const NOW_SECONDS = 1_800_000_000;
const AT = "2026-11-30T08:00:00.000Z";

/** Bytes that look random and are the same in every run. */
export function steadyRandom(seed: number): (bytes: number) => Uint8Array {
  let state = seed;
  return (bytes) =>
    Uint8Array.from({ length: bytes }, () => {
      state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
      return state >>> 24;
    });
}

/** RFC 8785 text of an event of version 2, with what `over` says of it. */
export function anEvent(seq: number, over: Record<string, Json> = {}): string {
  return canonicalJson({
    v: 2,
    event_id: `01JDTEST${String(seq).padStart(18, "0")}`,
    type: "tool.call",
    started_at: AT,
    ended_at: AT,
    who: { kind: "agent", subject: ACCOUNT, client_id: "client-1", sidecar_id: "pc-1" },
    what: {
      tool: "ibkr_positions",
      operation: "positions.list",
      scopes: ["ibkr:positions:read"],
      decision: "allow",
      result: "ok",
      error_code: null,
    },
    account_hash: "0".repeat(64),
    account: null,
    input: null,
    output: null,
    request_id: `req-${seq}`,
    meta: {},
    ...over,
  });
}

/** A log whose first entry opens it and whose every third one has an opening. */
export function someLog(
  size: number,
  { origin = ORIGIN, account = ACCOUNT, events = new Map<number, Record<string, Json>>() } = {},
): SomeLog {
  const random = steadyRandom(size);
  const openings: (Opening & { seq: number })[] = [];
  const entries = Array.from({ length: size }, (_, index) => {
    const seq = index + 1;
    const special = events.get(seq);
    if (special !== undefined) return entry(account, seq, special);
    if (seq === 1) {
      const meta = { origin, first_v2_index: "0", unwitnessed_before: "0" };
      return entry(account, seq, { type: "log.opened", meta });
    }
    if (seq % 3 !== 0) return entry(account, seq, {});
    const made = commit("input", canonicalJson({ account_id: `U${1_000_000 + seq}` }), random);
    openings.push({ seq, ...made.opening });
    return entry(account, seq, { input: made.commitment });
  });
  return { origin, account, entries, openings };
}

const entry = (account: string, seq: number, over: Record<string, Json>): string =>
  formatEntry({ account, seq, event: anEvent(seq, over) });

const seedOf = (byte: number): Uint8Array => new Uint8Array(32).fill(byte);

/** A log's signer under its origin; another byte is another key. */
export async function aLogSigner(origin = ORIGIN, byte = 1): Promise<NoteSigner> {
  return logSigner(origin, await ed25519FromSeed(seedOf(byte)));
}

/** The witness at the PC. */
export async function aWitness(byte = 2, nowSeconds = NOW_SECONDS): Promise<NoteSigner> {
  return cosigner("gw.example/pc/01", await ed25519FromSeed(seedOf(byte)), () => nowSeconds);
}

/** Whom a reader trusts: the log's key, and the PC's. */
export async function aPolicy(): Promise<string> {
  const [log, pc] = [await aLogSigner(), await aWitness()];
  return `log ${formatVkey(log.key)}\nwitness pc ${formatVkey(pc.key)}\nquorum pc\n`;
}

/** The leaf hashes of a log's entries, in their order. */
export const leavesOf = (log: SomeLog): Uint8Array[] =>
  log.entries.map((text) => hashLeaf(utf8(text)));

/** The signed head of a log's first entries. */
export async function aCheckpoint(
  log: SomeLog,
  size = log.entries.length,
  signers?: readonly NoteSigner[],
): Promise<string> {
  const root = treeRoot(size, nodesOfLeaves(leavesOf(log).slice(0, size)));
  const by = signers ?? [await aLogSigner(log.origin), await aWitness()];
  return formatNote(await signNote(formatCheckpoint({ origin: log.origin, size, root }), by));
}

/** An export's files, by name. */
export type Folder = Map<string, string>;

/** An export of a log, whole or of a range, with older heads at some sizes. */
export async function anExport(
  log: SomeLog,
  { fromIndex = 0, toIndex = log.entries.length, older = [] as readonly number[] } = {},
): Promise<Folder> {
  const leaves = leavesOf(log);
  const nodes = nodesOfLeaves(leaves);
  const names = older.map((size) => `checkpoints/${size}`);
  const manifest = manifestOf(
    { ...log, size: log.entries.length, nodes },
    { fromIndex, toIndex },
    names,
  );
  const folder: Folder = new Map();
  for (const file of manifest.files) {
    const lines = log.entries
      .slice(file.from_index, file.to_index)
      .map((text, at) => formatRecord(file.from_index + at + 1, text, hashLeaf(utf8(text))));
    folder.set(file.name, lines.join(""));
  }
  for (const size of older) folder.set(`checkpoints/${size}`, await aCheckpoint(log, size));
  const openings = log.openings.filter(({ seq }) => seq > fromIndex && seq <= toIndex);
  folder.set("openings.jsonl", openings.map(formatOpening).join(""));
  folder.set("checkpoint", await aCheckpoint(log));
  folder.set("trust.policy", await aPolicy());
  folder.set("export.json", formatManifest(manifest));
  return folder;
}
