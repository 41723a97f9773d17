import type { DatabaseSync } from "node:sqlite";
import { toHex } from "@ibkr-edge-gateway/evidence/bytes.ts";
import type {
  OwnBookReport,
  PcStatement,
  StatedOrder,
} from "@ibkr-edge-gateway/protocol/operation-schemas/own-book.ts";
import { isTerminal } from "@ibkr-edge-gateway/protocol/orders/order-state.ts";
import * as z from "zod";
import { isoTime } from "../../client-portal/clock.ts";
import type { BrokerLogger } from "../../client-portal/logger.ts";
import { approverStatements } from "../../trust/tables/approvers.ts";
import type { OrderStore } from "../journal/order-store.ts";
import {
  bookBeganAt,
  goneOrders,
  latestOwnStatements,
  newestOwnStatement,
  noteMatched,
  ownStatementOf,
  sentSince,
} from "../journal/tables/own-statements.ts";
import type { BookRead } from "../tracking/order-book-read.ts";
import type { Progress } from "../tracking/progress.ts";
import { type BookMatch, EXECUTIONS_SHOWN_MS, endOf, matchBook, resultMark } from "./match-book.ts";
import { CHAIN_BEGIN, followChain, type OwnBook } from "./own-book.ts";

export interface BookKeeperParts {
  readonly store: Pick<OrderStore, "db" | "byRef">;
  readonly book: OwnBook;
  readonly progress: Pick<Progress, "alert">;
  readonly logger: Pick<BrokerLogger, "error">;
  /** Something new was stated of an order whose end had been told before. */
  readonly tellStated: (coid: string) => void;
  readonly now: () => number;
}

/** Holds every reading of the broker's book against this PC's own, and tells what is left over. */
export interface BookKeeper {
  /** Never throws: a book that cannot be kept must not stop the tracking of orders. */
  hold(accountId: string, read: BookRead): void;
  /** The last match of an account, with what was stated: for the gateway. Null before the first. */
  report(accountId: string): OwnBookReport | null;
  /** What this PC has stated of an order, its end included as soon as it is known; null for nothing. */
  stated(coid: string): StatedOrder | null;
  /** When an account's book was last held against this one, Unix milliseconds. */
  heldAt(): number | null;
}

const STATEMENTS_TOLD_MAX = 100;
const TOLD_MAX = 200;
const APPROVERS_TOLD_MAX = 50;

export function createBookKeeper(parts: BookKeeperParts): BookKeeper {
  const { store, progress, logger, now } = parts;
  const { db } = store;
  const told = new Set<string>();
  const matches = new Map<string, BookMatch>();
  const trades = new Map<string, BookRead["trades"]>();
  let heldAt: number | null = null;
  let brokenAt: number | null = null;
  let mark = CHAIN_BEGIN;

  const tellOnce = (key: string, accountId: string, message: string): void => {
    if (told.has(key)) return;
    told.add(key);
    progress.alert({ alert: "unexplained_order", message, record: null, accountId });
  };

  return {
    hold(accountId, read) {
      try {
        const match = matched(parts, accountId, read);
        matches.set(accountId, match);
        trades.set(accountId, read.trades);
        for (const { pcSeq, matched: how } of match.marks) noteMatched(db, pcSeq, how);
        for (const result of match.results) {
          parts.book.readBack(result);
          // Of an order that goes on, its next state tells it.
          const intent = store.byRef(result.coid);
          if (intent !== null && isTerminal(intent.state)) parts.tellStated(result.coid);
        }
        const followed = followChain(db, mark);
        mark = followed.mark;
        brokenAt = followed.brokenAt;
        if (brokenAt !== null) tellOnce(`chain:${brokenAt}`, accountId, chainWords(brokenAt));
        // What bears our reference and is unknown here may be another PC's: the gateway knows.
        for (const one of match.unmatched) {
          if (one.why === "unknown_here") continue;
          tellOnce(`${one.what}:${one.id}`, accountId, WORDS[one.why](one.id));
        }
        heldAt = now();
      } catch (thrown) {
        logger.error({ err: thrown }, "this PC's own book could not be held against the broker's");
      }
    },
    report(accountId) {
      const match = matches.get(accountId);
      if (match === undefined) return null;
      return reportOf(parts, accountId, match, brokenAt);
    },
    stated(coid) {
      try {
        const intent = store.byRef(coid);
        const end = intent === null ? null : endOf(intent, trades.get(intent.account_id) ?? []);
        if (end !== null && resultMark(end) !== lastResult(db, coid)) {
          parts.book.readBack({ ...end, readAt: isoTime(now()) });
        }
        return statedOf(db, parts.book.key, coid);
      } catch (thrown) {
        logger.error({ err: thrown }, "what became of an order could not be stated");
        return null;
      }
    },
    heldAt: () => heldAt,
  };
}

