import { type Check, fail, pass } from "../check.ts";

export const marketPresent: Check = {
  number: 28,
  name: "market-present",
  code: "MARKET_SNAPSHOT_MISSING",
  stage: "data",
  scope: "entries",
  means: "There is a price for the contract.",
  evaluate({ figures }) {
    const source = "sidecar.quote";
    const { market, leg } = figures;
    if (market === null || market.availability === "none") {
      return fail("There is no market data for the contract.", { source });
    }
    if (market.conid !== leg.contract.conid) {
      return fail("The market data is of another contract.", { source, as_of: market.at });
    }
    return figures.reference === null
      ? fail("The market data holds no price.", { source, as_of: market.at })
      : pass({ observed: figures.reference.toFixed(), source, as_of: market.at });
  },
};
