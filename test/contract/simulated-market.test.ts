import { marketNote } from "@ibkr-edge-gateway/protocol/operation-schemas/session-status.ts";
import { afterEach, expect, it } from "vitest";
import { type BrokerRig, startRig } from "../support/broker.ts";

/** A market that never closes is labelled wherever somebody looks at it; no real broker ever is. */

const AAPL = 265598;
/** Saturday 2026-11-28, 15:00 in New York. */
const SATURDAY = Date.UTC(2026, 10, 28, 20);
const NOTE = "Simulated market, open around the clock.";

let rig: BrokerRig;
afterEach(() => rig.close());

async function look() {
  await rig.ready();
  const hours = await rig.ask("market.session", { conid: AAPL });
  const prices = await rig.ask("market.snapshot", { conids: [AAPL] });
  const [quote] = prices.quotes;
  return {
    is_open: hours.is_open,
    bid: quote?.values.bid ?? null,
    label: marketNote(rig.broker.session()),
    session_ends_at: rig.broker.session().session_ends_at,
    notes: [...hours.notes, ...prices.notes],
  };
}

it("is open on a Saturday, and its label is on the session, the hours and the quotes", async () => {
  rig = await startRig({ startAt: SATURDAY, marketHours: "always" });
  expect(await look()).toEqual({
    is_open: true,
    bid: expect.stringMatching(/^\d/),
    label: "Simulated market, open around the clock",
    session_ends_at: null,
    notes: [NOTE, NOTE],
  });
});

it("is closed on a Saturday by the exchanges' calendar, and nothing is labelled", async () => {
  rig = await startRig({ startAt: SATURDAY, marketHours: "exchange" });
  const seen = await look();
  expect(seen).toMatchObject({ bid: null, label: null });
  expect(seen.session_ends_at).not.toBeNull();
  expect(seen.is_open).not.toBe(true);
  expect(seen.notes).not.toContain(NOTE);
});

it("a PC that serves a broker never takes the label, whatever certificate is shown to it", async () => {
  rig = await startRig({ startAt: SATURDAY, marketHours: "always", simulated: false });
  const seen = await look();
  expect(seen).toMatchObject({ is_open: true, label: null });
  expect(seen.notes).not.toContain(NOTE);
  expect(rig.broker.session()).not.toHaveProperty("simulated_market");
});

it("a label that comes with a broker's figures is not shown", () => {
  expect(marketNote({ source: "client_portal", simulated_market: "always_open" })).toBeNull();
});
