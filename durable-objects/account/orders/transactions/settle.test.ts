import type { OrderOutcome } from "@ibkr-edge-gateway/protocol/operation-schemas/order-parts.ts";
import type { OrderEvidence } from "@ibkr-edge-gateway/protocol/orders/order-state.ts";
import { expect, it } from "vitest";
import { orderBook } from "../../../../test/support/order-book.ts";
import { findIntent, insertIntent } from "../tables/intents/rows.ts";
import { applyEvidence, type OutcomeUpdate } from "./settle.ts";

const COID = "ieg1-0123456789abcdef0123456789ab";

it("what is known already is not written again, and what is new is written once", () => {
  const book = orderBook();
  const { storage, log } = book;
  insertIntent(storage.sql, {
    ...{ coid: COID, intent_hash: null, approval_id: null, preview_id: null },
    ...{ client_id: "client-1", broker_account: "DU1234567", mode: "paper", action: "place" },
    ...{ conid: 265598, side: "BUY", asset_class: "STK", quantity: "1", time_in_force: "DAY" },
    ...{ economic_hash: "e", effect: "entry", job_id: "job-1", orders: 1, notional: "187.25" },
    ...{ day: "2026-11-20", created_at: book.now },
  });
  const picture: OutcomeUpdate = (state) => outcome(state, new Date(book.now).toISOString());
  const told = (says: OrderEvidence["says"], source: OrderEvidence["source"]) => {
    const before = book.rowsWritten();
    book.now += 1_000;
    const evidence = { source, says, filled: null, remaining: null, at: "" };
    applyEvidence(storage, COID, evidence, book.now, log, picture);
    return book.rowsWritten() - before;
  };
  expect(told("accepted", "submit_answer")).toBe(1);
  const look = findIntent(storage.sql, COID)?.look_at;
  expect(look).toBeGreaterThan(book.now);
  expect(told("accepted", "submit_answer")).toBe(0);
  expect(findIntent(storage.sql, COID)?.look_at).toBe(look);
  expect(told("working", "order_stream")).toBe(1);
  expect(told("working", "live_orders")).toBe(0);
  expect(findIntent(storage.sql, COID)).toMatchObject({ state: "working", seen: 1, look_at: null });
});

it("a doubt that began unheard over a question is caught up with, and settled", () => {
  const book = orderBook();
  const { storage, log } = book;
  insertIntent(storage.sql, {
    ...{ coid: COID, intent_hash: null, approval_id: null, preview_id: null },
    ...{ client_id: "client-1", broker_account: "DU1234567", mode: "paper", action: "place" },
    ...{ conid: 265598, side: "BUY", asset_class: "STK", quantity: "1", time_in_force: "DAY" },
    ...{ economic_hash: "e", effect: "entry", job_id: "job-1", orders: 1, notional: "187.25" },
    ...{ day: "2026-11-20", created_at: book.now },
  });
  const told = (source: OrderEvidence["source"], says: OrderEvidence["says"]) => {
    book.now += 1_000;
    const evidence = { source, says, filled: null, remaining: null, at: "" };
    applyEvidence(storage, COID, evidence, book.now, log);
    return findIntent(storage.sql, COID);
  };
  expect(told("submit_answer", "question")?.state).toBe("awaiting_confirmation");
  expect(told("gateway", "lookup_started")?.state).toBe("reconciling");
  expect(told("quiet_period", "absent")).toMatchObject({ state: "rejected", ledger: "released" });
});

const outcome = (state: OrderOutcome["state"], at: string): OrderOutcome => ({
  action: "place",
  account_id: "DU1234567",
  coid: COID,
  intent_hash: null,
  state,
  proved_by: "order_stream",
  refusals: [],
  broker_text: null,
  orders: [],
  question: null,
  answered: [],
  alerts: [],
  at,
});
