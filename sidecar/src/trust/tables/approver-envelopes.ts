import type { DatabaseSync } from "node:sqlite";
import { Envelope } from "@ibkr-edge-gateway/protocol/approval-page/approver-envelope.ts";

/** What this PC asked its owner on a page of their own, as it signed it, and what was said. */
export const APPROVER_ENVELOPES_SCHEMA = `
CREATE TABLE IF NOT EXISTS approver_envelopes (
  ticket_sha256 TEXT PRIMARY KEY,
  about TEXT NOT NULL UNIQUE,
  envelope TEXT NOT NULL,
  state TEXT NOT NULL,
  signed_sha256 TEXT,
  coid TEXT,
  made_at INTEGER NOT NULL,
  not_after INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
`;

export type Asked = "open" | "approved" | "denied";

export interface KeptEnvelope {
  ticketSha256: string;
  /** What it is about: a preview, a question, a key. One of each. */
  about: string;
  envelope: Envelope;
  state: Asked;
  /** Of what the passkey signed; null before. */
  signedSha256: string | null;
  coid: string | null;
  notAfterMs: number;
}

export function storeEnvelope(
  db: DatabaseSync,
  kept: Pick<KeptEnvelope, "ticketSha256" | "about" | "envelope" | "notAfterMs">,
  nowMs: number,
): void {
  // What a version before asked of the same thing and this one cannot read makes room.
  const [row] = db
    .prepare("SELECT * FROM approver_envelopes WHERE about = ? AND state = 'open'")
    .all(kept.about);
  if (row !== undefined && envelopeOf(row) === null) {
    db.prepare("DELETE FROM approver_envelopes WHERE about = ?").run(kept.about);
  }
  db.prepare(
    `INSERT INTO approver_envelopes (ticket_sha256, about, envelope, state, made_at, not_after)
     VALUES (?, ?, ?, 'open', ?, ?) ON CONFLICT DO NOTHING`,
  ).run(kept.ticketSha256, kept.about, JSON.stringify(kept.envelope), nowMs, kept.notAfterMs);
}

/** Null where there is none, and where it has the form of another version: see {@link hasOlderEnvelope}. */
export function findEnvelope(db: DatabaseSync, ticketSha256: string): KeptEnvelope | null {
  const row = db
    .prepare("SELECT * FROM approver_envelopes WHERE ticket_sha256 = ?")
    .get(ticketSha256);
  return row === undefined ? null : envelopeOf(row);
}

/** Whether there is one in a form that this version cannot read: its owner has to be asked again. */
export function hasOlderEnvelope(db: DatabaseSync, ticketSha256: string): boolean {
  const row = db
    .prepare("SELECT * FROM approver_envelopes WHERE ticket_sha256 = ?")
    .get(ticketSha256);
  return row !== undefined && envelopeOf(row) === null;
}

export function envelopeAbout(db: DatabaseSync, about: string): KeptEnvelope | null {
  const row = db.prepare("SELECT * FROM approver_envelopes WHERE about = ?").get(about);
  return row === undefined ? null : envelopeOf(row);
}

/**
 * What waits: a question of the broker's first, which has less than a minute; then the cancels and what
 * says that it only reduces; of each the oldest first. What an agent asks for keeps neither back.
 */
export const openEnvelopes = (db: DatabaseSync, nowMs: number, limit: number): KeptEnvelope[] =>
  waiting(db, nowMs, limit).filter((kept) => kept !== null);

/** Whether among them is one in the form of a version before, which this one cannot read. */
export const olderWaits = (db: DatabaseSync, nowMs: number, limit: number): boolean =>
  waiting(db, nowMs, limit).some((kept) => kept === null);

function waiting(db: DatabaseSync, nowMs: number, limit: number): (KeptEnvelope | null)[] {
  return db
    .prepare(
      `SELECT * FROM approver_envelopes WHERE state = 'open' AND not_after > ?
       ORDER BY CASE
         WHEN envelope ->> '$.act' IN ('probe', 'question') THEN 0
         WHEN envelope ->> '$.body.ticket.order.reduce_only' = 1 THEN 1
         WHEN envelope ->> '$.body.ticket.order.action' = 'cancel' THEN 1
         ELSE 2 END, made_at, ticket_sha256 LIMIT ?`,
    )
    .all(nowMs, limit)
    .map(envelopeOf);
}

