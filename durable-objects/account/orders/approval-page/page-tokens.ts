import type { OrderParts } from "../order-context.ts";
import { knowsApprovalPage, readPages } from "../sidecar-calls/approval-page-calls.ts";

/**
 * Which pages may speak here, as the PC names them: an origin and the hash of a token each. Nothing of
 * it is stored; what was read is believed for a moment, and asked anew where a token is not in it.
 */
export interface KnownPages {
  pages: readonly { origin: string; page_token_sha256: string }[];
  enrolling: string | null;
  /** Of the bearer that only who saw the PC's screen can make; null where the PC names none. */
  enrollingTokenSha256: string | null;
}

const BELIEVED_MS = 30_000;
/** A token that nobody knows costs the PC a question no oftener than this. */
const ASKED_AGAIN_MS = 2_000;
const NONE: KnownPages = { pages: [], enrolling: null, enrollingTokenSha256: null };

export interface PageTokens {
  /** Null where the PC cannot be asked and nothing is known. */
  known(wanted: (known: KnownPages) => boolean): Promise<KnownPages | null>;
}

export function pageTokens(parts: OrderParts): PageTokens {
  let read: { at: number; of: string; known: KnownPages } | null = null;
  let reading: Promise<KnownPages | null> | null = null;
  const ask = async (of: string): Promise<KnownPages | null> => {
    const answer = await readPages(parts);
    if (!answer.ok) return null;
    const { pages, enrolling, enrolling_token_sha256 } = answer.value;
    const enrollingTokenSha256 = enrolling_token_sha256 ?? null;
    read = { at: parts.now(), of, known: { pages, enrolling, enrollingTokenSha256 } };
    return read.known;
  };
  return {
    async known(wanted) {
      const { online, sidecarId, connectedSince } = parts.relay.presence();
      if (!online) return null;
      if (!knowsApprovalPage(parts)) return NONE;
      // Another PC, or another connection of the same one, has pages of its own.
      const of = `${sidecarId} ${connectedSince}`;
      const age =
        read === null || read.of !== of ? Number.POSITIVE_INFINITY : parts.now() - read.at;
      if (read !== null && age < ASKED_AGAIN_MS) return read.known;
      if (read !== null && age < BELIEVED_MS && wanted(read.known)) return read.known;
      reading ??= ask(of).finally(() => {
        reading = null;
      });
      return reading;
    },
  };
}
