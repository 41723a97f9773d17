import { empty, ok, parameter, type SimAnswer, type SimRequest } from "../http/exchange.ts";
import type { SimRoute } from "../http/router.ts";
import { double, type WireJson } from "../json.ts";
import { MONTHS } from "../market/months.ts";
import type { Simulator } from "../simulator.ts";
import { type Account, laggedPosition } from "../state/accounts.ts";
import { factor, type Valued, valuePosition, valuePositions } from "../state/valuation.ts";
import { withAccount } from "./portfolio-accounts.ts";

const PAGE_SIZE = 100;

/** The older portfolio view: cached at the broker, so it trails a fill by seconds. */
function slowPositions(sim: Simulator, account: Account): Valued[] {
  const rows: Valued[] = [];
  for (const position of account.positions.values()) {
    const instrument = sim.market.find(position.conid);
    if (instrument === undefined) continue;
    const seen = laggedPosition(
      account,
      position,
      sim.clock.now(),
      sim.behaviours.coldReads.positionLagMs,
    );
    rows.push(valuePosition(sim.market, instrument, { ...seen, realized: position.realized }));
  }
  return rows;
}

/** The first keys of a row, which a cold read gets alone, and the contract's particulars. */
function row(account: Account, one: Valued, warm: boolean): WireJson {
  const { instrument } = one;
  const cost = one.averagePrice.mul(factor(instrument));
  const bare = {
    acctId: account.id,
    conid: instrument.conid,
    contractDesc: contractText(one),
    position: double(one.quantity),
    mktPrice: double(one.price.toDP(7)),
    mktValue: double(one.value.toDP(2)),
    currency: instrument.currency,
    avgCost: double(cost.toDP(8)),
    avgPrice: double(one.averagePrice.toDP(8)),
    realizedPnl: double(one.realized.toDP(2)),
    unrealizedPnl: double(one.unrealized.toDP(2)),
    exchs: null,
    expiry: instrument.expiry,
    putOrCall: instrument.right,
    multiplier: warm || instrument.multiplier > 0 ? double(instrument.multiplier) : null,
    // A number on the sparse row, text on the full one.
    strike: warm ? String(instrument.strike ?? 0) : double(instrument.strike ?? 0),
    exerciseStyle: null,
    conExchMap: [],
    assetClass: instrument.secType,
    undConid: instrument.underlyingConid,
    model: "",
  };
  if (!warm) return bare;
  return {
    ...bare,
    incrementRules: [{ lowerEdge: double(0), increment: double(instrument.tick) }],
    displayRule: {
      magnification: 0,
      displayRuleStep: [{ decimalDigits: 2, lowerEdge: double(0), wholeDigits: 4 }],
    },
    time: 140,
    chineseName: instrument.name,
    allExchanges: instrument.validExchanges,
    listingExchange: instrument.exchange,
    countryCode: instrument.country ?? undefined,
    name: instrument.name,
    lastTradingDay: instrument.expiry,
    group: instrument.group,
    sector: instrument.sector,
    sectorGroup: instrument.industry === "" ? null : instrument.industry,
    ticker: instrument.symbol,
    type: instrument.type ?? undefined,
    hasOptions: instrument.hasOptions,
    fullName: instrument.symbol,
    isUS: instrument.isUS,
    isEventContract: false,
    pageSize: PAGE_SIZE,
  };
}

/** `SPY`, or `SPX    APR2026 6500 C [SPXW  260417C06500000 100]`. */
export function contractText({ instrument }: Pick<Valued, "instrument">): string {
  if (instrument.secType === "CASH") return `${instrument.symbol}.${instrument.currency}`;
  if (instrument.expiry === null) return instrument.symbol;
  const month = MONTHS[Number(instrument.expiry.slice(4, 6)) - 1] ?? "";
  const year = instrument.expiry.slice(0, 4);
  if (instrument.secType === "FUT") return `${instrument.symbol}     ${month}${year}`;
  const strike = String(Math.round((instrument.strike ?? 0) * 1000)).padStart(8, "0");
  const code = `${instrument.tradingClass.padEnd(6)}${instrument.expiry.slice(2)}${instrument.right}${strike}`;
  return `${instrument.symbol.padEnd(6)} ${month}${year} ${instrument.strike} ${instrument.right} [${code} ${instrument.multiplier}]`;
}

