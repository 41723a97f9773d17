import type { OAuthResourceContext } from "@cloudflare/workers-oauth-provider";
import { sha256Hex } from "@ibkr-edge-gateway/protocol/digest.ts";
import { VERIFIED_TOKEN_MS, VERIFIED_TOKENS_MAX } from "../web/limits.ts";
import type { GrantProps } from "./grant-props.ts";
import { tokenParts } from "./token-guard.ts";

/**
 * Access tokens that the OAuth library found good a moment ago, so that a client's next calls need
 * not be looked up in KV and deciphered again.
 *
 * This may be no authority: it only says what the token store said seconds ago, and that store is
 * eventually consistent for longer than that. Whether a client may still act is decided in the
 * account's object, on every call. A token whose record this isolate deletes is forgotten at once,
 * so a revocation that was made here shows here on the next request.
 *
 * Tokens of other issuers are never kept, and a token itself is not: only its hash, as in KV.
 */
export interface VerifiedTokens {
  /** What was found about this token within the last seconds; null to ask the library. */
  find(token: string): VerifiedToken | null;
  keep(verified: VerifiedToken): void;
  /** The record under this KV key is deleted. */
  forget(kvKey: string): void;
}

/** What the library sets on a request's context for a token it accepted. */
export type VerifiedToken = Pick<OAuthResourceContext<GrantProps>, "props" | "auth">;

interface Kept {
  /** Null for a deleted record: a request that read it just before must not bring it back. */
  readonly verified: VerifiedToken | null;
  readonly untilMs: number;
}

export function verifiedTokens(now: () => number): VerifiedTokens {
  const entries = new Map<string, Kept>();

  function remember(key: string, kept: Kept): void {
    entries.delete(key);
    entries.set(key, kept);
    // A map lists its keys in the order of their insertion: the first one is the oldest.
    for (const [oldest] of entries) {
      if (entries.size <= VERIFIED_TOKENS_MAX) return;
      entries.delete(oldest);
    }
  }

  return {
    find(token) {
      const key = recordKey(token);
      const entry = key === null ? undefined : entries.get(key);
      if (!entry?.verified || now() >= entry.untilMs) return null;
      const { props, auth } = entry.verified;
      return { props: { ...props }, auth: { ...auth, token, scope: [...auth.scope] } };
    },

    keep({ props, auth }) {
      const key = recordKey(auth.token);
      if (key === null || props.external !== undefined || auth.expiresAt === undefined) return;
      const known = entries.get(key);
      if (known?.verified === null && now() < known.untilMs) return;
      remember(key, {
        verified: { props, auth: { ...auth, token: "" } },
        untilMs: Math.min(now() + VERIFIED_TOKEN_MS, auth.expiresAt * 1000),
      });
    },

    forget(kvKey) {
      if (!kvKey.startsWith("token:")) return;
      remember(kvKey, { verified: null, untilMs: now() + VERIFIED_TOKEN_MS });
    },
  };
}

/** The key under which the library keeps a token's record; null for what we never issued. */
function recordKey(token: string): string | null {
  const parts = tokenParts(token);
  return parts === null ? null : `token:${parts.accountId}:${parts.grantId}:${sha256Hex(token)}`;
}

/** A token store that tells which of its records are deleted through it. */
export function announcingDeletions(kv: KVNamespace, deleted: (key: string) => void): KVNamespace {
  return new Proxy(kv, {
    get(target, property) {
      const value: unknown = Reflect.get(target, property, target);
      if (typeof value !== "function") return value;
      if (property !== "delete") return value.bind(target);
      return (key: string, ...rest: unknown[]) => {
        deleted(key);
        return value.call(target, key, ...rest);
      };
    },
  });
}
