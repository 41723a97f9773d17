import { GatewayError } from "@ibkr-edge-gateway/protocol/errors.ts";
import type { ContractCandidate } from "@ibkr-edge-gateway/protocol/operation-schemas/contracts-search.ts";
import type { Contract } from "@ibkr-edge-gateway/protocol/orders/canonical-order.ts";
import { canonicalDecimal, OrderDecimal } from "@ibkr-edge-gateway/protocol/orders/decimal.ts";
import type { OrderInput } from "@ibkr-edge-gateway/protocol/orders/order-input.ts";
import { type OrderRefusal, refusal } from "@ibkr-edge-gateway/protocol/orders/order-refusal.ts";
import { AssetClass } from "@ibkr-edge-gateway/protocol/orders/order-terms.ts";
import { label } from "../../client-portal/broker-text.ts";
import {
  futuresOf,
  type SecDef,
  searchContracts,
} from "../../client-portal/endpoints/contracts.ts";
import { optionInfo, strikesOf } from "../../client-portal/endpoints/option-contracts.ts";
import { factsOf, findContracts } from "../../operation-handlers/find-contracts.ts";
import { homeListing, levelSymbol, spellings } from "../../operation-handlers/home-listing.ts";
import type { OperationContext } from "../../operation-handlers/operation-context.ts";
import { monthForBroker } from "../../operation-handlers/option-months.ts";
import { resolveAccount } from "../../operation-handlers/resolve-account.ts";

/**
 * Which contract an order means. The broker's id decides; a symbol is taken only when it means one
 * thing, and whatever else the caller said must agree with what the broker says of that contract.
 */
export type ContractAsked = Pick<
  OrderInput,
  "conid" | "symbol" | "asset_class" | "currency" | "exchange" | "expiry" | "strike" | "right"
> & { account_id?: string };

export type Resolved =
  | {
      ok: true;
      contract: Contract;
      fact: SecDef;
      /** What was taken where the symbol had several listings; null when nothing was chosen. */
      note: string | null;
    }
  | { ok: false; refusals: OrderRefusal[]; candidates: ContractCandidate[] };

interface Taken {
  conid: number;
  note: string | null;
}

const takenAs = (conid: number, note: string | null = null): Taken => ({ conid, note });

const no = (
  code: OrderRefusal["code"],
  field: string,
  rule: string,
  message: string,
  candidates: ContractCandidate[] = [],
): Resolved => ({ ok: false, refusals: [refusal(code, field, rule, message)], candidates });

export async function resolveContract(
  context: OperationContext,
  asked: ContractAsked,
): Promise<Resolved> {
  const taken = asked.conid === undefined ? await bySymbol(context, asked) : takenAs(asked.conid);
  if ("ok" in taken) return taken;
  const { conid: found, note } = taken;
  const { facts } = await factsOf(context, [found]);
  const fact = facts.get(found);
  if (fact === undefined) {
    return no("INPUT_INVALID_CONTRACT", "conid", "known", "The broker knows no such contract.");
  }
  const contract = contractOf(found, fact, asked.exchange);
  if (contract === null) {
    return no(
      "INPUT_INVALID_CONTRACT",
      "conid",
      "tradable_kind",
      "This gateway trades stocks, ETFs, single-leg options and futures whose terms the broker states; this contract is none of them.",
    );
  }
  const refusals = disagreements(contract, asked);
  return refusals.length > 0
    ? { ok: false, refusals, candidates: [] }
    : { ok: true, contract, fact, note };
}

