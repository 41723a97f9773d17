import { SLIPPAGE_LEAST_BPS } from "@ibkr-edge-gateway/protocol/limits.ts";
import type { Order } from "@ibkr-edge-gateway/protocol/operation-schemas/orders-list.ts";
import type { Contract, Leg } from "@ibkr-edge-gateway/protocol/orders/canonical-order.ts";
import { Decimal, dec, OrderDecimal } from "@ibkr-edge-gateway/protocol/orders/decimal.ts";
import { valueAtRisk } from "@ibkr-edge-gateway/protocol/orders/value-at-risk.ts";
import { factsOf } from "../../operation-handlers/find-contracts.ts";
import type { OperationContext } from "../../operation-handlers/operation-context.ts";
import { contractOf } from "../preview/resolve-contract.ts";
import { orNull } from "./market-and-account-reads.ts";

/**
 * What a working order puts at risk, by the broker's row of it and the terms of its contract, in base
 * currency; null when it cannot be said. The row does not say whether it closes something, so that it
 * counts as opening; nor in what unit its prices are, and a price magnifier only ever makes a value
 * less: as the row stands it is the most.
 */
export function workingValue(
  order: Order,
  remaining: string,
  contract: Contract | null,
  rate: string | undefined,
): string | null {
  if (contract === null || rate === undefined || order.side === null) return null;
  const limit = price(order.limit_price);
  const stop = price(order.stop_price);
  const order_type = limit === null ? "STP" : stop === null ? "LMT" : "STOP_LIMIT";
  const leg: Leg = {
    role: "single",
    contract,
    side: order.side === "buy" ? "BUY" : "SELL",
    order_type,
    quantity: remaining,
    cash_quantity: null,
    limit_price: limit,
    stop_price: stop,
    trailing: null,
    time_in_force: "DAY",
    outside_rth: false,
  };
  const risk = valueAtRisk(
    {
      v: 1,
      action: "place",
      structure: "single",
      account_id: order.account_id,
      mode: "live",
      legs: [leg],
      target: null,
      reduce_only: false,
    },
    {
      market: null,
      slippageBps: new Decimal(SLIPPAGE_LEAST_BPS),
      effect: null,
      quotedUnits: new Decimal(1),
    },
  );
  return risk.known
    ? risk.value.times(dec(rate)).toDecimalPlaces(12, Decimal.ROUND_UP).toFixed()
    : null;
}

const price = (text: string | null): string | null =>
  text !== null && OrderDecimal.safeParse(text).success && dec(text).greaterThan(0) ? text : null;

/** The contracts of working orders: of shares the row says enough, of the rest their terms are read. */
export async function contractsOf(
  context: OperationContext,
  orders: readonly Order[],
): Promise<ReadonlyMap<number, Contract>> {
  const contracts = new Map<number, Contract>();
  const asked: number[] = [];
  for (const { conid, asset_class, currency, symbol } of orders) {
    if (conid === null) continue;
    if (asset_class !== "STK") asked.push(conid);
    else if (currency !== null) {
      contracts.set(conid, {
        conid,
        symbol: symbol ?? "",
        asset_class,
        exchange: "SMART",
        listing_exchange: null,
        currency,
        multiplier: "1",
        expiry: null,
        strike: null,
        right: null,
      });
    }
  }
  const read = asked.length === 0 ? null : await orNull(factsOf(context, asked));
  for (const [conid, fact] of read?.facts ?? []) {
    const contract = contractOf(conid, fact);
    if (contract !== null) contracts.set(conid, contract);
  }
  return contracts;
}
