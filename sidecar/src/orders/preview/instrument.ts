import { activationAt } from "@ibkr-edge-gateway/protocol/market/activation.ts";
import { marketStateAt } from "@ibkr-edge-gateway/protocol/market/market-state.ts";
import type { Contract } from "@ibkr-edge-gateway/protocol/orders/canonical-order.ts";
import type {
  Greeks,
  InstrumentFact,
  PositionFact,
} from "@ibkr-edge-gateway/protocol/orders/ticket.ts";
import { Decimal } from "decimal.js";
import { label } from "../../client-portal/broker-text.ts";
import { isoTime } from "../../client-portal/clock.ts";
import type { SecDef } from "../../client-portal/endpoints/contracts.ts";
import { factsOf } from "../../operation-handlers/find-contracts.ts";
import { readRows } from "../../operation-handlers/market-snapshot.ts";
import { readSchedule } from "../../operation-handlers/market-view.ts";
import type { OperationContext } from "../../operation-handlers/operation-context.ts";
import { readField } from "../../operation-handlers/quote-fields.ts";
import { figure, orNull } from "../submit/market-and-account-reads.ts";

/** Reference data of one contract: when it trades, when it ends, what moves it. */
const GREEK_FIELDS = { delta: "7308", gamma: "7309", theta: "7310", vega: "7311" } as const;

export async function readInstrument(
  context: OperationContext,
  contract: Contract,
  fact: SecDef | null,
  outsideRth: boolean,
): Promise<InstrumentFact> {
  const [hours, greeks] = await Promise.all([
    readHours(context, contract.conid, outsideRth),
    contract.asset_class === "OPT" ? readGreeks(context, [contract.conid]) : null,
  ]);
  return {
    issuer: label(fact?.name, 100),
    sector: label(fact?.sector, 60),
    country: label(fact?.countryCode, 10),
    ...hours,
    days_to_expiry: daysTo(contract.expiry, context.clock.now()),
    greeks: greeks?.get(contract.conid) ?? null,
    event_before_expiry: null,
    at: isoTime(context.clock.now()),
  };
}

/** When an order for the contract can trade, by the broker's schedule; all unknown without one. */
export async function readHours(
  context: OperationContext,
  conid: number,
  outsideRth: boolean,
): Promise<
  Pick<InstrumentFact, "tradable_now" | "regular_hours" | "opens_at" | "market" | "waits">
> {
  const schedule = await readSchedule(context, conid);
  const now = context.clock.now();
  const market = marketStateAt(schedule, now);
  const { active_now, active_at, session_date } = activationAt(schedule, now, outsideRth);
  return {
    tradable_now: active_now,
    regular_hours: market.state === "unknown" ? null : market.state === "open",
    opens_at: active_at,
    market,
    waits:
      active_at === null
        ? null
        : {
            until: active_at,
            time_zone: market.time_zone,
            owner_zone: context.ownerZone?.slice(0, 40) ?? null,
            session: session_date,
          },
  };
}

function daysTo(expiry: string | null, nowMs: number): number | null {
  if (expiry === null) return null;
  const day = Date.parse(`${expiry.slice(0, 4)}-${expiry.slice(4, 6)}-${expiry.slice(6, 8)}`);
  return Number.isNaN(day) ? null : Math.ceil((day - nowMs) / 86_400_000);
}

/** Per contract; a figure that did not come is null. */
export async function readGreeks(
  context: OperationContext,
  conids: readonly number[],
): Promise<Map<number, Greeks> | null> {
  const read = await orNull(readRows(context, conids, Object.values(GREEK_FIELDS)));
  if (read === null) return null;
  return new Map(
    conids.map((conid) => {
      const value = (field: string): string | null => {
        const text = read.rows.get(conid)?.fields.get(field);
        return text === undefined ? null : figure(readField(text).value);
      };
      const { delta, gamma, theta, vega } = GREEK_FIELDS;
      return [
        conid,
        { delta: value(delta), gamma: value(gamma), theta: value(theta), vega: value(vega) },
      ];
    }),
  );
}

const MOST_OPTIONS = 50;

/** The sum over the options held, in units of the underlying; null when any of them is unknown. */
export async function readPortfolioGreeks(
  context: OperationContext,
  positions: readonly PositionFact[] | null,
): Promise<Greeks | null> {
  if (positions === null) return null;
  const options = positions.filter(({ asset_class }) => asset_class === "OPT");
  if (options.length === 0) return { delta: "0", gamma: "0", theta: "0", vega: "0" };
  if (options.length > MOST_OPTIONS) return null;
  const conids = options.map(({ conid }) => conid);
  const [known, greeks] = await Promise.all([
    orNull(factsOf(context, conids)),
    readGreeks(context, conids),
  ]);
  if (known === null || greeks === null) return null;
  const sum = (which: keyof Greeks): string | null => {
    let total = new Decimal(0);
    for (const { conid, quantity } of options) {
      const each = greeks.get(conid)?.[which] ?? null;
      const multiplier = known.facts.get(conid)?.multiplier ?? null;
      if (each === null || multiplier === null) return null;
      total = total.plus(new Decimal(each).times(quantity).times(multiplier));
    }
    return figure(total);
  };
  return { delta: sum("delta"), gamma: sum("gamma"), theta: sum("theta"), vega: sum("vega") };
}
