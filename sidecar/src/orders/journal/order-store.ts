import { chmodSync } from "node:fs";
import { DatabaseSync } from "node:sqlite";
import { messageOf } from "@ibkr-edge-gateway/protocol/orders/broker-question.ts";
import { BrokerMessage } from "@ibkr-edge-gateway/protocol/orders/ticket.ts";
import { createTrustTables } from "../../trust/schema.ts";
import { deleteEnvelopes } from "../../trust/tables/approver-envelopes.ts";
import { deleteReceipts } from "../../trust/tables/approver-receipts.ts";
import { pruneNonces } from "../../trust/tables/nonces.ts";
import { pruneCounters } from "../../trust/verify/counters.ts";
import { pruneNumbers } from "../../trust/verify/shown-numbers.ts";
import { ORDER_LIMITS } from "../limits.ts";
import { createIntents, type Intents } from "./intents.ts";
import { createPreviews, type Previews, prunePreviews } from "./previews.ts";
import { widenIntentsTable } from "./tables/intents.ts";
import { deleteIdsWithoutIntent } from "./tables/joint/ids-without-intent.ts";
import { OWN_STATEMENTS_SCHEMA } from "./tables/own-statements.ts";
import { widenPreviewsTable } from "./tables/previews.ts";
import { PROVED_POSITIONS_SCHEMA } from "./tables/proved-positions.ts";
import { routineQuestionsOf, storeRoutineQuestion } from "./tables/routine-questions.ts";
import { ORDERS_SCHEMA } from "./tables/schema.ts";

/** What this sidecar prepared, was about to send, sent, and what became of it. */
export interface OrderStore extends Previews, Intents {
  /** For the trust functions, which keep their tables beside these. */
  readonly db: DatabaseSync;
  noteQuestion(kind: string, message: BrokerMessage, nowMs: number): void;
  /** Questions the broker is known to ask of every order of this kind. */
  routineQuestions(kind: string): BrokerMessage[];
  /** Drops a part of what is too old; true when nothing of that age is left. */
  prune(nowMs: number): boolean;
  close(): void;
}

const IDS_AT_ONCE = 1_000;

/** Opens the store. The command line may look into it beside the running sidecar. */
export function openOrderStore(path: string): OrderStore {
  const db = openDatabase(path);
  const intents = createIntents(db);
  let idsWhole = false;
  return {
    db,
    ...createPreviews(db),
    ...intents,
    noteQuestion(kind, message, nowMs) {
      const { message_id: messageId } = message;
      if (messageId === null) return;
      const row = { kind, messageId, message: JSON.stringify(message), seenAtMs: nowMs };
      storeRoutineQuestion(db, row);
    },
    // Made anew from the text: an older version of this program kept a looser fingerprint.
    routineQuestions: (kind) =>
      routineQuestionsOf(db, kind).map((json) => {
        const { message_id, text } = BrokerMessage.parse(JSON.parse(json));
        return messageOf(message_id, text);
      }),
    prune(nowMs) {
      const previewsBeforeMs = nowMs - 2 * ORDER_LIMITS.previewKeptMs;
      prunePreviews(db, previewsBeforeMs);
      pruneNumbers(db, previewsBeforeMs);
      deleteEnvelopes(db, nowMs - ORDER_LIMITS.intentKeptMs, nowMs);
      deleteReceipts(db, nowMs - ORDER_LIMITS.intentKeptMs);
      const whole = intents.prune(nowMs - ORDER_LIMITS.intentKeptMs);
      idsWhole ||= deleteIdsWithoutIntent(db, IDS_AT_ONCE);
      pruneNonces(db, nowMs, ORDER_LIMITS.nonceKeptMs);
      pruneCounters(db, nowMs - ORDER_LIMITS.nonceKeptMs);
      return whole && idsWhole;
    },
    close: () => db.close(),
  };
}

function openDatabase(path: string): DatabaseSync {
  const db = new DatabaseSync(path);
  db.exec("PRAGMA busy_timeout = 5000");
  if (path !== ":memory:") {
    chmodSync(path, 0o600);
    db.exec("PRAGMA journal_mode = WAL");
  }
  db.exec("PRAGMA synchronous = FULL");
  createTrustTables(db);
  db.exec(ORDERS_SCHEMA);
  db.exec(OWN_STATEMENTS_SCHEMA);
  db.exec(PROVED_POSITIONS_SCHEMA);
  widenPreviewsTable(db);
  widenIntentsTable(db);
  return db;
}
