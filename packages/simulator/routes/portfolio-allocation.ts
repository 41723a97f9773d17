import { failed, ok, type SimAnswer } from "../http/exchange.ts";
import { double, type WireJson } from "../json.ts";
import type { Simulator } from "../simulator.ts";
import type { Account } from "../state/accounts.ts";
import { balances } from "../state/valuation.ts";

/** The worth of some accounts' positions by asset class, sector and group; a 500 when there are none. */
export function allocation(sim: Simulator, accounts: readonly Account[]): SimAnswer {
  const groups = { assetClass: sides(), sector: sides(), group: sides() };
  let positions = 0;
  for (const account of accounts) {
    const { base } = balances(sim.market, account);
    for (const [conid, { quantity }] of account.positions) {
      const instrument = sim.market.find(conid);
      if (instrument === undefined || quantity.isZero()) continue;
      positions += 1;
      const value = quantity.mul(sim.market.quote(instrument).last).toDP(2).toNumber();
      add(groups.assetClass, instrument.secType, value);
      add(groups.sector, instrument.sector ?? "Others", value);
      add(groups.group, instrument.group ?? "Others", value);
    }
    add(groups.assetClass, "CASH", base.cash.toDP(2).toNumber());
  }
  if (positions === 0) return failed(500, "Internal Server Error");
  return ok({
    assetClass: doubles(groups.assetClass),
    sector: doubles(groups.sector),
    group: doubles(groups.group),
  });
}

interface Sides {
  long: Record<string, number>;
  short: Record<string, number>;
}

function sides(): Sides {
  return { long: {}, short: {} };
}

function add(target: Sides, key: string, value: number): void {
  const side = value < 0 ? target.short : target.long;
  side[key] = (side[key] ?? 0) + value;
}

function doubles(target: Sides): WireJson {
  const one = (side: Record<string, number>): WireJson =>
    Object.fromEntries(
      Object.entries(side).map(([key, value]) => [key, double(Number(value.toFixed(2)))]),
    );
  return { long: one(target.long), short: one(target.short) };
}
