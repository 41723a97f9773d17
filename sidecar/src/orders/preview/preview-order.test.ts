import type { PreviewRequest } from "@ibkr-edge-gateway/protocol/operation-schemas/order-preview.ts";
import { messageOf } from "@ibkr-edge-gateway/protocol/orders/broker-question.ts";
import { OrderInput } from "@ibkr-edge-gateway/protocol/orders/order-input.ts";
import { beforeEach, describe, expect, it } from "vitest";
import { anIntentRecord } from "../../../../test/support/intent-record.ts";
import { aTicket } from "../../../../test/support/orders.ts";
import {
  ACCOUNT,
  bookRow,
  notAnswered,
  type PcOrders,
  pcOrders,
} from "../../../../test/support/pc-orders.ts";
import { ORDER_LIMITS } from "../limits.ts";
import { previewOrder } from "./preview-order.ts";

let pc: PcOrders;
beforeEach(() => {
  pc = pcOrders();
});
const order = (over: object = {}): PreviewRequest => ({
  kind: "order",
  order: OrderInput.parse({
    account_id: ACCOUNT,
    conid: 265598,
    side: "BUY",
    order_type: "LMT",
    quantity: "1",
    limit_price: "187.25",
    ...over,
  }),
});
const preview = (request = order(), account_id = ACCOUNT) => {
  const parts = {
    ...pc.submit,
    source: pc.side.source,
    clockSkewMs: () => 0,
    newPreviewId: () => "pv_1",
  };
  return pc.finish(previewOrder(parts, pc.context(), { account_id, request }));
};
async function ticketOf(request = order()) {
  const answer = await preview(request);
  if (answer.outcome !== "ticket") throw new Error("refused");
  return answer;
}

describe("a preview", () => {
  it("says what the order is and would cost, and keeps the ticket for the submit", async () => {
    const answer = await ticketOf();
    expect(answer).toMatchObject({
      preview_id: "pv_1",
      generation: 1,
      ticket: {
        notional: "187.25",
        base_currency: "USD",
        what_if: { commission: "1" },
        waits: null,
      },
      facts: { effect: { kind: "entry" }, account: { daily_pnl: "-12.5" }, positions: [] },
      local_refusals: [],
      least_tier: 1,
      notes: [],
    });
    const now = pc.clock.now();
    expect(pc.store.preview("pv_1", now)).toMatchObject({ ticket: answer.ticket, generation: 1 });
    expect(pc.store.preview("pv_1", now + ORDER_LIMITS.previewKeptMs + 1)).toBeNull();
    expect(pc.broker.sent).toEqual([]);
  });

  it("has null and a note for what could not be read, never a zero", async () => {
    for (const name of ["contract.schedule", "portfolio2.positions", "iserver.orders"]) {
      pc.broker.answers[name] = notAnswered();
    }
    pc.broker.answers["portfolio.positions"] = notAnswered();
    pc.broker.answers["order.what-if"] = notAnswered();
    const { ticket, facts, notes } = await ticketOf();
    expect(facts).toMatchObject({ positions: null, working: null, effect: null });
    expect(ticket.what_if).toBeNull();
    expect(notes).toHaveLength(3);
  });

  it("says beforehand what this PC's own rules would refuse", async () => {
    pc.local.engaged = true;
    pc.local.offer = [];
    const { local_refusals } = await ticketOf();
    expect(local_refusals.map(({ rule }) => rule)).toEqual(["offered_by_pc", "not_engaged"]);
  });

  it("shows the questions that the broker asks of every order of the kind", async () => {
    const message = { message_id: "o163", text: "Sure?", fingerprint: "f".repeat(64) };
    pc.store.noteQuestion("place LMT", message, pc.clock.now());
    pc.store.noteQuestion("place MKT", { ...message, message_id: "o451" }, pc.clock.now());
    // The fingerprint is of the text that is shown, whatever an older version of this program kept.
    expect((await ticketOf()).ticket.warnings).toEqual([messageOf("o163", "Sure?")]);
  });

  it("counts an order that was just sent, so that two exits are not each one", async () => {
    const position = { conid: 265598, position: 1, currency: "USD", secType: "STK" };
    pc.broker.answers["portfolio2.positions"] = [position];
    expect((await ticketOf(order({ side: "SELL" }))).facts.effect?.kind).toBe("exit");
    const exit = anIntentRecord(0, { sent: true, state: "accepted" });
    const [leg] = exit.ticket.order.legs;
    if (leg === undefined) throw new Error("no leg");
    const own = { ...exit.ticket.order, legs: [{ ...leg, side: "SELL" as const }] };
    pc.store.insert({ ...exit, ticket: { ...exit.ticket, order: own } });
    pc.store.db.exec("DELETE FROM previews; DELETE FROM preview_usage");
    expect((await ticketOf(order({ side: "SELL" }))).facts.effect?.kind).not.toBe("exit");
  });

  it("stops an entry that the broker values otherwise, and shows an exit with both figures", async () => {
    const amount = { amount: "18.73 USD (1 Shares)", commission: "1 USD" };
    pc.broker.answers["order.what-if"] = { amount };
    const both =
      "By price and quantity the order comes to 187.25 USD; the broker's own estimate is 18.73 USD.";
    const entry = await ticketOf();
    expect(entry.local_refusals).toMatchObject([{ code: "WHATIF_DIFFERS", field: "notional" }]);
    expect(entry.local_refusals[0]?.message).toContain(both);
    expect(entry.notes).toContain(both);

    const position = { conid: 265598, position: 1, currency: "USD", secType: "STK" };
    pc.broker.answers["portfolio2.positions"] = [position];
    pc.store.db.exec("DELETE FROM previews; DELETE FROM preview_usage");
    const exit = await ticketOf(order({ side: "SELL" }));
    expect(exit.facts.effect?.kind).toBe("exit");
    expect(exit.local_refusals).toEqual([]);
    expect(exit.notes).toContain(both);
  });

  it("reads in what unit the broker quotes the price, and values by it", async () => {
    pc.broker.answers["contract.rules"] = {
      orderTypes: ["limit"],
      incrementRules: [],
      priceMagnifier: 100,
    };
    pc.broker.answers["order.what-if"] = {
      amount: { amount: "1.87 USD (1 Shares)", commission: "1 USD" },
    };
    const { ticket, local_refusals } = await ticketOf();
    expect(ticket).toMatchObject({ price_magnifier: "100", notional: "1.8725" });
    expect(local_refusals).toEqual([]);
  });

  it("of a cancel asks for no what-if and shows no wait", async () => {
    pc.broker.answers["iserver.orders"] = { orders: [bookRow()], snapshot: true };
    const cancel = { account_id: ACCOUNT, order_id: "11" };
    const { ticket } = await ticketOf({ kind: "cancel", cancel });
    expect(ticket).toMatchObject({ what_if: null, warnings: [], waits: null });
    expect(pc.broker.asked).not.toContain("order.what-if");
  });
});

