/** The usual model of a European option; good enough to make prices and greeks that hang together. */
export interface Greeks {
  price: number;
  delta: number;
  gamma: number;
  /** Per day. */
  theta: number;
  /** Per point of volatility. */
  vega: number;
}

const RATE = 0.036;

function density(x: number): number {
  return Math.exp((-x * x) / 2) / Math.sqrt(2 * Math.PI);
}

/** The standard normal distribution, to about 1e-7 (Abramowitz and Stegun 26.2.17). */
function cumulative(x: number): number {
  const t = 1 / (1 + 0.2316419 * Math.abs(x));
  const tail =
    density(x) *
    t *
    (0.31938153 + t * (-0.356563782 + t * (1.781477937 + t * (-1.821255978 + t * 1.330274429))));
  return x >= 0 ? 1 - tail : tail;
}

/** Volatility rises away from the money, more so below it. */
export function smile(volatility: number, spot: number, strike: number): number {
  const distance = Math.log(strike / spot);
  return volatility * (1 + 1.4 * distance * distance - 0.35 * distance);
}

/**
 * The price of a European option and its greeks. `years` to expiry, at least a minute of them;
 * `volatility` is a year's, 0.2 for 20 %. Floats: the simulator's prices are not money.
 */
export function blackScholes(
  right: "C" | "P",
  spot: number,
  strike: number,
  years: number,
  volatility: number,
): Greeks {
  const time = Math.max(years, 1 / (365 * 24 * 60));
  const spread = volatility * Math.sqrt(time);
  const d1 = (Math.log(spot / strike) + (RATE + (volatility * volatility) / 2) * time) / spread;
  const d2 = d1 - spread;
  const discount = Math.exp(-RATE * time);
  const sign = right === "C" ? 1 : -1;
  const price = sign * (spot * cumulative(sign * d1) - strike * discount * cumulative(sign * d2));
  const decay =
    (-spot * density(d1) * volatility) / (2 * Math.sqrt(time)) -
    sign * RATE * strike * discount * cumulative(sign * d2);
  return {
    price: Math.max(price, 0),
    delta: right === "C" ? cumulative(d1) : cumulative(d1) - 1,
    gamma: density(d1) / (spot * spread),
    theta: decay / 365,
    vega: (spot * density(d1) * Math.sqrt(time)) / 100,
  };
}
