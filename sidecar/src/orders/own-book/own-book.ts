import type { DatabaseSync } from "node:sqlite";
import {
  concat,
  fromHex,
  sameBytes,
  toBase64Url,
  utf8,
} from "@ibkr-edge-gateway/evidence/bytes.ts";
import {
  type StatementBody,
  statementHash,
  statementMessage,
} from "@ibkr-edge-gateway/evidence/order/statement.ts";
import { sha256 } from "@noble/hashes/sha2.js";
import * as z from "zod";
import type { SigningKey } from "../../trust/pc-keys/statement-and-witness-keys.ts";
import { nextStatementSeq } from "../../trust/tables/statement-sequence.ts";
import type { SeenHead } from "../../trust/witness/log-standing.ts";
import {
  insertOwnStatement,
  newestOwnStatement,
  ownStatementsAfter,
} from "../journal/tables/own-statements.ts";

/**
 * The PC's own book: whatever leaves for the broker is stated here before its first byte, signed with
 * the PC's statement key and chained to all that was stated before. It needs nobody's word but this
 * PC's, so that what the gateway says was sent can be held against it.
 */
export interface OwnBook {
  /** The statement key, base64url. */
  readonly key: string;
  /** States a request that is about to leave. Throws when it cannot be written down. */
  leaving(request: LeavingRequest): void;
  /** States what was read back of an order. */
  readBack(result: ReadBack): void;
}

export interface LeavingRequest {
  readonly method: string;
  readonly path: string;
  /** The exact text of the body; null without one. */
  readonly body: string | null;
  readonly about: {
    readonly coid: string;
    readonly accountId: string;
    /** Set when the request is an order itself, or a change of one, as it was approved. */
    readonly intentHash: string | null;
  } | null;
}

export interface ReadBack {
  readonly coid: string;
  readonly accountId: string;
  readonly orderId: string | null;
  readonly status: string;
  readonly executions: readonly {
    readonly exec_id: string;
    readonly quantity: string;
    readonly price: string;
    readonly at: string;
  }[];
  /** RFC 3339. */
  readonly readAt: string;
}

const CHAIN_DOMAIN = utf8("ibkr-pc-chain/v1\n");
const CHAIN_START = new Uint8Array(32);

export interface OwnBookParts {
  /** Unix milliseconds. */
  readonly now: () => number;
  /** The largest head of the gateway's log that this PC has cosigned. May throw: then none is stated. */
  readonly seenHead: () => SeenHead | null;
}

export function createOwnBook(
  db: DatabaseSync,
  key: SigningKey,
  { now, seenHead }: OwnBookParts,
): OwnBook {
  const state = (
    kind: string,
    about: { coid: string; accountId: string } | null,
    bodyOf: (pcSeq: number) => StatementBody,
  ): void => {
    db.exec("BEGIN IMMEDIATE");
    try {
      const pcSeq = nextStatementSeq(db);
      const body = bodyOf(pcSeq);
      const signature = toBase64Url(key.sign(statementMessage(body)));
      insertOwnStatement(db, {
        pcSeq,
        kind,
        coid: about?.coid ?? null,
        accountId: about?.accountId ?? null,
        statement: JSON.stringify({ body, signature }),
        chain: linked(newestOwnStatement(db)?.chain ?? CHAIN_START, body),
        madeAtMs: now(),
      });
      db.exec("COMMIT");
    } catch (thrown) {
      if (db.isTransaction) db.exec("ROLLBACK");
      throw thrown;
    }
  };
  return {
    key: toBase64Url(key.publicKey),
    leaving({ method, path, body, about }) {
      const sentAt = new Date(now()).toISOString();
      if (about === null || about.intentHash === null || body === null) {
        const coid = about?.coid ?? null;
        state("request", about, (pc_seq) => ({
          ...{ v: 1, kind: "request", method, path, body, coid, sent_at: sentAt, pc_seq },
        }));
        return;
      }
      const { coid, intentHash } = about;
      const seen = seenOrNone(seenHead);
      state("sent", about, (pc_seq) => ({
        ...{ v: 1, kind: "sent", coid, intent_hash: intentHash, body, confirmed: [] },
        ...{ sent_at: sentAt, seen, pc_seq },
      }));
    },
    readBack({ coid, accountId, orderId, status, executions, readAt }) {
      state("result", { coid, accountId }, (pc_seq) => ({
        ...{ v: 1, kind: "result", coid, order_id: orderId, status },
        ...{ executions: executions.map((one) => ({ ...one })), read_at: readAt, pc_seq },
      }));
    },
  };
}

/**
 * What the PC has seen of the log as an order leaves. The order does not wait for a head that covers its
 * own entry, and is not held up by a witness that cannot be read.
 */
function seenOrNone(seenHead: OwnBookParts["seenHead"]): { size: number; root: string } | null {
  try {
    const seen = seenHead();
    return seen === null ? null : { size: seen.size, root: seen.root };
  } catch {
    return null;
  }
}

/** The hash over a statement and all before it. */
function linked(before: Uint8Array, body: StatementBody): Uint8Array {
  return sha256(concat(CHAIN_DOMAIN, before, fromHex(statementHash(body)) ?? CHAIN_START));
}

const Stored = z.object({
  body: z.looseObject({ v: z.literal(1), kind: z.string(), pc_seq: z.int() }),
});

/** How far the chain was followed. */
export interface ChainMark {
  readonly pcSeq: number;
  readonly chain: Uint8Array;
}
export const CHAIN_BEGIN: ChainMark = { pcSeq: 0, chain: CHAIN_START };

/**
 * Follows the chain from where it was followed to: how far it holds now, and the number of the first
 * statement that does not belong where it stands, null when none is out of place.
 */
export function followChain(
  db: DatabaseSync,
  from: ChainMark,
): { mark: ChainMark; brokenAt: number | null } {
  let mark = from;
  for (;;) {
    const rows = ownStatementsAfter(db, mark.pcSeq, BATCH);
    for (const row of rows) {
      const read = Stored.safeParse(JSON.parse(row.statement));
      if (!read.success || read.data.body.pc_seq !== row.pcSeq) {
        return { mark, brokenAt: row.pcSeq };
      }
      // The schema keeps members that it does not name: JSON, as it was written.
      const body: StatementBody = JSON.parse(row.statement).body;
      const chain = linked(mark.chain, body);
      if (!sameBytes(chain, row.chain)) return { mark, brokenAt: row.pcSeq };
      mark = { pcSeq: row.pcSeq, chain };
    }
    if (rows.length < BATCH) return { mark, brokenAt: null };
  }
}

const BATCH = 500;