/** The contract in our words; null when the broker does not say what it is. */
export function contractOf(conid: number, fact: SecDef, exchange?: string): Contract | null {
  const kind = AssetClass.safeParse(fact.assetClass);
  const symbol = label(fact.ticker, 40);
  if (!kind.success || symbol === null || fact.currency === null) return null;
  const derivative = kind.data !== "STK";
  const expiry = (fact.expiry ?? fact.lastTradingDay)?.replaceAll("-", "") ?? null;
  const right = fact.putOrCall?.toUpperCase()[0];
  const multiplier = derivative ? fact.multiplier : "1";
  if (multiplier === null || !OrderDecimal.safeParse(multiplier).success || multiplier === "0") {
    return null;
  }
  if (derivative && expiry === null) return null;
  const option = kind.data === "OPT";
  if (option && (fact.strike === null || (right !== "C" && right !== "P"))) return null;
  const listing = label(fact.listingExchange, 20);
  return {
    conid,
    symbol,
    asset_class: kind.data,
    exchange: exchange ?? (kind.data === "FUT" ? (listing ?? "SMART") : "SMART"),
    listing_exchange: listing,
    currency: fact.currency,
    multiplier: canonicalDecimal(multiplier),
    expiry: derivative ? expiry : null,
    strike: option && fact.strike !== null ? canonicalDecimal(fact.strike) : null,
    right: option && (right === "C" || right === "P") ? right : null,
  };
}

function disagreements(contract: Contract, asked: ContractAsked): OrderRefusal[] {
  const refusals: OrderRefusal[] = [];
  const compare = (field: keyof ContractAsked, is: string | null, said: string | undefined) => {
    if (said === undefined || said === is) return;
    refusals.push(
      refusal(
        "INPUT_INVALID_CONTRACT",
        field,
        "agrees_with_broker",
        `By the broker, the contract's ${field} is ${is ?? "none"}.`,
      ),
    );
  };
  // A share class is written with a space here and with a dot there.
  const level = (symbol: string | undefined) =>
    symbol === undefined ? undefined : levelSymbol(symbol);
  compare("symbol", level(contract.symbol) ?? null, level(asked.symbol));
  compare("asset_class", contract.asset_class, asked.asset_class);
  compare("currency", contract.currency, asked.currency);
  compare("expiry", contract.expiry, asked.expiry);
  compare(
    "strike",
    contract.strike,
    asked.strike === undefined ? undefined : canonicalDecimal(asked.strike),
  );
  compare("right", contract.right, asked.right);
  return refusals;
}

async function bySymbol(
  context: OperationContext,
  asked: ContractAsked,
): Promise<Taken | Resolved> {
  const { symbol } = asked;
  if (symbol === undefined) {
    return no("INPUT_INVALID_CONTRACT", "conid", "required", "Name the contract by its conid.");
  }
  if (asked.asset_class === "OPT") return optionBySymbol(context, symbol, asked);
  if (asked.asset_class === "FUT") return futureBySymbol(context, symbol, asked);
  return stockBySymbol(context, symbol, asked);
}

async function stockBySymbol(
  context: OperationContext,
  symbol: string,
  asked: ContractAsked,
): Promise<Taken | Resolved> {
  const listed = await listingsOf(context, symbol, asked.currency);
  const named = listed.filter((candidate) => isOn(candidate, asked.exchange));
  if (named.length === 0 && listed.length > 0) return notOn(symbol, asked.exchange, listed);
  if (named.length > 1 && asked.currency === undefined && !isNamed(asked.exchange)) {
    const { baseCurrency } = await resolveAccount(context, asked.account_id);
    const home = homeListing(named, baseCurrency);
    if (home !== null) {
      const where = `${home.exchange ?? "exchange not known"}, ${home.currency}, conid ${home.conid}`;
      return takenAs(
        home.conid,
        `${symbol} has ${named.length} listings. The home listing was taken: ${where}.`,
      );
    }
  }
  return only(named, symbol);
}

const isNamed = (exchange: string | undefined): exchange is string =>
  exchange !== undefined && exchange !== "SMART";

/** With a symbol, a named exchange says which listing is meant: never one of another exchange. */
const isOn = (candidate: ContractCandidate, exchange: string | undefined): boolean =>
  !isNamed(exchange) || candidate.exchange?.toUpperCase() === exchange;

function notOn(
  symbol: string,
  exchange: string | undefined,
  listed: ContractCandidate[],
): Resolved {
  const known = [...new Set(listed.flatMap((one) => one.exchange ?? []))].slice(0, 10).join(", ");
  return no(
    "INPUT_INVALID_CONTRACT",
    "exchange",
    "lists_symbol",
    `The broker lists no ${symbol} on ${exchange ?? "this exchange"}${known === "" ? "" : `; it lists it on ${known}`}. Name one of these, or the contract by its conid.`,
    listed.slice(0, 50),
  );
}

