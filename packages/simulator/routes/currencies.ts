import { badRequest, ok, type SimAnswer, type SimRequest } from "../http/exchange.ts";
import type { SimRoute } from "../http/router.ts";
import { double } from "../json.ts";
import type { Simulator } from "../simulator.ts";
import { dollarsPer } from "../state/valuation.ts";

function pairs(sim: Simulator, request: SimRequest): SimAnswer {
  const currency = request.query.get("currency") ?? "";
  if (currency === "") return badRequest("currency is required");
  const found = sim.market.listed.filter(
    (one) => one.secType === "CASH" && (one.symbol === currency || one.currency === currency),
  );
  if (found.length === 0) return badRequest("Invalid currency");
  return ok({
    [currency]: found.map((one) => ({
      symbol: `${one.symbol}.${one.currency}`,
      conid: one.conid,
      ccyPair: one.symbol === currency ? one.currency : one.symbol,
    })),
  });
}

function rate(sim: Simulator, request: SimRequest): SimAnswer {
  const source = request.query.get("source") ?? "";
  const target = request.query.get("target") ?? "";
  if (source === "" || target === "") return badRequest("source and target are required");
  try {
    const value = dollarsPer(sim.market, source).div(dollarsPer(sim.market, target));
    return ok({ rate: double(value.toDP(8)) });
  } catch {
    return badRequest("Invalid currency");
  }
}

export const currencyRoutes: readonly SimRoute[] = [
  { method: "GET", pattern: "/iserver/currency/pairs", needs: "brokerage", handle: pairs },
  { method: "GET", pattern: "/iserver/exchangerate", needs: "brokerage", handle: rate },
];