function page(sim: Simulator, account: Account, request: SimRequest): SimAnswer {
  const number = Number(parameter(request, "page"));
  if (!Number.isInteger(number) || number < 0) return ok([]);
  const read = sim.world.brokerage.primed.positionReads;
  const warm = read.has(account.id) || !sim.behaviours.coldReads.positions;
  read.add(account.id);
  const sort = request.query.get("sort");
  const rows = slowPositions(sim, account);
  if (sort !== null) {
    const sign = request.query.get("direction") === "d" ? -1 : 1;
    rows.sort((one, other) => sign * compare(sort, one, other));
  }
  // Without a sort every page is the first one.
  const start = sort === null ? (number === 0 ? 0 : rows.length) : number * PAGE_SIZE;
  return ok(rows.slice(start, start + PAGE_SIZE).map((one) => row(account, one, warm)));
}

function compare(sort: string, one: Valued, other: Valued): number {
  switch (sort) {
    case "position":
      return one.quantity.cmp(other.quantity);
    case "mktValue":
    case "marketValue":
      return one.value.cmp(other.value);
    case "unrealizedPnl":
      return one.unrealized.cmp(other.unrealized);
    default:
      return one.instrument.symbol.localeCompare(other.instrument.symbol);
  }
}

/** The newer view: no cache, other names, the conid as text, figures unrounded. */
function fastPositions(sim: Simulator, account: Account, request: SimRequest): SimAnswer {
  const timestamp = Math.floor(sim.clock.now() / 1000);
  const rows = valuePositions(sim.market, account);
  const sort = request.query.get("sort");
  if (sort !== null) rows.sort((one, other) => compare(sort, one, other));
  return ok(
    rows.map((one) => ({
      position: double(one.quantity),
      conid: String(one.instrument.conid),
      avgCost: double(one.averagePrice.mul(factor(one.instrument))),
      avgPrice: double(one.averagePrice),
      currency: one.instrument.currency,
      description: contractText(one),
      isLastToLoq: false,
      marketPrice: double(Math.fround(one.price.toNumber())),
      marketValue: double(Math.fround(one.value.toNumber())),
      realizedPnl: double(one.realized),
      secType: one.instrument.secType,
      timestamp,
      unrealizedPnl: double(one.unrealized),
      assetClass: one.instrument.secType,
      sector: one.instrument.sector,
      group: one.instrument.group,
      model: "",
    })),
  );
}

function byConid(sim: Simulator, account: Account, conid: string, warm: boolean): WireJson[] {
  return slowPositions(sim, account)
    .filter((one) => String(one.instrument.conid) === conid)
    .map((one) => row(account, one, warm));
}

function everywhere(sim: Simulator, request: SimRequest): SimAnswer {
  if (!sim.world.sso.portfolioAccountsRead && sim.behaviours.coldReads.accountsFirst)
    return empty(401);
  const found: { [account: string]: WireJson } = {};
  for (const id of sim.world.sso.user?.accountIds ?? []) {
    const account = sim.world.accounts.get(id);
    if (account === undefined) continue;
    const rows = byConid(sim, account, parameter(request, "conid"), false);
    if (rows.length > 0) found[id] = rows;
  }
  return ok(found);
}

export const positionRoutes: readonly SimRoute[] = [
  { method: "GET", pattern: "/portfolio/positions/:conid", needs: "sso", handle: everywhere },
  {
    method: "GET",
    pattern: "/portfolio2/:account/positions",
    needs: "sso",
    handle: withAccount(fastPositions),
  },
  {
    method: "GET",
    pattern: "/portfolio/:account/positions/:page",
    needs: "sso",
    handle: withAccount(page),
  },
  {
    method: "GET",
    pattern: "/portfolio/:account/position/:conid",
    needs: "sso",
    handle: withAccount((sim, account, request) =>
      ok(byConid(sim, account, parameter(request, "conid"), true)),
    ),
  },
  {
    method: "POST",
    pattern: "/portfolio/:account/positions/invalidate",
    needs: "sso",
    handle: withAccount((sim, account) => {
      account.invalidatedAt = sim.clock.now();
      return ok({ message: "success" });
    }),
  },
];
