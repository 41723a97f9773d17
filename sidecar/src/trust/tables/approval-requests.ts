import type { DatabaseSync } from "node:sqlite";

/** What was asked at this PC. */
export interface ShownRequest {
  previewId: string;
  tier: 1 | 2;
  requestedBy: string;
  askedAt: number;
}

/** Remembered for the command line, for a PC that has neither a terminal open nor a desktop. */
export function noteRequest(db: DatabaseSync, request: ShownRequest): void {
  db.prepare(
    `INSERT INTO approval_requests (preview_id, tier, requested_by, asked_at) VALUES (?, ?, ?, ?)
     ON CONFLICT (preview_id) DO NOTHING`,
  ).run(request.previewId, request.tier, request.requestedBy, request.askedAt);
}

/** Newest first. */
export function requestsSince(db: DatabaseSync, sinceMs: number): ShownRequest[] {
  return db
    .prepare("SELECT * FROM approval_requests WHERE asked_at >= ? ORDER BY asked_at DESC")
    .all(sinceMs)
    .map((row) => ({
      previewId: String(row.preview_id),
      tier: Number(row.tier) === 2 ? 2 : 1,
      requestedBy: String(row.requested_by),
      askedAt: Number(row.asked_at),
    }));
}

export function deleteRequests(db: DatabaseSync, beforeMs: number): void {
  db.prepare("DELETE FROM approval_requests WHERE asked_at < ?").run(beforeMs);
}
