import type { DatabaseSync } from "node:sqlite";
import { EnrolmentCode } from "@ibkr-edge-gateway/protocol/approval-page/enrolment.ts";

/**
 * The ceremony of enrolment that is open, one at a time. The command line begins it and asks whoever
 * sits there; the running sidecar takes what the page brings. Its secret is on this PC's screen and in
 * this file, and nowhere else.
 */
export const ENROLMENTS_SCHEMA = `
CREATE TABLE IF NOT EXISTS enrolments (
  one INTEGER PRIMARY KEY CHECK (one = 1),
  via TEXT NOT NULL,
  origin TEXT NOT NULL,
  rp_id TEXT NOT NULL,
  code TEXT NOT NULL,
  label TEXT NOT NULL,
  state TEXT NOT NULL,
  why TEXT,
  credential_id TEXT,
  public_key BLOB,
  page_token_sha256 TEXT,
  began_at INTEGER NOT NULL
) STRICT;
`;

export type EnrolmentState =
  /** The page was not heard of yet. */
  | "open"
  /** A key came with a true MAC; whoever sits here compares the words. */
  | "waiting"
  /** They are the same: the key is an approver, and proves that it works. */
  | "accepted"
  | "proved"
  /** For good; `why` says it. */
  | "ended";

export interface Enrolment {
  via: "loopback" | "qr";
  origin: string;
  rpId: string;
  code: EnrolmentCode;
  label: string;
  state: EnrolmentState;
  why: string | null;
  key: { credentialId: string; publicKey: Uint8Array; pageTokenSha256: string } | null;
}

export type NewEnrolment = Pick<Enrolment, "via" | "origin" | "rpId" | "code" | "label">;

/** Begins one; what stood before it is over. */
export function beginEnrolment(db: DatabaseSync, enrolment: NewEnrolment, nowMs: number): void {
  db.prepare(
    `INSERT OR REPLACE INTO enrolments (one, via, origin, rp_id, code, label, state, began_at)
     VALUES (1, ?, ?, ?, ?, ?, 'open', ?)`,
  ).run(
    enrolment.via,
    enrolment.origin,
    enrolment.rpId,
    JSON.stringify(enrolment.code),
    enrolment.label,
    nowMs,
  );
}

export function currentEnrolment(db: DatabaseSync): Enrolment | null {
  const row = db.prepare("SELECT * FROM enrolments WHERE one = 1").get();
  if (row === undefined) return null;
  const { credential_id, public_key, page_token_sha256 } = row;
  return {
    via: row.via === "qr" ? "qr" : "loopback",
    origin: String(row.origin),
    rpId: String(row.rp_id),
    code: EnrolmentCode.parse(JSON.parse(String(row.code))),
    label: String(row.label),
    state: stateOf(row.state),
    why: row.why === null ? null : String(row.why),
    key:
      typeof credential_id === "string" &&
      public_key instanceof Uint8Array &&
      typeof page_token_sha256 === "string"
        ? { credentialId: credential_id, publicKey: public_key, pageTokenSha256: page_token_sha256 }
        : null,
  };
}

/** Moves it on from the state it was read in; false when it stands elsewhere by now. */
export function moveEnrolment(
  db: DatabaseSync,
  from: EnrolmentState,
  to: EnrolmentState,
  why: string | null = null,
): boolean {
  const { changes } = db
    .prepare("UPDATE enrolments SET state = ?, why = ? WHERE one = 1 AND state = ?")
    .run(to, why, from);
  return Number(changes) === 1;
}

/** Keeps the key that came, once. */
export function keepEnrolledKey(db: DatabaseSync, key: NonNullable<Enrolment["key"]>): boolean {
  const { changes } = db
    .prepare(
      `UPDATE enrolments SET state = 'waiting', credential_id = ?, public_key = ?, page_token_sha256 = ?
       WHERE one = 1 AND state = 'open'`,
    )
    .run(key.credentialId, key.publicKey, key.pageTokenSha256);
  return Number(changes) === 1;
}

export function endEnrolment(db: DatabaseSync): void {
  db.exec("DELETE FROM enrolments");
}

function stateOf(text: unknown): EnrolmentState {
  switch (text) {
    case "open":
    case "waiting":
    case "accepted":
    case "proved":
      return text;
    default:
      return "ended";
  }
}
