import { TERMINAL_STATES } from "@ibkr-edge-gateway/protocol/orders/order-state.ts";

const TERMINAL = TERMINAL_STATES.map((state) => `'${state}'`).join(",");

/**
 * The order side's own tables, in one file with the trust tables, so that a nonce, an intent and the
 * note that it was sent are on one disk with one clock of commits.
 */
export const ORDERS_SCHEMA = `
CREATE TABLE IF NOT EXISTS previews (
  preview_id TEXT PRIMARY KEY,
  ticket TEXT NOT NULL,
  generation INTEGER NOT NULL,
  echo INTEGER,
  made_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
-- What had gone out when a preview was made, so that a refusal can say what changed.
CREATE TABLE IF NOT EXISTS preview_usage (
  preview_id TEXT PRIMARY KEY,
  usage TEXT NOT NULL
) STRICT, WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS intents (
  coid TEXT PRIMARY KEY,
  job_id TEXT NOT NULL UNIQUE,
  intent_hash TEXT NOT NULL UNIQUE,
  state TEXT NOT NULL,
  sent INTEGER NOT NULL,
  created_at INTEGER NOT NULL,
  record TEXT NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS intents_sent ON intents (sent, created_at);
CREATE INDEX IF NOT EXISTS intents_open ON intents (coid) WHERE state NOT IN (${TERMINAL});
CREATE TABLE IF NOT EXISTS order_ids (
  order_id TEXT PRIMARY KEY,
  coid TEXT NOT NULL
) STRICT, WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS routine_questions (
  kind TEXT NOT NULL,
  message_id TEXT NOT NULL,
  message TEXT NOT NULL,
  seen_at INTEGER NOT NULL,
  PRIMARY KEY (kind, message_id)
) STRICT, WITHOUT ROWID;
`;
