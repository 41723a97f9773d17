/**
 * What lets an old account cost as little as a new one: no statement of an order, a page or the alarm
 * walks through all that is kept. Each index costs a row written, so each serves several statements:
 *
 * - `order_intents_by_kind`: the latest orders, of each account and asset class; in place of the index
 *   by account alone, whose rows of one rare class were found by walking through all others.
 * - `order_intents_open`: what has not ended. `ended_at` says so in a column that changes at an order's
 *   end alone: an index on its state would be written at each step.
 * - `order_intents_waited`: the few orders that count for a later day than that on which they were sent.
 * - `order_approvals_recent`, `order_previews_recent`: by their time. A request lives an hour at most,
 *   so what is open, and what a preview led to, is found by time as well.
 * - `order_numbers`: the broker's numbers of our orders.
 */
export const ORDER_GROWTH_SCHEMA = `
ALTER TABLE order_intents ADD COLUMN ended_at INTEGER;
UPDATE order_intents SET ended_at = updated_at
  WHERE state IN ('filled', 'cancelled', 'rejected', 'expired');
DROP INDEX order_intents_recent;
CREATE INDEX order_intents_by_kind ON order_intents (broker_account, asset_class, created_at);
CREATE INDEX order_intents_open ON order_intents (broker_account, created_at)
  WHERE ended_at IS NULL;
CREATE INDEX order_intents_waited ON order_intents (day, broker_account) WHERE waits IS NOT NULL;

DROP INDEX order_approvals_preview;
CREATE INDEX order_approvals_recent ON order_approvals (created_at);

-- What was kept beside a preview for a day is kept with it: one row, written once.
ALTER TABLE order_previews ADD COLUMN pc_refusals TEXT;
ALTER TABLE order_previews ADD COLUMN source TEXT;
ALTER TABLE order_previews ADD COLUMN findings TEXT;
UPDATE order_previews SET (pc_refusals, source, findings) = (
    SELECT n.pc_refusals, n.source, n.findings FROM order_preview_notes n
    WHERE n.preview_id = order_previews.preview_id)
  WHERE preview_id IN (SELECT preview_id FROM order_preview_notes);
DROP TABLE order_preview_notes;
CREATE INDEX order_previews_recent ON order_previews (created_at);

CREATE TABLE order_numbers (
  order_id TEXT NOT NULL,
  coid TEXT NOT NULL,
  PRIMARY KEY (order_id, coid)
) STRICT, WITHOUT ROWID;
INSERT OR IGNORE INTO order_numbers (order_id, coid)
  SELECT part.value ->> '$.order_id', coid FROM order_intents, json_each(outcome, '$.orders') AS part
  WHERE action = 'place' AND outcome IS NOT NULL AND part.value ->> '$.order_id' IS NOT NULL;

CREATE INDEX order_alerts_unseen ON order_alerts (at) WHERE seen_at IS NULL;
CREATE INDEX order_fills_order ON order_fills (coid) WHERE coid IS NOT NULL;
CREATE INDEX order_mandates_signed ON order_mandates (signed_at);
CREATE INDEX order_mandates_standing ON order_mandates (json_extract(mandate, '$.not_after'))
  WHERE revoked_at IS NULL;

-- How far a table was looked through for rows that nothing needs any more; JSON of the last key.
CREATE TABLE order_sweeps (
  swept TEXT PRIMARY KEY,
  after TEXT NOT NULL
) STRICT, WITHOUT ROWID;
`;
