import { canonicalJson } from "@ibkr-edge-gateway/protocol/digest.ts";
import type { JsonObject } from "@ibkr-edge-gateway/protocol/json.ts";
import { CURSOR_TTL_MS } from "../web/limits.ts";

/**
 * Cursors say where the next page of one answer begins. They are readable and cannot be made: the
 * signature covers the account, the tool, its other arguments and the time they end, so a cursor
 * of somebody else, of another tool or of another question is as bad as a forged one.
 */
export interface CursorScope {
  accountId: string;
  tool: string;
  /** The tool's arguments without the cursor. */
  query: JsonObject;
}

export interface CursorCodec {
  mint(scope: CursorScope, position: number): Promise<string>;
  /** The position, or null for a cursor that was not minted for this, or has ended. */
  read(scope: CursorScope, cursor: string): Promise<number | null>;
}

const FORMAT = /^(\d{1,15})\.([0-9a-z]{1,11})\.([A-Za-z0-9_-]{43})$/;
const encoder = new TextEncoder();

/** The deployment's cursors. Without its identity key there are none, and the call fails. */
export function cursorsOf(env: { readonly EDGE_IDENTITY_KEY?: string }): CursorCodec {
  const { EDGE_IDENTITY_KEY } = env;
  if (EDGE_IDENTITY_KEY === undefined) {
    const missing = async () => {
      throw new Error("EDGE_IDENTITY_KEY is not set, so cursors cannot be signed");
    };
    return { mint: missing, read: missing };
  }
  return cursorCodec(EDGE_IDENTITY_KEY, { ttlMs: CURSOR_TTL_MS, now: Date.now });
}

/** `secret` is any text with enough entropy that only this deployment has. */
export function cursorCodec(
  secret: string,
  options: { ttlMs: number; now: () => number },
): CursorCodec {
  let key: ReturnType<typeof deriveKey> | undefined;
  const signingKey = () => {
    key ??= deriveKey(secret);
    return key;
  };
  return {
    async mint(scope, position) {
      const ends = (options.now() + options.ttlMs).toString(36);
      const signed = message(scope, String(position), ends);
      const tag = await crypto.subtle.sign("HMAC", await signingKey(), signed);
      return `${position}.${ends}.${toBase64Url(new Uint8Array(tag))}`;
    },
    async read(scope, cursor) {
      const parts = FORMAT.exec(cursor);
      const [, position, ends, tag] = parts ?? [];
      if (position === undefined || ends === undefined || tag === undefined) return null;
      const claimed = fromBase64Url(tag);
      if (toBase64Url(claimed) !== tag) return null;
      const signed = message(scope, position, ends);
      const genuine = await crypto.subtle.verify("HMAC", await signingKey(), claimed, signed);
      if (!genuine || Number.parseInt(ends, 36) <= options.now()) return null;
      return Number(position);
    },
  };
}

function message(scope: CursorScope, position: string, ends: string): Uint8Array {
  // Canonical JSON of an array: no two different scopes have the same text.
  return encoder.encode(
    canonicalJson(["ibkr-cursor/v1", scope.accountId, scope.tool, scope.query, position, ends]),
  );
}

async function deriveKey(secret: string) {
  const material = await crypto.subtle.importKey("raw", encoder.encode(secret), "HKDF", false, [
    "deriveKey",
  ]);
  return crypto.subtle.deriveKey(
    {
      name: "HKDF",
      hash: "SHA-256",
      salt: new Uint8Array(32),
      info: encoder.encode("ibkr-edge-gateway cursor signing key v1"),
    },
    material,
    { name: "HMAC", hash: "SHA-256", length: 256 },
    false,
    ["sign", "verify"],
  );
}

function toBase64Url(bytes: Uint8Array): string {
  return btoa(String.fromCharCode(...bytes))
    .replaceAll("+", "-")
    .replaceAll("/", "_")
    .replaceAll("=", "");
}

function fromBase64Url(text: string): Uint8Array {
  const binary = atob(text.replaceAll("-", "+").replaceAll("_", "/"));
  return Uint8Array.from(binary, (character) => character.charCodeAt(0));
}