/** The shares of that symbol in every spelling: one of them alone may be the foreign listing. */
async function listingsOf(
  context: OperationContext,
  symbol: string,
  currency: string | undefined,
): Promise<ContractCandidate[]> {
  const named = new Map<number, ContractCandidate>();
  for (const query of spellings(symbol)) {
    const found = await findContracts(context, { query, by_name: false, currency });
    for (const candidate of found.candidates) {
      const same = levelSymbol(candidate.symbol) === levelSymbol(symbol);
      if (same && candidate.asset_class === "STK") named.set(candidate.conid, candidate);
    }
  }
  return [...named.values()];
}

async function futureBySymbol(
  context: OperationContext,
  symbol: string,
  asked: ContractAsked,
): Promise<Taken | Resolved> {
  const listed = await context.ask(futuresOf(symbol));
  const fits = listed.value.filter(
    (future) =>
      future.conid !== null &&
      (future.expirationDate ?? future.ltd)?.replaceAll("-", "") === asked.expiry,
  );
  const [one] = fits;
  if (fits.length === 1 && one !== undefined && one.conid !== null) return takenAs(one.conid);
  const all = await findContracts(context, { query: symbol, by_name: false, asset_class: "FUT" });
  return none(symbol, all.candidates.slice(0, 20));
}

async function optionBySymbol(
  context: OperationContext,
  symbol: string,
  asked: ContractAsked,
): Promise<Taken | Resolved> {
  const { expiry, strike, right } = asked;
  if (expiry === undefined || strike === undefined || right === undefined) {
    return no(
      "INPUT_INVALID_CONTRACT",
      "expiry",
      "required_for_asset_class",
      "An option needs expiry, strike and right, or its own conid.",
    );
  }
  const { currency, account_id } = asked;
  const underlying = await stockBySymbol(context, symbol, {
    currency,
    ...(account_id === undefined ? {} : { account_id }),
  });
  if ("ok" in underlying) return underlying;
  const month = monthForBroker(`${expiry.slice(0, 4)}-${expiry.slice(4, 6)}`);
  if (month === null) return none(symbol, []);
  // The broker answers about strikes only after a search for the underlying.
  await context.ask(searchContracts({ text: symbol, byName: false }), { fresh: true });
  await context.ask(strikesOf(underlying.conid, "OPT", month));
  const query = { conid: underlying.conid, secType: "OPT" as const, month, strike, right };
  const listed = await context.ask(optionInfo(query)).catch((thrown: unknown) => {
    if (thrown instanceof GatewayError && thrown.failure.code === "INPUT_INVALID_CONTRACT") {
      return null;
    }
    throw thrown;
  });
  const fits = (listed?.value ?? []).filter(
    (info) => info.conid !== null && info.maturityDate?.replaceAll("-", "") === expiry,
  );
  // Several classes may share one expiry; the one that bears the underlying's name is the usual one.
  const [one] = fits.length > 1 ? fits.filter(({ tradingClass }) => tradingClass === symbol) : fits;
  return one === undefined || one.conid === null
    ? none(symbol, [])
    : takenAs(one.conid, underlying.note);
}

function only(named: ContractCandidate[], symbol: string): Taken | Resolved {
  const [one, another] = named;
  if (one === undefined) return none(symbol, []);
  if (another === undefined) return takenAs(one.conid);
  return no(
    "INPUT_AMBIGUOUS_CONTRACT",
    "symbol",
    "unambiguous",
    `${symbol} means ${named.length} different contracts; name the one by its conid.`,
    named.slice(0, 50),
  );
}

const none = (symbol: string, candidates: ContractCandidate[]): Resolved =>
  no(
    "INPUT_INVALID_CONTRACT",
    "symbol",
    "known",
    `The broker lists no such contract under ${symbol}.`,
    candidates,
  );
