import {
  badRequest,
  failed,
  fieldsOf,
  ok,
  parameter,
  type SimAnswer,
  type SimRequest,
} from "../http/exchange.ts";
import type { SimRoute } from "../http/router.ts";
import type { WireJson } from "../json.ts";
import { rulesOf } from "../market/contract-rules.ts";
import type { Instrument } from "../market/instrument.ts";
import { monthOf } from "../market/months.ts";
import type { Simulator } from "../simulator.ts";

/** One contract: what it is, how it may be traded, which algorithms take it. */

function record(one: Instrument, full: boolean): { [key: string]: WireJson } {
  const common = {
    cfi_code: "",
    symbol: one.symbol,
    cusip: null,
    expiry_full: one.expiry,
    con_id: one.conid,
    maturity_date: one.expiry,
    industry: one.industry,
    instrument_type: one.secType,
    has_related_contracts: one.hasOptions,
    trading_class: one.tradingClass,
    valid_exchanges: one.validExchanges,
    allow_sell_long: false,
    is_zero_commission_security: false,
    local_symbol: one.symbol,
    contract_clarification_type: null,
    contract_month: one.expiry === null ? null : monthOf(one),
    company_name: one.name,
    classifier: null,
    currency: one.currency,
    text: null,
    underlying_con_id: one.underlyingConid,
    r_t_h: true,
    multiplier: one.multiplier === 0 ? null : String(one.multiplier),
    underlying_issuer: null,
    smart_available: one.validExchanges.startsWith("SMART"),
    exchange: one.validExchanges.startsWith("SMART") ? "SMART" : one.exchange,
  };
  return full ? { ...common, category: one.industry } : common;
}

function contract(sim: Simulator, request: SimRequest): Instrument | undefined {
  const conid = parameter(request, "conid");
  return /^\d+$/.test(conid) ? sim.market.find(Number(conid)) : undefined;
}

function info(sim: Simulator, request: SimRequest): SimAnswer {
  const one = contract(sim, request);
  return one === undefined ? badRequest("Invalid conid") : ok(record(one, false));
}

function infoAndRules(sim: Simulator, request: SimRequest): SimAnswer {
  const one = contract(sim, request);
  if (one === undefined) return badRequest("Invalid conid");
  return ok({ ...record(one, true), rules: rulesFor(sim, one) });
}

function rulesFor(sim: Simulator, one: Instrument): WireJson {
  return rulesOf(one, sim.market.quote(one), sim.world.sso.user?.accountIds ?? []);
}

function rules(sim: Simulator, request: SimRequest): SimAnswer {
  const conid = fieldsOf(request).conid;
  const isNumber = typeof conid === "number" || (typeof conid === "string" && /^\d+$/.test(conid));
  const one = isNumber ? sim.market.find(Number(conid)) : undefined;
  return one === undefined ? badRequest("conid is required") : ok(rulesFor(sim, one));
}

const ALGOS = [
  {
    name: "Adaptive",
    id: "Adaptive",
    parameters: [
      {
        guiRank: 1,
        defaultValue: "Normal",
        name: "Adaptive order priority/urgency",
        id: "adaptivePriority",
        legalStrings: ["Urgent", "Normal", "Patient"],
        required: "true",
        valueClassName: "String",
      },
    ],
  },
  {
    name: "VWAP",
    id: "Vwap",
    parameters: [
      {
        guiRank: 1,
        minValue: 0.01,
        maxValue: 50,
        name: "Max Percentage",
        description: "From 0.01 to 50.0",
        id: "maxPctVol",
        valueClassName: "Double",
      },
    ],
  },
  { name: "TWAP", id: "Twap", parameters: [] },
] as const;

function algos(sim: Simulator, request: SimRequest): SimAnswer {
  const one = contract(sim, request);
  if (one === undefined) return failed(503, "Service Unavailable");
  const warm = sim.world.brokerage.primed.algos;
  const first = !warm.has(one.conid);
  warm.add(one.conid);
  if ((first && sim.behaviours.coldReads.algos) || one.secType !== "STK") return ok({ algos: [] });
  const wanted = (request.query.get("algos") ?? "").split(";").filter((part) => part !== "");
  const detailed = request.query.get("addParams") === "1";
  return ok({
    algos: ALGOS.filter((algo) => wanted.length === 0 || wanted.includes(algo.id)).map((algo) => ({
      name: algo.name,
      id: algo.id,
      description: request.query.get("addDescription") === "1" ? `${algo.name} order` : undefined,
      parameters: detailed ? algo.parameters : undefined,
    })),
  });
}

const BOND_FILTERS = {
  bondFilters: [
    {
      displayText: "Maturity Date",
      columnId: 27,
      options: [
        { text: "Dec 2028", value: "202812" },
        { text: "Jan 2029", value: "202901" },
      ],
    },
    {
      displayText: "Currency",
      columnId: 5,
      options: [{ value: "CHF" }, { value: "EUR" }, { value: "USD" }],
    },
  ],
};

export const contractRoutes: readonly SimRoute[] = [
  { method: "GET", pattern: "/iserver/contract/:conid/info", needs: "brokerage", handle: info },
  {
    method: "GET",
    pattern: "/iserver/contract/:conid/info-and-rules",
    needs: "brokerage",
    handle: infoAndRules,
  },
  { method: "GET", pattern: "/iserver/contract/:conid/algos", needs: "brokerage", handle: algos },
  { method: "POST", pattern: "/iserver/contract/rules", needs: "brokerage", handle: rules },
  {
    method: "GET",
    pattern: "/iserver/secdef/bond-filters",
    needs: "brokerage",
    handle: () => ok(BOND_FILTERS),
  },
];
