import { isOfCompletedSession } from "@ibkr-edge-gateway/protocol/orders/compared-price.ts";
import { Decimal } from "@ibkr-edge-gateway/protocol/orders/decimal.ts";
import {
  atMost,
  type Check,
  type CheckFinding,
  type Context,
  fail,
  OFF,
  pass,
  unknown,
} from "../check.ts";
import { latestSession, sessionInWords } from "../closed-market-words.ts";

/**
 * While the market trades, a quote of seconds ago. While an order would wait for the open, the last
 * price of the latest completed session by the exchange's calendar: an older one is not known.
 */
export const quoteFreshCheck: Check = {
  number: 28,
  name: "quote-fresh",
  code: "STALE_QUOTE",
  stage: "data",
  scope: "entries",
  means: "The price is fresh, or of the latest session while the market is closed.",
  evaluate(context) {
    const { snapshot, policy, figures } = context;
    const { market } = figures;
    if (figures.closing) return ofLatestSession(context);
    if (isOfCompletedSession(market) && figures.reference === null) return ofEarlier(context);
    const limit = policy.data.max_quote_age_seconds;
    if (limit === null) return OFF;
    // A preview shows what the sidecar saw when it made the ticket; a submit needs a quote of now.
    const asOf =
      snapshot.phase === "preview" ? Date.parse(snapshot.ticket.prepared_at) : figures.nowMs;
    // A quote without a time is of no age that anybody knows.
    const age = market?.at == null ? Number.NaN : asOf - Date.parse(market.at);
    // A quote from the future is a clock nobody can trust.
    if (age < -2_000) {
      return fail("The quote's time lies in the future.", { source: "sidecar.quote" });
    }
    return atMost({
      what: "The quote's age in seconds",
      observed: Number.isFinite(age) ? new Decimal(Math.max(0, age)).dividedBy(1_000) : null,
      limit,
      source: "sidecar.quote",
      as_of: market?.at ?? null,
    });
  },
};

/** The market trades, and all that is known of it is from before. */
function ofEarlier({ snapshot, figures }: Context): CheckFinding {
  if (snapshot.facts.instrument?.tradable_now !== true) return unknown("A price of now");
  const session = figures.market?.reference?.session_date ?? null;
  return fail(
    `The market is open, and the last known price is of ${sessionInWords(session)}. Ask again when there is a quote.`,
    { observed: session, source: "sidecar.quote", as_of: figures.market?.at ?? null },
  );
}

function ofLatestSession({ snapshot, figures }: Context): CheckFinding {
  const latest = latestSession(snapshot.facts.instrument);
  const session = figures.market?.reference?.session_date ?? null;
  const measured = {
    observed: session,
    limit: latest,
    source: "sidecar.quote",
    as_of: figures.market?.at ?? null,
  };
  return latest !== null && session === latest
    ? pass(measured)
    : fail(
        `The last known price is of ${sessionInWords(session)}, and the latest session was that of ${sessionInWords(latest)}. Ask again when the market is open.`,
        measured,
      );
}
