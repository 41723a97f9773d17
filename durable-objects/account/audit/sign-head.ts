import { fromBase64Url, toHex } from "@ibkr-edge-gateway/evidence/bytes.ts";
import { formatCheckpoint } from "@ibkr-edge-gateway/evidence/checkpoint/checkpoint.ts";
import { logKey } from "@ibkr-edge-gateway/evidence/keys/log-key.ts";
import { logOrigin, newLogId } from "@ibkr-edge-gateway/evidence/keys/origin.ts";
import { treeRoot } from "@ibkr-edge-gateway/evidence/merkle/nodes.ts";
import { formatNote } from "@ibkr-edge-gateway/evidence/note/note.ts";
import { logSigner, type NoteSigner, signNote } from "@ibkr-edge-gateway/evidence/note/sign.ts";
import { formatVkey } from "@ibkr-edge-gateway/evidence/note/vkey.ts";
import { randomBytes } from "../platform/random.ts";
import { auditEvent, type NewAuditEvent } from "./events.ts";
import { storedNodes } from "./log.ts";
import { AUDIT_SHIP_DELAY_MS } from "./outbox.ts";
import { keepHead } from "./tables/checkpoints.ts";
import { keepHandover } from "./tables/handovers.ts";
import { appendedAt, auditSize, eventVersion, storedNode } from "./tables/log.ts";
import { openSignedLog, readSignedLog, type SignedLog, storeHead } from "./tables/signed.ts";

/**
 * Signs heads of the account's log (C2SP checkpoints). A head is made at once after an event of an
 * order; otherwise with the round that copies an event, at most one a minute, or when a hundred wait.
 * No event is without one for longer than a minute; a log to which nothing is added gets none.
 */

export const CHECKPOINT_DELAY_MS = 60_000;
export const CHECKPOINT_EVENTS_MAX = 100;
const DAY_MS = 86_400_000;
const SECRET_BYTES = 32;

export interface SigningParts {
  readonly sql: SqlStorage;
  /** `gateway.example.com`, with its port where there is one. */
  readonly host: string;
  /** EVIDENCE_KEY and EVIDENCE_KEY_BEFORE, as configured. */
  readonly secret: string | undefined;
  readonly secretBefore: string | undefined;
  readonly append: (event: NewAuditEvent) => number;
  /** The newest event of the log's copy. Asked before the first head since the object started. */
  readonly newestCopied: () => Promise<{ seq: number; leaf_hash: string } | null>;
  readonly now: () => number;
}

export type SignReport =
  | { outcome: "signed"; size: number }
  /** Nothing new, or no secret to sign with. */
  | { outcome: "idle" }
  /** The secret is not the one that the log was signed with so far; nothing was signed. */
  | { outcome: "other_key" }
  /** The copy is ahead, or another: this may be an older state of the log. Nothing was signed. */
  | { outcome: "copy_differs" };

/** Whether an event is one after which a head is made at once. */
export function isSignedAtOnce(type: string): boolean {
  return /^(order|approval|mandate|kill|policy|broker)\./.test(type) && type !== "broker.session";
}

/** When the next head is due (epoch milliseconds); null when the newest covers everything. */
export function checkpointDueAt(sql: SqlStorage, secret: string | undefined): number | null {
  if (readSecret(secret) === null) return null;
  const log = readSignedLog(sql);
  const covered = log?.size ?? 0;
  const oldest = appendedAt(sql, covered + 1);
  if (oldest === null) return null;
  if (auditSize(sql) - covered >= CHECKPOINT_EVENTS_MAX) return oldest;
  // With the round that copies it, so that a log that then rests is not woken once more.
  const soon = oldest + AUDIT_SHIP_DELAY_MS;
  return Math.min(
    Math.max(soon, (log?.signedAt ?? 0) + CHECKPOINT_DELAY_MS),
    oldest + CHECKPOINT_DELAY_MS,
  );
}

