import { badRequest, empty, ok, type SimAnswer, type SimRequest } from "../http/exchange.ts";
import type { SimRoute } from "../http/router.ts";
import { double, isFields, type WireJson } from "../json.ts";
import type { Instrument } from "../market/instrument.ts";
import type { Simulator } from "../simulator.ts";

/** Security definitions that the SSO session is enough for. */

const MOST_CONIDS = 200;

function definition(instrument: Instrument): WireJson {
  return {
    conid: instrument.conid,
    currency: instrument.currency,
    name: instrument.name,
    assetClass: instrument.secType,
    expiry: instrument.expiry,
    lastTradingDay: instrument.expiry,
    group: instrument.group,
    putOrCall: instrument.right,
    sector: instrument.sector,
    sectorGroup: instrument.industry === "" ? null : instrument.industry,
    strike: String(instrument.strike ?? 0),
    ticker: instrument.symbol,
    undConid: instrument.underlyingConid,
    multiplier: double(instrument.multiplier),
    type: instrument.type ?? undefined,
    hasOptions: instrument.hasOptions,
    fullName: instrument.symbol,
    isUS: instrument.isUS,
    isEventContract: false,
    listingExchange: instrument.exchange,
    countryCode: instrument.country ?? undefined,
    chineseName: instrument.name,
    allExchanges: instrument.validExchanges,
    time: 12,
    incrementRules: [{ lowerEdge: double(0), increment: double(instrument.tick) }],
    displayRule: {
      magnification: 0,
      displayRuleStep: [{ decimalDigits: 2, lowerEdge: double(0), wholeDigits: 4 }],
    },
  };
}

/** Ids come in the query, or in a body as a list, as numbers or as text. */
function wantedConids({ method, query, body }: SimRequest): string[] {
  const listed = method === "POST" && isFields(body) ? body.conids : query.get("conids");
  const parts = Array.isArray(listed) ? listed.map(String) : String(listed ?? "").split(",");
  return parts.filter((part) => part !== "");
}

function secdef(sim: Simulator, request: SimRequest): SimAnswer {
  const conids = wantedConids(request);
  if (conids.length === 0) return badRequest("conids is required");
  if (conids.length > MOST_CONIDS) return badRequest(`too many conids, at most ${MOST_CONIDS}`);
  if (conids.some((conid) => !/^-?\d+$/.test(conid))) return badRequest("Invalid conids");
  const found = conids.flatMap((conid) => {
    const instrument = sim.market.find(Number(conid));
    return instrument === undefined || sim.market.expired(instrument)
      ? []
      : [definition(instrument)];
  });
  return found.length === 0 ? empty(204) : ok({ secdef: found });
}

function stocks(sim: Simulator, request: SimRequest): SimAnswer {
  const symbols = (request.query.get("symbols") ?? "").split(",").filter((part) => part !== "");
  if (symbols.length === 0) return badRequest("symbols is required");
  const found: { [symbol: string]: WireJson } = {};
  for (const symbol of symbols) {
    const shares = sim.market.listed.filter(
      (one) => one.secType === "STK" && one.symbol === symbol,
    );
    const names = [...new Set(shares.map((one) => one.name))];
    if (names.length === 0) continue;
    found[symbol] = names.map((name) => ({
      name,
      chineseName: `${entities(name)}`,
      assetClass: "STK",
      contracts: shares
        .filter((one) => one.name === name)
        .map((one) => ({ conid: one.conid, exchange: one.exchange, isUS: one.isUS })),
    }));
  }
  return ok(found);
}

/** The Chinese name comes as HTML entities. */
function entities(name: string): string {
  return name.startsWith("APPLE") ? "&#x82F9;&#x679C;&#x516C;&#x53F8;" : name;
}

function allConids(sim: Simulator, request: SimRequest): SimAnswer {
  const exchange = request.query.get("exchange") ?? "";
  if (exchange === "") return badRequest("exchange is required");
  const shares = sim.market.listed.filter(
    (one) => one.secType === "STK" && one.exchange === exchange,
  );
  return ok(
    shares.map((one) => ({ ticker: one.symbol, conid: one.conid, exchange: one.exchange })),
  );
}

export const definitionRoutes: readonly SimRoute[] = [
  { method: "GET", pattern: "/trsrv/secdef", needs: "sso", handle: secdef },
  { method: "POST", pattern: "/trsrv/secdef", needs: "sso", handle: secdef },
  { method: "GET", pattern: "/trsrv/stocks", needs: "sso", handle: stocks },
  { method: "GET", pattern: "/trsrv/all-conids", needs: "sso", handle: allConids },
];
