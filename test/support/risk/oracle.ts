/**
 * What an order can lose, worked out from the payoff of the position it leaves and from nothing
 * else: every price that the order may trade at is tried against every price that the underlying
 * may end at. Written from the payoff tables of the instruments, in plain numbers, so that it shares
 * neither a line nor an idea with the function it judges. For tests alone.
 */
export type Instrument =
  | { kind: "share" }
  | { kind: "future"; multiplier: number }
  | { kind: "put" | "call"; multiplier: number; strike: number };

export interface Deal {
  instrument: Instrument;
  side: "buy" | "sell";
  /** Shares or contracts. */
  units: number;
  /** Prices the order may trade at, each in the currency. */
  fills: readonly number[];
  /** It only gives up what is held: then nothing is opened. */
  closes?: boolean;
}

export interface Judged {
  /** The most that is lost with the underlying anywhere from nothing to ten times as high. */
  loss: number;
  /** The loss still grows at the upper end: no price is the worst. */
  endless: boolean;
  /** The most that is lost when the underlying at most doubles. */
  lossUpToDouble: number;
}

const STEPS_PER_START = 40;
const TIMES = 10;

export function judge(deal: Deal): Judged {
  if (deal.closes === true) {
    // Closing gives up what is held for nothing, or pays the price: the price is all there is.
    const paid = Math.max(...deal.fills.map(Math.abs)) * deal.units * per(deal.instrument);
    return { loss: paid, endless: false, lossUpToDouble: paid };
  }
  let loss = 0;
  let lossUpToDouble = 0;
  let endless = false;
  for (const fill of deal.fills) {
    const start = startOf(deal.instrument, fill);
    const at = (end: number): number =>
      -result(deal.instrument, deal.side, fill, end) * deal.units * per(deal.instrument);
    for (let step = 0; step <= STEPS_PER_START * TIMES; step += 1) {
      const end = (start * step) / STEPS_PER_START;
      loss = Math.max(loss, at(end));
      if (step <= STEPS_PER_START * 2) lossUpToDouble = Math.max(lossUpToDouble, at(end));
    }
    endless ||= at(start * TIMES) > at(start * (TIMES - 1));
  }
  return { loss, endless, lossUpToDouble };
}

/** Of one unit, before the multiplier: what the position is worth at the end, less what it cost. */
function result(instrument: Instrument, side: Deal["side"], fill: number, end: number): number {
  const long = worth(instrument, end) - fill;
  return side === "buy" ? long : -long;
}

function worth(instrument: Instrument, end: number): number {
  switch (instrument.kind) {
    case "share":
    case "future":
      return end;
    case "call":
      return Math.max(end - instrument.strike, 0);
    case "put":
      return Math.max(instrument.strike - end, 0);
  }
}

/**
 * Where the underlying stands when the order trades. Of an option it is not said; a call is worth at
 * least what the underlying stands above its strike, so it stands at strike and price at most.
 */
function startOf(instrument: Instrument, fill: number): number {
  switch (instrument.kind) {
    case "share":
    case "future":
      return fill;
    case "put":
      return instrument.strike;
    case "call":
      return instrument.strike + fill;
  }
}

const per = (instrument: Instrument): number =>
  instrument.kind === "share" ? 1 : instrument.multiplier;