/** How many were made since. */
export function countEnvelopes(db: DatabaseSync, afterMs: number): number {
  const row = db
    .prepare("SELECT COUNT(*) AS made FROM approver_envelopes WHERE made_at > ?")
    .get(afterMs);
  return Number(row?.made ?? 0);
}

/** Answers it once; false when it was answered before. */
export function answerEnvelope(
  db: DatabaseSync,
  ticketSha256: string,
  answer: { state: "approved" | "denied"; signedSha256: string | null; coid: string | null },
): boolean {
  const { changes } = db
    .prepare(
      `UPDATE approver_envelopes SET state = ?, signed_sha256 = ?, coid = ?
       WHERE ticket_sha256 = ? AND state = 'open'`,
    )
    .run(answer.state, answer.signedSha256, answer.coid, ticketSha256);
  return Number(changes) === 1;
}

/** Takes a yes back that led to nothing: no order is placed under it. False where there is none. */
export function withdrawApproval(db: DatabaseSync, ticketSha256: string): boolean {
  const { changes } = db
    .prepare(
      "UPDATE approver_envelopes SET state = 'denied' WHERE ticket_sha256 = ? AND state = 'approved'",
    )
    .run(ticketSha256);
  return Number(changes) === 1;
}

/** Whether a yes to an order of this preview was taken, whose time is not over. */
export function approvedOfPreview(db: DatabaseSync, previewId: string, nowMs: number): boolean {
  const row = db
    .prepare(
      `SELECT 1 FROM approver_envelopes WHERE about >= ?1 AND about < ?1 || '~'
       AND state = 'approved' AND not_after > ?2 LIMIT 1`,
    )
    .get(`order ${previewId} `, nowMs);
  return row !== undefined;
}

/** Whether the yes that signed this was taken on the page on which it was asked. */
export function wasApproved(db: DatabaseSync, signedSha256: string): boolean {
  return (
    db
      .prepare(
        "SELECT 1 FROM approver_envelopes WHERE signed_sha256 = ? AND state = 'approved' LIMIT 1",
      )
      .get(signedSha256) !== undefined
  );
}

/** Orders that were approved here, the newest first; of whatever version's form they are. */
export function approvedOrders(
  db: DatabaseSync,
  limit: number,
): Pick<KeptEnvelope, "ticketSha256" | "signedSha256" | "coid" | "notAfterMs">[] {
  return db
    .prepare(
      `SELECT * FROM approver_envelopes WHERE state = 'approved' AND coid IS NOT NULL
       ORDER BY made_at DESC LIMIT ?`,
    )
    .all(limit)
    .map(answerOf);
}

/** Mandates that were approved here. */
export function approvedMandates(
  db: DatabaseSync,
): Pick<KeptEnvelope, "ticketSha256" | "signedSha256" | "coid" | "notAfterMs">[] {
  return db
    .prepare(
      `SELECT * FROM approver_envelopes WHERE about >= 'mandate ' AND about < 'mandate~'
       AND state = 'approved' ORDER BY made_at`,
    )
    .all()
    .map(answerOf);
}

/** Forgets what is old; what was never answered as soon as its time was over for a day. */
export function deleteEnvelopes(db: DatabaseSync, beforeMs: number, nowMs: number): void {
  db.prepare("DELETE FROM approver_envelopes WHERE made_at < ?").run(beforeMs);
  db.prepare(
    "DELETE FROM approver_envelopes WHERE state = 'open' AND not_after < ? AND made_at < ?",
  ).run(nowMs - DAY_MS, nowMs - DAY_MS);
}

const DAY_MS = 24 * 60 * 60_000;

function envelopeOf(row: Record<string, unknown>): KeptEnvelope | null {
  const { state } = row;
  const envelope = Envelope.safeParse(JSON.parse(String(row.envelope)));
  return envelope.success
    ? {
        ...answerOf(row),
        about: String(row.about),
        envelope: envelope.data,
        state: state === "approved" || state === "denied" ? state : "open",
      }
    : null;
}

const answerOf = (row: Record<string, unknown>) => ({
  ticketSha256: String(row.ticket_sha256),
  signedSha256: row.signed_sha256 === null ? null : String(row.signed_sha256),
  coid: row.coid === null ? null : String(row.coid),
  notAfterMs: Number(row.not_after),
});
