import type { DatabaseSync } from "node:sqlite";
import {
  deleteAbsent,
  markAllAbsent,
  setRefused,
  storeAnnounced,
} from "../tables/announced-keys.ts";
import { approverFingerprint, approverState, enrolApprover } from "../tables/approvers.ts";
import { announcedAndUnknown } from "../tables/joint/waiting-keys.ts";
import { algorithmOf, isKnownAlgorithm } from "../verify/verify-assertion.ts";

/**
 * The passkeys that the gateway says its owner has. Being here lets a key do nothing: it can be
 * shown at the terminal by the six words that are made here, and taken by whoever sits there.
 */

/** Keys that were said no to are remembered, so that nobody is asked about them again and again. */
const REMEMBERED = 200;

export interface AnnouncedKey {
  credentialId: string;
  /** COSE. */
  publicKey: Uint8Array;
  /** The owner's name for it in the console: outside text without control characters. */
  label: string;
  /** Six words over the key, made here. */
  words: string;
  /** Somebody at this PC said no to it. */
  refused: boolean;
}

export type AnnouncedState = "accepted" | "waiting" | "removed" | "unusable";

/** Notes all that the gateway's owner has now; what is missing from the list is offered no more. */
export function noteAnnounced(
  db: DatabaseSync,
  keys: readonly { credentialId: string; publicKey: Uint8Array; label: string }[],
  nowMs: number,
): { credentialId: string; state: AnnouncedState }[] {
  db.exec("BEGIN IMMEDIATE");
  try {
    markAllAbsent(db);
    const states = keys.map(({ credentialId, publicKey, label }) => {
      const algorithm = algorithmOf(publicKey);
      if (algorithm === null || !isKnownAlgorithm(algorithm)) {
        return { credentialId, state: "unusable" as const };
      }
      storeAnnounced(db, { credentialId, publicKey, label: plain(label) }, nowMs);
      return { credentialId, state: approverState(db, credentialId) ?? ("waiting" as const) };
    });
    deleteAbsent(db, REMEMBERED);
    db.exec("COMMIT");
    return states;
  } catch (thrown) {
    // A full disk may have ended the transaction by itself.
    if (db.isTransaction) db.exec("ROLLBACK");
    throw thrown;
  }
}

/** The announced keys that this PC neither takes approvals from nor was told to forget. */
export function listWaiting(db: DatabaseSync): AnnouncedKey[] {
  return announcedAndUnknown(db).flatMap(({ credential_id, public_key, label, refused_at }) =>
    typeof credential_id === "string" &&
    public_key instanceof Uint8Array &&
    typeof label === "string"
      ? [
          {
            credentialId: credential_id,
            publicKey: public_key,
            label,
            words: approverFingerprint(public_key),
            refused: refused_at !== null,
          },
        ]
      : [],
  );
}

/**
 * Takes an announced key as an approver. False when it is announced no more, or with another key
 * than the one whose words were shown.
 */
export function acceptAnnounced(
  db: DatabaseSync,
  shown: Pick<AnnouncedKey, "credentialId" | "words">,
  enrolledBy: string,
  nowMs: number,
): boolean {
  const waiting = listWaiting(db).find(
    ({ credentialId, words }) => credentialId === shown.credentialId && words === shown.words,
  );
  return waiting !== undefined && enrolApprover(db, { ...waiting, enrolledBy }, nowMs);
}

export function refuseAnnounced(db: DatabaseSync, credentialId: string, nowMs: number): void {
  setRefused(db, credentialId, nowMs);
}

const plain = (text: string): string => text.replace(/\p{C}/gu, "").slice(0, 60) || "passkey";
