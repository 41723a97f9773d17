import { createHash, createHmac, randomBytes, timingSafeEqual } from "node:crypto";
import type { DatabaseSync } from "node:sqlite";
import { APPROVER_LIMITS } from "@ibkr-edge-gateway/protocol/approval-page/approver-limits.ts";
import { deleteLinks, extendPage, findPage, storePage } from "../trust/tables/approver-pages.ts";

/**
 * Links to this PC's own page. The token stands in the link's fragment, which no server and no log
 * sees; the page takes it out of the address at once and keeps it while it is open. A new link ends
 * the one before it, and a page that is closed ends its own within a minute.
 */
const UNUSED_MS = APPROVER_LIMITS.enrolmentSeconds * 1_000;
const SILENT_MS = 60_000;

/** 32 bytes, base64url. */
export function newLinkToken(db: DatabaseSync, origin: string, nowMs: number): string {
  const token = randomBytes(32).toString("base64url");
  deleteLinks(db);
  const endsAt = nowMs + UNUSED_MS;
  storePage(db, { tokenSha256: sha256(token), origin, credentialId: null, endsAt }, nowMs);
  return token;
}

/** Whether a request's token is that of the link; used, it lives on for a minute. */
export function linkHolds(db: DatabaseSync, token: string, nowMs: number): boolean {
  const page = findPage(db, sha256(token), nowMs);
  if (page === null || page.credentialId !== null) return false;
  extendPage(db, page.tokenSha256, nowMs + SILENT_MS);
  return true;
}

/**
 * What only a program can say that reads this PC's own files: it answers at the port before a link
 * with a token is opened there.
 */
export const proofOf = (tokenSha256: string, challenge: string): string =>
  createHmac("sha256", Buffer.from(tokenSha256, "hex")).update(challenge).digest("hex");

export function sameText(a: string, b: string): boolean {
  const [left, right] = [Buffer.from(a), Buffer.from(b)];
  return left.length === right.length && timingSafeEqual(left, right);
}

export const sha256 = (token: string): string =>
  createHash("sha256").update(Buffer.from(token, "base64url")).digest("hex");
