import { badRequest, isYes, ok, type SimAnswer, type SimRequest } from "../http/exchange.ts";
import type { SimRoute } from "../http/router.ts";
import { isFields, type WireJson } from "../json.ts";
import type { Instrument } from "../market/instrument.ts";
import type { Simulator } from "../simulator.ts";

/** Search by symbol or name; what must come before strikes and info of an underlying. */

function argument(request: SimRequest, name: string): string | undefined {
  const body = isFields(request.body) ? request.body[name] : undefined;
  if (typeof body === "string" || typeof body === "boolean" || typeof body === "number")
    return String(body);
  return request.query.get(name) ?? undefined;
}

function sections(sim: Simulator, instrument: Instrument): WireJson[] {
  if (instrument.secType === "CASH")
    return [{ secType: "CASH", exchange: "IDEALPRO;", conid: String(instrument.conid) }];
  const own = instrument.isUS
    ? { secType: instrument.secType }
    : { secType: instrument.secType, exchange: `${instrument.exchange};` };
  const found: WireJson[] = [
    instrument.secType === "IND" ? { secType: "IND", exchange: `${instrument.exchange};` } : own,
  ];
  found.push(...sim.market.derivativeSections(instrument));
  if (instrument.isUS && instrument.secType === "STK") {
    // Named here, and nowhere else: contracts for difference are not for every login.
    const conid = String(130_000_000 + (instrument.conid % 10_000_000));
    found.push({ secType: "CFD", exchange: "SMART", conid });
  }
  if (instrument.isUS) found.push({ secType: "BAG" });
  return found;
}

function search(sim: Simulator, request: SimRequest): SimAnswer {
  const symbol = argument(request, "symbol")?.trim() ?? "";
  if (symbol === "") return badRequest("symbol is required");
  const byName = isYes(argument(request, "name"));
  const secType = argument(request, "secType");
  if (secType !== undefined && secType !== "" && !["STK", "IND", "BOND"].includes(secType)) {
    return badRequest("Invalid secType");
  }
  const wanted = symbol.toUpperCase();
  const hits = sim.market.listed.filter((one) => {
    if (secType === "BOND") return false;
    if (
      secType === "STK" ? one.secType !== "STK" : secType === "IND" ? one.secType !== "IND" : false
    )
      return false;
    return byName ? one.name.toUpperCase().includes(wanted) : one.symbol === wanted;
  });
  for (const hit of hits) sim.world.brokerage.primed.searched.set(hit.conid, { byName });
  // The home listing is not always first: a fund that also trades abroad is found there first.
  hits.sort((one, other) => Number(foreignFund(other)) - Number(foreignFund(one)));
  return ok(
    hits.map((one) => ({
      conid: String(one.conid),
      companyHeader: `${one.name} - ${one.exchange}`,
      companyName: one.name,
      symbol: one.symbol,
      description: one.exchange,
      restricted: null,
      sections: sections(sim, one),
    })),
  );
}

function foreignFund(instrument: Instrument): boolean {
  return instrument.type === "ETF" && !instrument.isUS;
}

export const searchRoutes: readonly SimRoute[] = [
  { method: "GET", pattern: "/iserver/secdef/search", needs: "brokerage", handle: search },
  { method: "POST", pattern: "/iserver/secdef/search", needs: "brokerage", handle: search },
];
