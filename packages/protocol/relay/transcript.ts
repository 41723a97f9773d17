import { utf8ToBytes } from "@noble/hashes/utils.js";
import type { Capability } from "../capabilities.ts";

/**
 * The exact bytes that are signed: lines of UTF-8 joined by a line feed, the first of which names
 * the protocol and the purpose, so that no signature can serve another purpose. No field may
 * contain a line feed; ids, origins and base64url never do.
 */
function transcript(purpose: string, fields: readonly string[]): Uint8Array {
  return utf8ToBytes([`ibkr-relay/v1/${purpose}`, ...fields].join("\n"));
}

export interface ChallengeFacts {
  origin: string;
  account: string;
  sidecar: string;
  /** The edge's 32 random bytes, base64url. */
  challenge: string;
  /** The sidecar's 32 random bytes, base64url. */
  nonce: string;
}

/**
 * What the device key signs in `session.authenticate`. `about` is the SHA-256 of the text of this
 * connection's `session.open` (in a refresh: the session's id), so that nobody between the two ends
 * can have changed what the sidecar said of itself and of its journal.
 */
export function authenticateTranscript(facts: ChallengeFacts & { about: string }): Uint8Array {
  return transcript("authenticate", [
    facts.origin,
    facts.account,
    facts.sidecar,
    facts.challenge,
    facts.nonce,
    facts.about,
  ]);
}

/**
 * What the edge's identity key signs in a refusal that the sidecar acts on: bound to this very
 * `session.open` by the SHA-256 of its text, which holds a token that is used once.
 */
export function refusedTranscript(facts: {
  origin: string;
  account: string;
  sidecar: string;
  /** Lower-case hex. */
  openSha256: string;
  type: "session.unauthenticated" | "session.rejected";
  code: string;
}): Uint8Array {
  return transcript("refused", [
    facts.origin,
    facts.account,
    facts.sidecar,
    facts.openSha256,
    facts.type,
    facts.code,
  ]);
}

export interface AcceptedFacts extends ChallengeFacts {
  sessionId: string;
  epoch: number;
  capabilities: readonly Capability[];
  /** RFC 3339, as it stands in the frame. */
  leaseExpiresAt: string;
  lastProcessedSeq: number;
}

/** What the edge's identity key signs in `session.accepted`. */
export function acceptedTranscript(facts: AcceptedFacts): Uint8Array {
  return transcript("accepted", [
    facts.origin,
    facts.account,
    facts.sidecar,
    facts.challenge,
    facts.nonce,
    facts.sessionId,
    String(facts.epoch),
    [...facts.capabilities].sort().join(","),
    facts.leaseExpiresAt,
    String(facts.lastProcessedSeq),
  ]);
}

/** What the old and the new device key both sign in `session.rotate_key`. */
export function rotationTranscript(facts: {
  origin: string;
  account: string;
  sidecar: string;
  sessionId: string;
  publicKey: string;
}): Uint8Array {
  return transcript("rotate-key", [
    facts.origin,
    facts.account,
    facts.sidecar,
    facts.sessionId,
    facts.publicKey,
  ]);
}
