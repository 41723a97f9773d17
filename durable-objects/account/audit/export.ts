import { fromHex, toBase64 } from "@ibkr-edge-gateway/evidence/bytes.ts";
import { canonicalJson } from "@ibkr-edge-gateway/evidence/canonical-json.ts";
import { opens } from "@ibkr-edge-gateway/evidence/event/commitment.ts";
import { formatEntry } from "@ibkr-edge-gateway/evidence/event/entry.ts";
import type { ExportPartText } from "@ibkr-edge-gateway/evidence/export/export-part.ts";
import { receivedSha256 } from "@ibkr-edge-gateway/evidence/export/received-parts.ts";
import { consistencyProof, frontierProof } from "@ibkr-edge-gateway/evidence/merkle/proofs.ts";
import {
  ARRIVED_MAX_ENTRIES,
  type AuditExportQuery,
  type PcArrivedRequest,
} from "@ibkr-edge-gateway/protocol/audit/export-query.ts";
import { sidecarCommand } from "@ibkr-edge-gateway/protocol/sidecar-command.ts";
import { firstSince } from "./find-events.ts";
import { storedNodes } from "./log.ts";
import { newestHead } from "./log-files.ts";
import { firstV2Index } from "./sign-head.ts";
import { headsBetween } from "./tables/checkpoints.ts";
import { auditSize, type ExportRow, exportRows } from "./tables/log.ts";
import { readSignedLog, type SignedLog } from "./tables/signed.ts";

/** One part is a few megabytes at most, so that it fits into one answer and one turn. */
export const EXPORT_PART_MAX_ENTRIES = 5_000;
export const EXPORT_PART_MAX_CHARS = 4_000_000;

export interface ExportParts {
  readonly sql: SqlStorage;
  /** The gateway's own account id. */
  readonly account: string;
  /** Broker accounts that a commitment may hide; asked for the owner alone. */
  readonly brokerAccounts: () => string[];
}

/**
 * The next part of a range of the log, as it was hashed, up to the newest signed head; null where the
 * log has no head yet. The owner gets all of it and what opens its accounts. Others get no opening,
 * and nothing before the first event of version 2, whose hashes could be used to try out guesses.
 */
export function exportPart(
  parts: ExportParts,
  query: AuditExportQuery,
  whose: "owner" | "others",
): (ExportPartText & { leafHashes: string[] }) | null {
  const { sql, account } = parts;
  const log = readSignedLog(sql);
  const head = log === null ? null : newestHead(sql, log);
  if (log === null || head === null) return null;
  const nodes = storedNodes(sql);
  const lowest = whose === "owner" ? 0 : Math.min(firstV2Index(sql, auditSize(sql)), log.size);
  const { fromIndex, rangeEnd } = rangeOf(sql, query, { lowest, size: log.size });
  const rows = upToSize(exportRows(sql, fromIndex, Math.min(limitOf(query), rangeEnd - fromIndex)));
  const end = fromIndex + rows.length;
  return {
    origin: log.origin,
    account,
    fromIndex,
    rangeEnd,
    left: frontierProof(fromIndex, nodes).map(toBase64),
    entries: rows.map(({ seq, event }) => formatEntry({ account, seq, event })),
    leafHashes: rows.map(({ leaf_hash }) => leaf_hash),
    openings: whose === "owner" ? openingsOf(rows, parts.brokerAccounts()) : [],
    heads: headsBetween(sql, fromIndex, end),
    size: log.size,
    checkpoint: head.note,
    tail: consistencyProof(end, log.size, nodes).map(toBase64),
    policy: suggestedPolicy(log, head.witnesses),
  };
}

/** Whether what a reader says it holds of a range is what stands here, with all that opens it. */
export function isWhatArrived(
  { sql, brokerAccounts }: Pick<ExportParts, "sql" | "brokerAccounts">,
  { from_index: fromIndex, end, sha256 }: PcArrivedRequest["arrived"],
): boolean {
  const count = end - fromIndex;
  if (count < 1 || count > ARRIVED_MAX_ENTRIES) return false;
  const rows = exportRows(sql, fromIndex, count);
  if (rows.length !== count) return false;
  const openings = openingsOf(rows, brokerAccounts()).map((opening) => ({
    ...opening,
    salt: opening.salt === null ? null : fromHex(opening.salt),
  }));
  const leafHashes = rows.map(({ leaf_hash }) => leaf_hash);
  return receivedSha256({ fromIndex, leafHashes, openings }) === sha256;
}

function rangeOf(
  sql: SqlStorage,
  { fromIndex, toIndex, from, to }: AuditExportQuery,
  { lowest, size }: { lowest: number; size: number },
): { fromIndex: number; rangeEnd: number } {
  const since = from === undefined ? 0 : firstSince(sql, Date.parse(from)) - 1;
  const until = to === undefined ? size : firstSince(sql, Date.parse(to)) - 1;
  const begin = Math.min(Math.max(lowest, fromIndex ?? 0, since), size);
  return { fromIndex: begin, rangeEnd: Math.max(begin, Math.min(size, toIndex ?? size, until)) };
}

const limitOf = ({ limit }: AuditExportQuery): number =>
  Math.min(limit ?? EXPORT_PART_MAX_ENTRIES, EXPORT_PART_MAX_ENTRIES);

/** As many rows from the front as one part may carry; always at least one. */
function upToSize(rows: ExportRow[]): ExportRow[] {
  let chars = 0;
  const end = rows.findIndex(({ event }, at) => {
    chars += event.length;
    return at > 0 && chars > EXPORT_PART_MAX_CHARS;
  });
  return end === -1 ? rows : rows.slice(0, end);
}

/**
 * What opens the account of each event: its salt is beside the row, and the account is one of those
 * that the owner trades. Hashes of what was asked and answered are kept nowhere but in the event.
 */
function openingsOf(
  rows: readonly ExportRow[],
  accounts: readonly string[],
): ExportPartText["openings"] {
  const payloads = accounts.map((account) => canonicalJson(account));
  return rows.flatMap(({ seq, event, salts }): ExportPartText["openings"] => {
    const { account } = JSON.parse(event);
    if (typeof account !== "string") return [];
    if (salts === null) return [{ seq, field: "account", salt: null, payload: null }];
    const text: unknown = JSON.parse(salts).account;
    const salt = typeof text === "string" ? fromHex(text) : null;
    if (salt === null) return [];
    const found = payloads.find((payload) => opens(account, { field: "account", salt, payload }));
    return found === undefined
      ? []
      : [{ seq, field: "account", salt: String(text), payload: found }];
  });
}

/**
 * Whom a reader might trust, where they know no better: the key that the log is signed with, and the
 * PCs that have cosigned the head.
 */
export function suggestedPolicy(
  { vkey, origin }: Pick<SignedLog, "vkey" | "origin">,
  witnesses: readonly string[],
): string {
  const names = witnesses.map((_, at) => `pc${at + 1}`);
  return [
    "# A suggestion that came with the evidence itself. Compare the keys with what you have from",
    `# elsewhere: https://${origin}/vkey, and the PC's own \`${sidecarCommand("status")}\`.`,
    `log ${vkey}`,
    ...witnesses.map((witness, at) => `witness ${names[at]} ${witness}`),
    ...(names.length === 0 ? [] : [`group pcs any ${names.join(" ")}`]),
    names.length === 0 ? "quorum none" : "quorum pcs",
    "",
  ].join("\n");
}
