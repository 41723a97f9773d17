import { checkStatement } from "@ibkr-edge-gateway/evidence/order/statement.ts";
import { describe, expect, it } from "vitest";
import { memorySigningKey } from "../../trust/pc-keys/statement-and-witness-keys.ts";
import type { SeenHead } from "../../trust/witness/log-standing.ts";
import { openOrderStore } from "../journal/order-store.ts";
import {
  latestOwnStatements,
  newestOwnStatement,
  ownStatementOf,
  ownStatementsAfter,
} from "../journal/tables/own-statements.ts";
import { CHAIN_BEGIN, createOwnBook, followChain } from "./own-book.ts";

// fixed dates: the book of these tests has a clock of its own.
const NOW = Date.parse("2026-11-20T15:00:00.000Z");
const HASH = "a".repeat(64);
const coid = (n: number) => `ieg1-${String(n).padStart(32, "0")}`;

function aBook(seenHead: () => SeenHead | null = () => null) {
  const { db } = openOrderStore(":memory:");
  const key = memorySigningKey();
  const book = createOwnBook(db, key, { now: () => NOW, seenHead });
  const send = (n: number) =>
    book.leaving({
      method: "POST",
      path: "/iserver/account/DU1/orders",
      body: `{"orders":[{"cOID":"${coid(n)}"}]}`,
      about: { coid: coid(n), accountId: "DU1", intentHash: HASH },
    });
  return { db, key, book, send };
}

describe("the PC's own book", () => {
  it("states what leaves as it left, signed, and verifiable by the evidence package alone", async () => {
    const { db, key, send } = aBook();
    send(1);
    const row = ownStatementOf(db, coid(1), "sent");
    const statement = JSON.parse(row?.statement ?? "null");
    await expect(checkStatement(statement, key.publicKey)).resolves.toBeUndefined();
    expect(statement.body).toEqual({
      v: 1,
      kind: "sent",
      coid: coid(1),
      intent_hash: HASH,
      body: `{"orders":[{"cOID":"${coid(1)}"}]}`,
      confirmed: [],
      sent_at: "2026-11-20T15:00:00.000Z",
      seen: null,
      pc_seq: row?.pcSeq,
    });
  });

  it("states how much of the log it had seen, and sends where that cannot be read", () => {
    const seen = { size: 51, root: "b".repeat(64) };
    const statedBy = (seenHead: () => SeenHead | null) => {
      const { db, send } = aBook(seenHead);
      send(1);
      return JSON.parse(ownStatementOf(db, coid(1), "sent")?.statement ?? "null").body.seen;
    };
    expect(statedBy(() => seen)).toEqual(seen);
    const unreadable = () => {
      throw new Error("database is locked");
    };
    expect(statedBy(unreadable)).toBeNull();
  });

  it("states replies and cancels too, and numbers all of it in one sequence", () => {
    const { db, book, send } = aBook();
    send(1);
    const about = { coid: coid(1), accountId: "DU1", intentHash: null };
    book.leaving({ method: "POST", path: "/iserver/reply/9", body: '{"confirmed":true}', about });
    book.leaving({ method: "DELETE", path: "/iserver/account/DU1/order/7", body: null, about });
    const rows = ownStatementsAfter(db, 0, 10);
    expect(rows.map(({ pcSeq, kind }) => [pcSeq, kind])).toEqual([
      [1, "sent"],
      [2, "request"],
      [3, "request"],
    ]);
    expect(latestOwnStatements(db, "DU1", 10).map(({ kind }) => kind)).toEqual(["sent"]);
  });

  it("is a chain: whatever is changed, dropped or moved shows at its number", () => {
    const whole = aBook();
    for (let n = 1; n <= 5; n++) whole.send(n);
    expect(followChain(whole.db, CHAIN_BEGIN)).toMatchObject({
      brokenAt: null,
      mark: { pcSeq: 5 },
    });
    const edits: [string, number][] = [
      [
        "UPDATE own_statements SET statement = replace(statement, 'aaaa', 'bbbb') WHERE pc_seq = 3",
        3,
      ],
      ["DELETE FROM own_statements WHERE pc_seq = 2", 3],
      ["UPDATE own_statements SET pc_seq = 9 WHERE pc_seq = 4", 5],
      ["UPDATE own_statements SET chain = zeroblob(32) WHERE pc_seq = 1", 1],
    ];
    for (const [edit, at] of edits) {
      const { db, send } = aBook();
      for (let n = 1; n <= 5; n++) send(n);
      db.exec(edit);
      expect([edit, followChain(db, CHAIN_BEGIN).brokenAt]).toEqual([edit, at]);
    }
  });

  it("goes on from where its chain was followed to", () => {
    const { db, send } = aBook();
    send(1);
    const { mark } = followChain(db, CHAIN_BEGIN);
    send(2);
    expect(followChain(db, mark)).toMatchObject({ brokenAt: null, mark: { pcSeq: 2 } });
    expect(newestOwnStatement(db)?.chain).toEqual(followChain(db, mark).mark.chain);
  });
});
