import { sha256 } from "@noble/hashes/sha2.js";
import { fromBase64Url, toBase64Url, toHex, utf8 } from "../bytes.ts";
import { canonicalJson, isJsonObject, type Json } from "../canonical-json.ts";
import { EvidenceFault } from "../fault.ts";
import { type Ed25519Key, ed25519Verifies } from "../note/ed25519.ts";

/**
 * What the PC says and signs with its statement key: Ed25519 over `ibkr-pc-statement/v1`, a line
 * feed, and the RFC 8785 text of the body. A body has `v` and `kind`, and no number with a fraction:
 * amounts are text.
 */
export interface SignedStatement {
  readonly body: StatementBody;
  /** Base64url, 64 bytes. */
  readonly signature: string;
}

export type StatementBody = { readonly [name: string]: Json; readonly v: 1; readonly kind: string };

const DOMAIN = "ibkr-pc-statement/v1";

/** The bytes that are signed. Throws `STATEMENT_MALFORMED` for a body that must not be signed. */
export function statementMessage(body: StatementBody): Uint8Array {
  if (body.v !== 1 || typeof body.kind !== "string" || !isWhole(body)) {
    throw new EvidenceFault(
      "STATEMENT_MALFORMED",
      "A statement has a version and a kind, and its numbers are whole.",
    );
  }
  return utf8(`${DOMAIN}\n${canonicalJson(body)}`);
}

/** Lower-case hex SHA-256 of the bytes that are signed: how a log's entry names a statement. */
export function statementHash(body: StatementBody): string {
  return toHex(sha256(statementMessage(body)));
}

/** The statement with the key's signature over its message; rejects where the key cannot sign. */
export async function signStatement(
  body: StatementBody,
  key: Ed25519Key,
): Promise<SignedStatement> {
  return { body, signature: toBase64Url(await key.sign(statementMessage(body))) };
}

/** Throws `STATEMENT_MALFORMED` or `STATEMENT_SIGNATURE`. */
export async function checkStatement(
  { body, signature }: SignedStatement,
  publicKey: Uint8Array,
): Promise<void> {
  const message = statementMessage(body);
  const bytes = fromBase64Url(signature) ?? new Uint8Array();
  if (!(await ed25519Verifies(publicKey, message, bytes))) {
    throw new EvidenceFault(
      "STATEMENT_SIGNATURE",
      `The PC's signature under "${body.kind}" does not hold.`,
    );
  }
}

function isWhole(value: unknown): boolean {
  if (typeof value === "number") return Number.isSafeInteger(value);
  if (Array.isArray(value)) return value.every(isWhole);
  return !isJsonObject(value) || Object.values(value).every(isWhole);
}
