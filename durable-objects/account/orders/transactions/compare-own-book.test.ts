import type { OwnBookReport } from "@ibkr-edge-gateway/protocol/operation-schemas/own-book.ts";
import { describe, expect, it } from "vitest";
import { bookRow } from "../../../../test/support/scripted-pc.ts";
import { type TradingRig, tradingRig } from "../../../../test/support/trading-rig.ts";
import { listAlerts } from "../tables/alerts.ts";
import { findEvidence } from "../tables/evidence.ts";
import { pcStatements } from "../tables/pc-statements.ts";
import { keepPcStatements } from "./keep-pc-statements.ts";

const refOf = (answer: { order: { order_ref: string } | null }) => answer.order?.order_ref ?? "";
const alerts = (rig: TradingRig) => listAlerts(rig.parts.storage.sql, 50);
const leaves = (rig: TradingRig) => rig.leaves.filter(({ type }) => type.startsWith("book."));
const STRANGER = "ieg1-000000000000000000000000000000ff";

const statement = (kind: "sent" | "result", coid: string, pc_seq = 1) => ({
  body: { v: 1, kind, coid, pc_seq } as const,
  signature: "A".repeat(86),
});
const book = (over: Partial<OwnBookReport> = {}): OwnBookReport => ({
  pc_key: "A".repeat(43),
  since: "2000-01-01T00:00:00.000Z",
  last_seq: 2,
  chain: "0".repeat(64),
  broken_at: null,
  statements: [],
  sent: [],
  unmatched: [],
  gone: [],
  executions: [],
  ...over,
});

/** One order that works, and the PC is back with its own book. */
async function held(bookOf: (ref: string) => OwnBookReport) {
  const rig = tradingRig();
  const ref = refOf(await rig.trade());
  rig.pc.book = [bookRow(ref)];
  rig.pc.ownBook = bookOf(ref);
  await again(rig);
  return { rig, ref };
}
async function again(rig: TradingRig): Promise<void> {
  rig.desk.connected();
  rig.clock.now += 1_000;
  await rig.desk.alarm();
}

describe("the PC's own book against the log and the broker's", () => {
  it("keeps what the PC stated of our orders, and of no others", async () => {
    const { rig, ref } = await held((coid) =>
      book({
        statements: [
          statement("sent", coid),
          statement("result", coid, 2),
          statement("sent", STRANGER),
        ],
        sent: [coid],
        executions: [{ execution_id: "0001.01", order_ref: coid }],
      }),
    );
    expect(alerts(rig)).toEqual([]);
    expect(leaves(rig)).toEqual([]);
    const kept = pcStatements(rig.parts.storage.sql, ref);
    expect(JSON.parse(kept?.sent ?? "null")).toEqual(statement("sent", ref));
    expect(JSON.parse(kept?.result ?? "null")).toEqual(statement("result", ref, 2));
    expect(pcStatements(rig.parts.storage.sql, STRANGER)).toBeNull();
  });

  it("keeps nothing that is told again of an order that has ended, once its evidence is erased", async () => {
    const { rig, ref } = await held(() => book());
    const { sql } = rig.parts.storage;
    const told = { pc_key: "A".repeat(43), statements: [statement("sent", ref)] };
    sql.exec("UPDATE order_intents SET state = 'cancelled' WHERE coid = ?", ref);
    keepPcStatements(rig.parts, told, "sidecar");
    expect([findEvidence(sql, ref), pcStatements(sql, ref)]).toEqual([null, null]);
    sql.exec("UPDATE order_intents SET state = 'working' WHERE coid = ?", ref);
    keepPcStatements(rig.parts, told, "sidecar");
    expect(pcStatements(sql, ref)?.sent).toBe(JSON.stringify(statement("sent", ref)));
  });

  it.each([
    ["not_stated", (coid: string) => ({ what: "order" as const, id: "501", order_ref: coid })],
    ["not_at_broker", (coid: string) => ({ what: "sent" as const, id: coid, order_ref: coid })],
    ["unknown_here", () => ({ what: "order" as const, id: "909", order_ref: STRANGER })],
  ] as const)("tells what the PC found left over (%s), once, with a leaf", async (why, left) => {
    const { rig } = await held((coid) =>
      book({ sent: [coid], unmatched: [{ ...left(coid), why }] }),
    );
    expect(alerts(rig)).toMatchObject([{ kind: "unexplained_order" }]);
    expect(leaves(rig)).toMatchObject([{ type: "book.unmatched", meta: { why } }]);
    await again(rig);
    expect([alerts(rig).length, leaves(rig).length]).toEqual([1, 1]);
  });

  it("tells an execution that nothing in the log explains", async () => {
    const { rig } = await held((coid) =>
      book({ sent: [coid], executions: [{ execution_id: "0009.01", order_ref: STRANGER }] }),
    );
    expect(leaves(rig)).toMatchObject([
      { type: "book.unmatched", meta: { what: "execution", id: "0009.01", why: "not_let_out" } },
    ]);
  });

  it("tells an order that stands and of which the PC's book has no entry, since the book began", async () => {
    const { rig, ref } = await held(() => book());
    rig.parts.storage.sql.exec("UPDATE order_intents SET state = 'working' WHERE coid = ?", ref);
    await again(rig);
    expect(leaves(rig)).toMatchObject([{ meta: { id: ref, why: "no_pc_entry" } }]);
    const later = await held(() => book({ since: "2999-01-01T00:00:00.000Z" }));
    later.rig.parts.storage.sql.exec("UPDATE order_intents SET state = 'working'");
    await again(later.rig);
    expect(leaves(later.rig)).toEqual([]);
  });

  it("leaves what another PC sent to that one", async () => {
    const { rig, ref } = await held((coid) =>
      book({
        sent: [coid],
        unmatched: [{ what: "order", id: "501", order_ref: coid, why: "unknown_here" }],
      }),
    );
    expect(leaves(rig)).toHaveLength(1);
    const other = tradingRig();
    const otherRef = refOf(await other.trade());
    other.parts.storage.sql.exec("UPDATE order_previews SET sidecar_id = 'another-pc'");
    other.pc.book = [bookRow(otherRef)];
    other.pc.ownBook = book({
      unmatched: [{ what: "order", id: "501", order_ref: otherRef, why: "unknown_here" }],
    });
    await again(other);
    expect([leaves(other), ref.length > 0]).toEqual([[], true]);
  });

  it("notes once what the broker shows no more, and a book that was changed", async () => {
    const { rig, ref } = await held((coid) =>
      book({ sent: [coid], statements: [statement("sent", coid)], gone: [coid], broken_at: 3 }),
    );
    await again(rig);
    expect(leaves(rig).map(({ type, meta }) => [type, meta.coid ?? meta.what])).toEqual([
      ["book.unmatched", "book"],
      ["book.not_reconcilable", ref],
    ]);
  });

  it("a PC of an older version has none, and nothing is concluded from that", async () => {
    const rig = tradingRig();
    rig.pc.book = [bookRow(refOf(await rig.trade()))];
    await again(rig);
    expect([alerts(rig), leaves(rig)]).toEqual([[], []]);
  });
});