/** What the gateway is told of this PC's own book of one account. */
function reportOf(
  { store: { db }, book, now }: BookKeeperParts,
  accountId: string,
  match: BookMatch,
  brokenAt: number | null,
): ReturnType<BookKeeper["report"]> {
  const newest = newestOwnStatement(db);
  const began = bookBeganAt(db);
  return {
    pc_key: book.key,
    since: began === null ? null : new Date(began).toISOString(),
    last_seq: newest?.pcSeq ?? 0,
    chain: newest === null ? null : toHex(newest.chain),
    broken_at: brokenAt,
    statements: latestOwnStatements(db, accountId, STATEMENTS_TOLD_MAX).map(({ statement }) =>
      JSON.parse(statement),
    ),
    sent: sentSince(db, accountId, now() - EXECUTIONS_SHOWN_MS)
      .flatMap(({ coid }) => coid ?? [])
      .slice(-1_000),
    unmatched: match.unmatched
      .slice(0, TOLD_MAX)
      .map(({ what, id, orderRef, why }) => ({ what, id, order_ref: orderRef, why })),
    gone: goneOrders(db, accountId, TOLD_MAX),
    executions: match.executions.slice(0, 1_000),
    approvers: approverStatements(db, APPROVERS_TOLD_MAX).map((text) => JSON.parse(text)),
  };
}

function statedOf(db: DatabaseSync, key: string, coid: string): StatedOrder | null {
  const statements = ["sent", "result"].flatMap((kind): PcStatement[] => {
    const row = ownStatementOf(db, coid, kind);
    return row === null ? [] : [JSON.parse(row.statement)];
  });
  return statements.length === 0 ? null : { pc_key: key, statements };
}

function matched({ store, now }: BookKeeperParts, accountId: string, read: BookRead): BookMatch {
  const { db } = store;
  return matchBook({
    accountId,
    book: read,
    nowMs: now(),
    beganAtMs: bookBeganAt(db),
    sent: sentSince(db, accountId, now() - EXECUTIONS_SHOWN_MS),
    intent: (ref) => store.byRef(ref),
    isStated: (coid) => ownStatementOf(db, coid, "sent") !== null,
    lastResult: (coid) => lastResult(db, coid),
  });
}

const Result = z.looseObject({
  body: z.looseObject({
    order_id: z.string().nullable(),
    status: z.string(),
    executions: z.array(
      z.object({ exec_id: z.string(), quantity: z.string(), price: z.string(), at: z.string() }),
    ),
  }),
});

function lastResult(db: DatabaseSync, coid: string): string | null {
  const row = ownStatementOf(db, coid, "result");
  const read = row === null ? null : Result.safeParse(JSON.parse(row.statement));
  if (!read?.success) return null;
  const { order_id, status, executions } = read.data.body;
  return resultMark({ orderId: order_id, status, executions });
}

const WORDS = {
  not_stated: (id: string) =>
    `The broker's book shows ${id} with a reference of this PC, and this PC has no record of sending it. Engage the kill switch and look at the account.`,
  not_at_broker: (id: string) =>
    `This PC sent the order ${id}, and the broker's book does not show it. Look at the account in TWS.`,
} as const;

const chainWords = (seq: number): string =>
  `This PC's own book of what it sent was changed at its number ${seq}: what stands from there on proves nothing. Restore the journal of orders from a copy.`;
