import { basisPoints } from "@ibkr-edge-gateway/protocol/orders/decimal.ts";
import { quoted } from "@ibkr-edge-gateway/protocol/orders/quote-price.ts";
import { atMost, type Check, OFF, unknown } from "../check.ts";

/** Orders that take what the market gives: the touch must already lie inside the cap. */
export const marketSlippageCheck: Check = {
  number: 31,
  name: "market-slippage",
  code: "MARKET_ORDER_SLIPPAGE_CAP",
  stage: "data",
  scope: "entries",
  means: "A market order would fill within the slippage cap as quoted.",
  evaluate({ policy, figures }) {
    const { leg, market, reference } = figures;
    if (leg.order_type !== "MKT") return OFF;
    const touch = quoted(market, leg.side === "BUY" ? "ask" : "bid");
    const missing = "The side of the market that a market order takes";
    if (touch === null || reference === null) return unknown(missing);
    const distance = basisPoints(touch, reference);
    return atMost({
      what: "The distance of the price a market order would take from the middle of the market",
      bps: true,
      observed: distance?.abs() ?? null,
      limit: policy.data.market_slippage_bps,
      source: "sidecar.quote",
      as_of: market?.at ?? null,
    });
  },
};
