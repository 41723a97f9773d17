import { badRequest, ok, type SimAnswer, type SimRequest } from "../http/exchange.ts";
import type { SimRoute } from "../http/router.ts";
import { double, type WireJson } from "../json.ts";
import type { Instrument } from "../market/instrument.ts";
import { monthOf } from "../market/months.ts";
import type { Simulator } from "../simulator.ts";
import { contractText } from "./portfolio-positions.ts";

/** From an underlying to its derivatives: strikes of a month, then contracts of a strike. */

const DERIVATIVES = new Set(["OPT", "FUT", "FOP", "WAR"]);

interface Asked {
  underlying: Instrument | undefined;
  secType: string;
  month: string;
}

function asked(sim: Simulator, request: SimRequest): Asked | SimAnswer {
  const conid = request.query.get("conid");
  if (conid === null || !/^\d+$/.test(conid)) return badRequest("conid is required");
  const secType = request.query.get("sectype") ?? request.query.get("secType") ?? "";
  return {
    underlying: sim.market.find(Number(conid)),
    secType,
    month: request.query.get("month") ?? "",
  };
}

/** Whether the server remembers a search for the underlying, and of the right kind. */
function searched(sim: Simulator, underlying: Instrument): boolean {
  const cold = sim.behaviours.coldReads;
  const search = sim.world.brokerage.primed.searched.get(underlying.conid);
  if (cold.searchFirst && search === undefined) return false;
  return !(cold.namePoison && search?.byName === true);
}

function contracts(sim: Simulator, { underlying, secType, month }: Asked): readonly Instrument[] {
  if (underlying === undefined || !searched(sim, underlying)) return [];
  const all =
    secType === "OPT" ? sim.market.options(underlying) : sim.market.futures(underlying.symbol);
  return all.filter((one) => monthOf(one) === month.toUpperCase());
}

/** The union over all days of the month: many strikes do not exist for a given day. */
function strikes(sim: Simulator, request: SimRequest): SimAnswer {
  const what = asked(sim, request);
  if ("status" in what) return what;
  if (what.secType === "" || what.month === "") return badRequest("sectype and month are required");
  const options = what.secType === "OPT" ? contracts(sim, what) : [];
  const of = (right: "C" | "P"): WireJson[] =>
    [...new Set(options.filter((one) => one.right === right).map((one) => one.strike ?? 0))]
      .sort((one, other) => one - other)
      .map(double);
  return ok({ call: of("C"), put: of("P") });
}

/** Every contract that fits: several days of the month, and several classes. */
function info(sim: Simulator, request: SimRequest): SimAnswer {
  const what = asked(sim, request);
  if ("status" in what) return what;
  if (what.underlying === undefined) return badRequest("no contracts retrieved");
  if (!DERIVATIVES.has(what.secType)) return ok([record(what.underlying)]);
  if (what.month === "") return badRequest("month required");
  let found = contracts(sim, what);
  if (what.secType === "OPT") {
    const strike = request.query.get("strike");
    if (strike === null || strike === "") return badRequest("strike required");
    const right = request.query.get("right");
    found = found.filter(
      (one) =>
        one.strike === Number(strike) && (right === null || one.right === right.toUpperCase()),
    );
  }
  return found.length === 0 ? badRequest("no contracts retrieved") : ok(found.map(record));
}

function record(one: Instrument): WireJson {
  return {
    conid: one.conid,
    symbol: one.symbol,
    ticker: one.symbol,
    secType: one.secType,
    listingExchange: one.expiry === null ? one.exchange : null,
    exchange: one.exchange,
    companyName: one.name,
    currency: one.currency,
    validExchanges: one.validExchanges,
    priceRendering: null,
    maturityDate: one.expiry,
    right: one.right ?? (one.secType === "FUT" ? "?" : undefined),
    strike: double(one.strike ?? 0),
    tradingClass: one.tradingClass,
    multiplier: one.multiplier === 0 ? null : String(one.multiplier),
    desc1: one.symbol,
    desc2: one.expiry === null ? one.name : contractText({ instrument: one }).slice(7),
  };
}

function futures(sim: Simulator, request: SimRequest): SimAnswer {
  const symbols = (request.query.get("symbols") ?? "").split(",").filter((part) => part !== "");
  if (symbols.length === 0) return badRequest("symbols is required");
  const found: { [symbol: string]: WireJson } = {};
  for (const symbol of symbols) {
    const listed = sim.market.futures(symbol);
    if (listed.length === 0) continue;
    found[symbol] = listed.map((one) => ({
      symbol,
      conid: one.conid,
      underlyingConid: one.underlyingConid,
      expirationDate: Number(one.expiry),
      ltd: Number(one.expiry),
      shortFuturesCutOff: Number(one.expiry),
      longFuturesCutOff: Number(one.expiry),
    }));
  }
  return ok(found);
}

export const chainRoutes: readonly SimRoute[] = [
  { method: "GET", pattern: "/iserver/secdef/strikes", needs: "brokerage", handle: strikes },
  { method: "GET", pattern: "/iserver/secdef/info", needs: "brokerage", handle: info },
  { method: "GET", pattern: "/trsrv/futures", needs: "sso", handle: futures },
];
