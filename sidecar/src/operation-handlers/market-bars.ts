import { counted } from "@ibkr-edge-gateway/protocol/counted-words.ts";
import { failure, GatewayError } from "@ibkr-edge-gateway/protocol/errors.ts";
import { priceOnTick, tickAt } from "@ibkr-edge-gateway/protocol/market/float-noise.ts";
import type { Availability } from "@ibkr-edge-gateway/protocol/operation-schemas/field-types.ts";
import { marketBars } from "@ibkr-edge-gateway/protocol/operation-schemas/market-bars.ts";
import { Decimal } from "decimal.js";
import { label } from "../client-portal/broker-text.ts";
import { isoTime } from "../client-portal/clock.ts";
import { type History, historyOf } from "../client-portal/endpoints/history.ts";
import { LIMITS } from "../client-portal/limits.ts";
import { barSeconds, brokerTime, checkPeriod } from "./bar-window.ts";
import { factsOf } from "./find-contracts.ts";
import { provenance } from "./operation-context.ts";
import { serve } from "./operation-handler.ts";
import { availabilityOf } from "./quote-fields.ts";

export const serveMarketBars = serve(marketBars, async (context, input) => {
  checkPeriod(input.period, input.bar);
  const end = input.end === undefined ? null : Date.parse(input.end);
  if (end !== null && (Number.isNaN(end) || end > context.clock.now() + 60_000)) {
    throw new GatewayError(
      failure("INPUT_INVALID_TIME_RANGE", "The end of the window must not lie in the future."),
    );
  }
  const [known, answer] = await Promise.all([
    factsOf(context, [input.conid]),
    context.ask(
      historyOf({
        conid: input.conid,
        bar: input.bar,
        period: input.period,
        outsideRth: input.outside_rth,
        ...(end === null ? {} : { end: brokerTime(end) }),
      }),
    ),
  ]);
  const history = answer.value;
  const expected = barSeconds(input.bar);
  if (expected !== null && history.barLength !== null && history.barLength !== expected) {
    throw new GatewayError(
      failure(
        "HISTORICAL_BARS_UNAVAILABLE",
        "The broker answered with bars of another length than asked for.",
      ),
      `asked ${expected} s, got ${history.barLength} s`,
    );
  }
  const fact = known.facts.get(input.conid);
  const bands = fact?.incrementRules ?? [];
  const price = (value: string | null): string | null =>
    value === null ? null : priceOnTick(value, tickAt(bands, value));
  const factor = history.volumeFactor ?? "1";
  const bars = history.data
    .flatMap((bar) => (bar.t === null ? [] : [{ ...bar, t: bar.t }]))
    .toSorted((a, b) => a.t - b.t)
    .map((bar) => ({
      at: isoTime(bar.t),
      open: price(bar.o),
      high: price(bar.h),
      low: price(bar.l),
      close: price(bar.c),
      volume: bar.v === null ? null : new Decimal(bar.v).times(factor).toFixed(),
    }));
  const notes =
    bars.length < history.data.length
      ? [`Left out: ${counted(history.data.length - bars.length, "bar")} without a time.`]
      : [];
  return {
    conid: input.conid,
    symbol: label(fact?.ticker ?? history.symbol, 100),
    currency: fact?.currency ?? null,
    bar: input.bar,
    delay_s: history.mktDataDelay === null ? null : Math.max(0, history.mktDataDelay),
    availability: availabilityOfBars(history, bars.length > 0),
    bars,
    truncated: bars.length >= LIMITS.historyPoints,
    ...provenance(context, [answer], notes),
  };
});

/** Bars have a letter of their own, S for streaming; a delay in seconds speaks louder than either. */
function availabilityOfBars(history: History, any: boolean): Availability {
  if (!any) return "none";
  if (history.mktDataDelay !== null && history.mktDataDelay > 0) return "delayed";
  if (history.mdAvailability?.[0] === "S") return history.mktDataDelay === 0 ? "live" : "unknown";
  return availabilityOf(history.mdAvailability, true);
}
