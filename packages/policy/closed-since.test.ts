import { describe, expect, it } from "vitest";
import { AT, hoursAt, onSaturday, quoteAt } from "../../test/support/closed-market.ts";
import { AAPL } from "../../test/support/orders.ts";
import { readNow, type Tweak, verdictOf } from "../../test/support/policy.ts";
import { holding, instrument, leg } from "../../test/support/policy-cases/tweaks.ts";

describe("an order for today, approved while the market was open", () => {
  const previewedOpen: Tweak = (draft) => {
    const { s } = draft;
    const before = AT.minutes_to_close;
    s.ticket.prepared_at = before;
    s.ticket.waits = null;
    s.ticket.market = quoteAt(before, {
      conid: AAPL.conid,
      bid: "187.24",
      ask: "187.26",
      availability: "live",
    });
    // Submitted four minutes later: regular hours are over.
    s.now = "2026-11-20T21:02:00.000Z";
    Object.assign(instrument(s), hoursAt(s.now));
    s.edge.market_now = quoteAt(s.now, {
      conid: AAPL.conid,
      bid: "187.24",
      ask: "187.26",
      availability: "live",
    });
    readNow(draft);
    s.edge.preview = { expires_at: "2026-11-20T21:03:00.000Z", generation: 4 };
    if (s.edge.approval !== null) s.edge.approval.expires_at = "2026-11-20T21:03:00.000Z";
  };
  it("is not sent for Monday: the owner read `today only`", () => {
    const refused = verdictOf(previewedOpen).failures.find(({ check }) => check === "tradable-now");
    expect(refused?.message).toBe(
      "The market closed since the owner saw the order. It would wait until Mon 23 Nov 09:30 New York. Prepare it again.",
    );
  });

  it("keeps nobody in a position: an exit is sent all the same", () => {
    const exit: Tweak = (draft) => {
      leg({ side: "SELL" })(draft);
      holding("1")(draft);
      draft.s.facts.effect = {
        kind: "exit",
        position: "1",
        working_same_side: "0",
        at: draft.s.now,
      };
    };
    expect(verdictOf(previewedOpen, exit).failures).toEqual([]);
  });
});

describe("an order that was to wait for one session", () => {
  const at =
    (when: string): Tweak =>
    ({ s }) =>
      Object.assign(instrument(s), hoursAt(when), { at: s.now });
  const said = (...tweaks: Tweak[]) =>
    verdictOf(onSaturday, ...tweaks).failures.find(({ check }) => check === "tradable-now")
      ?.message;

  it("is not left for the one after it", () => {
    expect(said(at("2026-11-24T03:00:00.000Z"))).toContain(
      "The owner saw the order wait for the session of Mon 23 Nov.",
    );
  });

  it("may be sent into that session once it has begun, and while it still waits for it", () => {
    expect(said(at("2026-11-23T15:00:00.000Z"))).toBeUndefined();
    expect(said(at("2026-11-22T15:00:00.000Z"))).toBeUndefined();
  });
});
