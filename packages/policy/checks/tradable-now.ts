import { anotherSession } from "@ibkr-edge-gateway/protocol/orders/waits-for-another-session.ts";
import { type Check, fail, pass, unknown } from "../check.ts";
import { closedInWords, openingInWords, openingLegs } from "../closed-market-words.ts";

/**
 * An entry may wait at the broker for the next session where the owner's policy allows it. Only a
 * limit order may: of every other type nobody can say now at what price it would fill at the open.
 * It waits for the session that the owner read, or is asked for again.
 */
export const tradableNowCheck: Check = {
  number: 25,
  name: "tradable-now",
  code: "NOT_TRADABLE_NOW",
  stage: "instrument",
  scope: "entries",
  means: "The market is open for this order, or it is a limit order that may wait for the open.",
  evaluate({ snapshot, policy, figures }) {
    const { instrument } = snapshot.facts;
    if (instrument === null) return unknown("Whether the market is open");
    if (instrument.tradable_now === null) {
      // Without a calendar nothing is judged as waiting: then it needs a fresh price, as ever.
      return policy.form.when_closed
        ? pass({ source: "policy" })
        : unknown("Whether the market is open");
    }
    const measured = {
      observed: instrument.tradable_now ? "open" : "closed",
      limit: instrument.opens_at,
      source: "sidecar.calendar",
      as_of: instrument.at,
    };
    if (instrument.tradable_now) return pass(measured);
    const closed = closedInWords(figures.order, instrument);
    if (!policy.form.when_closed) {
      return fail(
        `${closed} The policy lets no order wait for the open; ask again then, or the owner changes that under Limits.`,
        measured,
      );
    }
    const another =
      snapshot.phase === "submit" ? anotherSession(snapshot.ticket.waits, instrument) : null;
    if (another !== null) return fail(another, measured);
    const legs = openingLegs(figures.order);
    if (legs.some(({ order_type }) => order_type !== "LMT")) {
      return fail(`${closed} Only limit orders can be prepared now.`, measured);
    }
    if (legs.some(({ time_in_force }) => time_in_force === "IOC")) {
      return fail(
        `${closed} An order that fills at once or not at all cannot wait; use DAY or GTC.`,
        measured,
      );
    }
    // A PC of the version before names no session: then nobody could tell later whether it is another.
    if (instrument.opens_at === null || instrument.waits == null)
      return unknown("When the market opens next", measured);
    const until = openingInWords(instrument, instrument.opens_at);
    return pass({ ...measured, observed: `waits until ${until}` });
  },
};
