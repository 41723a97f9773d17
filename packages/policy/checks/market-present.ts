import { isOfCompletedSession } from "@ibkr-edge-gateway/protocol/orders/compared-price.ts";
import { type Check, fail, pass } from "../check.ts";
import { latestSession, sessionInWords } from "../closed-market-words.ts";

export const marketPresentCheck: Check = {
  number: 28,
  name: "market-present",
  code: "MARKET_SNAPSHOT_MISSING",
  stage: "data",
  scope: "entries",
  means: "There is a price for the contract.",
  evaluate({ snapshot, figures }) {
    const source = "sidecar.quote";
    const { market, leg } = figures;
    const closing = figures.waits && figures.reference !== null;
    if (market === null || (market.availability === "none" && !closing)) {
      return fail("There is no market data for the contract.", { source });
    }
    if (market.conid !== leg.contract.conid) {
      return fail("The market data is of another contract.", { source, as_of: market.at });
    }
    if (figures.reference === null && figures.waits) {
      const day = sessionInWords(latestSession(snapshot.facts.instrument));
      return fail(
        `The market is closed, and no price of its latest session (${day}) is known to compare the limit with. Ask again when it is open.`,
        { source, as_of: market.at },
      );
    }
    // A price from before today's trading is judged by its age.
    return figures.reference === null && !isOfCompletedSession(market)
      ? fail("The market data holds no price.", { source, as_of: market.at })
      : pass({ observed: figures.reference?.toFixed() ?? null, source, as_of: market.at });
  },
};