/** Signs a head over the log as it stands, opening the signed log when there is none yet. */
export async function signHead(parts: SigningParts): Promise<SignReport> {
  const secret = readSecret(parts.secret);
  if (secret === null) return { outcome: "idle" };
  const { sql, now } = parts;
  // An object that was restored from an older state has forgotten what it signed: its copy has not.
  const copied = await parts.newestCopied();
  if (copied !== null && !isOurs(sql, copied)) return { outcome: "copy_differs" };
  const log = readSignedLog(sql) ?? (await openLog(parts, secret));
  const keys = await signersOf(log, parts, secret);
  if (keys === null) return { outcome: "other_key" };
  if (keys.handsOver) announceKey(parts, keys.vkey);
  // Size and root in one turn; the head is taken only where none over more events was signed meanwhile.
  const size = auditSize(sql);
  if (size <= log.size) return { outcome: "idle" };
  const root = treeRoot(size, storedNodes(sql));
  const text = formatCheckpoint({ origin: log.origin, size, root });
  const note = formatNote(await signNote(text, keys.signers));
  const head = { size, note, signedAt: now(), vkey: keys.vkey };
  const before = readSignedLog(sql)?.signedAt ?? 0;
  if (!storeHead(sql, head)) return { outcome: "idle" };
  const newDay = Math.floor(before / DAY_MS) !== Math.floor(head.signedAt / DAY_MS);
  if (newDay || keys.handsOver) keepHead(sql, head);
  if (keys.handsOver) keepHandover(sql, head);
  return { outcome: "signed", size };
}

function isOurs(sql: SqlStorage, { seq, leaf_hash }: { seq: number; leaf_hash: string }): boolean {
  return seq <= auditSize(sql) && toHex(storedNode(sql, seq, 0)) === leaf_hash;
}

/** The first head covers all that was there before, and the event says how much that was. */
async function openLog(parts: SigningParts, secret: Uint8Array): Promise<SignedLog> {
  const { sql, host, append } = parts;
  const logId = newLogId(randomBytes);
  const origin = logOrigin(host, logId);
  const { key } = await signerOf(origin, logId, secret);
  // Somebody else may have opened it while the key was made.
  const there = readSignedLog(sql);
  if (there !== null) return there;
  const vkey = formatVkey(key);
  openSignedLog(sql, { logId, origin, vkey });
  const unwitnessed = auditSize(sql);
  append(
    event(parts, "log.opened", {
      origin,
      vkey,
      unwitnessed_before: String(unwitnessed),
      first_v2_index: String(firstV2Index(sql, unwitnessed)),
    }),
  );
  return { logId, origin, vkey, listed: false, size: 0, note: null, signedAt: 0 };
}

/**
 * The index of the first event of version 2 among the first `size`; `size` where there is none. Events
 * of version 1 came first, so that the border between them is found by halving.
 */
export function firstV2Index(sql: SqlStorage, size: number): number {
  let low = 1;
  let high = size + 1;
  while (low < high) {
    const middle = Math.floor((low + high) / 2);
    if (eventVersion(sql, middle) === 1) low = middle + 1;
    else high = middle;
  }
  return low - 1;
}

interface Signers {
  readonly signers: readonly NoteSigner[];
  readonly vkey: string;
  readonly handsOver: boolean;
}

/** The log's key; while it is changed, the old one and the new one. Null where neither is known. */
async function signersOf(
  log: SignedLog,
  { secretBefore }: SigningParts,
  secret: Uint8Array,
): Promise<Signers | null> {
  const signer = await signerOf(log.origin, log.logId, secret);
  const vkey = formatVkey(signer.key);
  if (vkey === log.vkey) return { signers: [signer], vkey, handsOver: false };
  const before = readSecret(secretBefore);
  if (before === null) return null;
  const old = await signerOf(log.origin, log.logId, before);
  if (formatVkey(old.key) !== log.vkey) return null;
  return { signers: [old, signer], vkey, handsOver: true };
}

/** Keys are derived and imported once for each log and secret: that is most of what a head costs. */
const signers = new Map<string, Promise<NoteSigner>>();
const SIGNERS_MAX = 16;

function signerOf(origin: string, logId: string, secret: Uint8Array): Promise<NoteSigner> {
  const name = `${toHex(secret)} ${logId} ${origin}`;
  const known = signers.get(name);
  if (known !== undefined) return known;
  if (signers.size >= SIGNERS_MAX) signers.clear();
  const made = logKey(secret, logId).then((key) => logSigner(origin, key));
  signers.set(name, made);
  made.catch(() => signers.delete(name));
  return made;
}

function announceKey(parts: SigningParts, vkey: string): void {
  parts.append(event(parts, "log.key_changed", { vkey }));
}

function event(
  { now }: SigningParts,
  type: "log.opened" | "log.key_changed",
  meta: Record<string, string>,
): NewAuditEvent {
  const at = now();
  const who = { kind: "gateway", subject: null, client_id: null, sidecar_id: null } as const;
  return auditEvent({ type, startedAt: at, endedAt: at, who, meta });
}

function readSecret(text: string | undefined): Uint8Array | null {
  const bytes = text === undefined ? null : fromBase64Url(text);
  return bytes?.length === SECRET_BYTES ? bytes : null;
}