describe("a preview that is not made", () => {
  it("is refused for two accounts in one request, before the broker is asked", async () => {
    expect(await preview(order(), "DU7654321")).toMatchObject({
      outcome: "refused",
      refusals: [{ rule: "one_account" }],
    });
    expect(pc.broker.asked).toEqual([]);
  });

  it("fails while the broker does not prove the mode, or is not ready", async () => {
    pc.broker.session = { ...pc.broker.session, mode: "unknown" };
    await expect(preview()).rejects.toMatchObject({
      failure: { code: "ORDER_ACCOUNT_MODE_REFUSED" },
    });
    pc.broker.session = { ...pc.broker.session, mode: "paper", state: "initializing" };
    await expect(preview()).rejects.toThrow();
  });

  it("fails when the session changed meanwhile, and keeps no ticket", async () => {
    pc.broker.answers["order.what-if"] = () => {
      pc.broker.session = { ...pc.broker.session, generation: 2 };
      return {};
    };
    await expect(preview()).rejects.toThrow();
    expect(pc.store.preview("pv_1", pc.clock.now())).toBeNull();
  });

  it("fails without the account's base currency", async () => {
    pc.broker.answers["portfolio.accounts"] = [{ id: ACCOUNT, accountId: ACCOUNT }];
    await expect(preview()).rejects.toMatchObject({ failure: { code: "BROKER_RESPONSE_INVALID" } });
  });
});

describe("so many tickets that the disk would fill", () => {
  const asked = (share: string, request = order()) => {
    const parts = {
      ...pc.submit,
      source: pc.side.source,
      clockSkewMs: () => 0,
      newPreviewId: () => `pv_${share}_${++ids}`,
    };
    const context = pc.context({ share });
    return pc.finish(previewOrder(parts, context, { account_id: ACCOUNT, request }));
  };
  let ids = 0;
  const keep = (share: string, many: number, reduces: boolean) => {
    const preview = { ticket: aTicket(), generation: 1, echo: null, usage: null };
    for (let n = 0; n < many; n += 1) {
      const kept = { ...preview, madeAt: pc.clock.now() };
      pc.store.keepPreview(`kept_${share}_${reduces}_${n}`, kept, { share, reduces });
    }
  };
  const held = () => {
    pc.broker.answers["portfolio2.positions"] = [
      {
        conid: 265598,
        position: 1,
        marketPrice: 187.25,
        marketValue: 187.25,
        currency: "USD",
        secType: "STK",
      },
    ];
  };

  it("of one client leave half of the places to the others", async () => {
    keep("greedy", ORDER_LIMITS.previewsKept / 2, false);
    await expect(asked("greedy")).rejects.toMatchObject({ failure: { code: "RATE_LIMITED" } });
    expect(await asked("other")).toMatchObject({ outcome: "ticket" });
  });

  it("hold back no exit of the very client that fills them: its oldest makes room", async () => {
    held();
    keep("greedy", ORDER_LIMITS.previewsKept / 2, false);
    keep("greedy", ORDER_LIMITS.exitPreviewsKept / 2, true);
    const place = { share: "greedy", reduces: true };
    const sell = order({ side: "SELL" });
    expect(await asked("greedy", sell)).toMatchObject({ facts: { effect: { kind: "exit" } } });
    expect(pc.store.previewsSince(0, place).own).toBe(ORDER_LIMITS.exitPreviewsKept / 2);
    expect(await asked("other", sell)).toMatchObject({ outcome: "ticket" });
  });
});
