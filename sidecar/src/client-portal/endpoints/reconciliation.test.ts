import { createClock } from "@ibkr-edge-gateway/simulator/clock.ts";
import { createLimiter } from "@ibkr-edge-gateway/simulator/http/limits.ts";
import { handleRequest } from "@ibkr-edge-gateway/simulator/http/pipeline.ts";
import type { Instrument } from "@ibkr-edge-gateway/simulator/market/instrument.ts";
import { settingsFrom } from "@ibkr-edge-gateway/simulator/options.ts";
import { fill, place } from "@ibkr-edge-gateway/simulator/orders/order-lifecycle.ts";
import { parseOrder } from "@ibkr-edge-gateway/simulator/orders/parse-order.ts";
import { splitShares } from "@ibkr-edge-gateway/simulator/orders/share-split.ts";
import { ROUTES } from "@ibkr-edge-gateway/simulator/routes/all.ts";
import { createSimulator, type Simulator } from "@ibkr-edge-gateway/simulator/simulator.ts";
import { startLoggedIn } from "@ibkr-edge-gateway/simulator/state/session.ts";
import { Decimal } from "decimal.js";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { judgeAnswer } from "../answer-verdict.ts";
import type { Ask } from "../portal-interface.ts";
import { portfolioLedger, portfolioSummary } from "./balances.ts";
import { pnlPartitioned } from "./pnl.ts";
import { type RealtimePosition, realtimePositions, settledPositions } from "./positions.ts";
import { trades } from "./trades.ts";

/**
 * Random days of trading: fills in pieces, fees, four currencies, options, futures, currency pairs,
 * and splits. After each day every figure that our decoders give is compared with a second book that knows
 * nothing of averages: it keeps each share as it was bought, in lots, and takes a part of every lot
 * when some are sold; and with what must hold of any book, whoever keeps it.
 */
const ACCOUNT = "DU4815162";
const DAY_MS = 86_400_000;
const DAYS_PER_LIFE = 20;
/** Fifty are a thousand days; `npm run verify:long` lives 250. */
const LIVES = Number(process.env.RECONCILED_LIVES ?? "10");
const Exact = Decimal.clone({ precision: 60 });
type Exact = Decimal;

const PAIR = 12087792;
const SHARES = [265598, 756733, 14204, 273982664, 13905765] as const;
const START_CASH: Readonly<Record<string, string>> = { USD: "971869.60", EUR: "5000.00" };

interface Lot {
  quantity: Exact;
  price: Exact;
}

/** The second book of one contract. Short lots have quantities below zero. */
class Lots {
  lots: Lot[] = [];
  /** All that was bought, less all that was sold. */
  quantity: Exact = new Exact(0);
  realized: Exact = new Exact(0);
  /** All that was ever paid, what was sold taken off; and what was held at first at its cost. */
  paid: Exact = new Exact(0);
  readonly factor: number;
  readonly currency: string;

  constructor(instrument: Instrument) {
    this.factor = instrument.multiplier === 0 ? 1 : instrument.multiplier;
    this.currency = instrument.currency;
  }

  /** What was paid for what is held. */
  get cost(): Exact {
    const sum = this.lots.reduce(
      (all, { quantity, price }) => all.plus(quantity.times(price)),
      new Exact(0),
    );
    return sum.times(this.factor);
  }

  take(signed: Exact, price: Exact): Exact {
    this.paid = this.paid.plus(signed.times(price).times(this.factor));
    const held = this.quantity;
    this.quantity = held.plus(signed);
    if (held.isZero() || held.isPositive() === signed.isPositive()) {
      this.lots.push({ quantity: signed, price });
      return new Exact(0);
    }
    // What is closed comes from every lot, each in its share.
    const closed = Exact.min(held.abs(), signed.abs());
    let gained = new Exact(0);
    for (const lot of this.lots) {
      const part = lot.quantity.times(closed).div(held.abs());
      gained = gained.plus(part.times(price.minus(lot.price)));
      lot.quantity = lot.quantity.minus(part);
    }
    if (closed.equals(held.abs())) this.lots = [];
    const left = signed.abs().minus(closed);
    if (left.gt(0)) this.lots.push({ quantity: signed.isPositive() ? left : left.neg(), price });
    const money = gained.times(this.factor);
    this.realized = this.realized.plus(money);
    return money;
  }

  split(ratio: Exact): void {
    this.quantity = this.quantity.times(ratio);
    for (const lot of this.lots) {
      lot.quantity = lot.quantity.times(ratio);
      lot.price = lot.price.div(ratio);
    }
  }
}

/** One account's second book. */
class SecondBook {
  readonly held = new Map<number, Lots>();
  readonly cash = new Map<string, Exact>(
    Object.entries(START_CASH).map(([currency, amount]) => [currency, new Exact(amount)]),
  );
  readonly realized = new Map<string, Exact>();

  of(instrument: Instrument): Lots {
    const found = this.held.get(instrument.conid) ?? new Lots(instrument);
    this.held.set(instrument.conid, found);
    return found;
  }

  add(purse: Map<string, Exact>, currency: string, amount: Exact): void {
    purse.set(currency, (purse.get(currency) ?? new Exact(0)).plus(amount));
  }

  fill(instrument: Instrument, signed: Exact, price: Exact, fee: Exact): void {
    const { currency, secType } = instrument;
    this.add(this.cash, currency, fee.neg());
    if (secType === "CASH") {
      this.add(this.cash, instrument.symbol, signed);
      this.add(this.cash, currency, signed.times(price).neg());
      return;
    }
    const lots = this.of(instrument);
    const gained = lots.take(signed, price);
    this.add(this.realized, currency, gained.minus(fee));
    // A future is paid for as it gains or loses; all else when it is bought.
    const flow = secType === "FUT" ? gained : signed.times(price).times(lots.factor).neg();
    this.add(this.cash, currency, flow);
  }
}

interface Trade {
  which: number;
  buys: boolean;
  size: number;
  /** Of the market's price, in thousandths. */
  at: number;
  /** How many pieces it is filled in. */
  pieces: number;
}
interface Day {
  trades: Trade[];
  split: { which: number; ratio: number } | null;
}

const trade: fc.Arbitrary<Trade> = fc.record({
  which: fc.integer({ min: 0, max: 8 }),
  buys: fc.boolean(),
  size: fc.integer({ min: 1, max: 300 }),
  at: fc.integer({ min: 970, max: 1030 }),
  pieces: fc.integer({ min: 1, max: 3 }),
});
const day: fc.Arbitrary<Day> = fc.record({
  trades: fc.array(trade, { maxLength: 5 }),
  split: fc.option(
    fc.record({
      which: fc.integer({ min: 0, max: SHARES.length - 1 }),
      ratio: fc.constantFrom(2, 3, 4, 10, 0.5, 0.1),
    }),
    { freq: 6 },
  ),
});

/** One broker in this process, and what is traded there. */
class Life {
  readonly sim: Simulator;
  readonly book = new SecondBook();
  readonly #limiter: ReturnType<typeof createLimiter>;
  readonly #traded: readonly Instrument[];
  /** Executions and their fees so far, to compare with what the list of trades says. */
  fills: { conid: number; size: Exact; price: Exact }[] = [];

  constructor(seed: number) {
    const settings = settingsFrom({
      seed,
      marketHours: "always",
      behaviours: {
        limits: { enabled: false },
        coldReads: {
          accountsFirst: false,
          trades: false,
          positions: false,
          pnl: false,
          orders: false,
        },
      },
    });
    this.sim = createSimulator(settings, createClock("virtual", settings.startAt));
    this.#limiter = createLimiter(this.sim);
    startLoggedIn(this.sim);
    const { market } = this.sim;
    const listed = [...SHARES, PAIR].map((conid) => market.find(conid));
    const future = market.futures("ES").at(-1);
    const option = market.options(found(market.find(756733))).at(-1);
    const call = market.options(found(market.find(265598))).at(-2);
    this.#traded = [...listed, future, option, call].map(found);
    for (const position of this.sim.world.accounts.get(ACCOUNT)?.positions.values() ?? []) {
      const lots = this.book.of(found(market.find(position.conid)));
      const quantity = new Exact(position.quantity);
      const price = new Exact(position.averagePrice);
      lots.lots.push({ quantity, price });
      lots.quantity = quantity;
      lots.paid = lots.paid.plus(quantity.times(price).times(lots.factor));
    }
  }

  read<T>(ask: Ask<T>): T {
    const { answer } = handleRequest(this.sim, ROUTES, this.#limiter, {
      method: ask.method ?? "GET",
      path: ask.path,
      query: new URLSearchParams(ask.query),
      headers: { "user-agent": "test" },
      bodyText: ask.body === undefined ? "" : JSON.stringify(ask.body),
      effects: { silentDrop: false, hideMs: 0 },
    });
    const verdict = judgeAnswer(answer);
    if (verdict.kind !== "ok") throw new Error(`${ask.path}: ${JSON.stringify(verdict)}`);
    return ask.decode(verdict.json);
  }

  trade({ which, buys, size, at, pieces }: Trade): void {
    const instrument = found(this.#traded[which]);
    const { sim } = this;
    const small = instrument.secType === "FUT" || instrument.secType === "OPT";
    const whole = small ? Math.ceil(size / 100) : instrument.secType === "CASH" ? size * 100 : size;
    const side = buys ? "BUY" : "SELL";
    const future = { manualIndicator: true, extOperator: "owner" };
    const body = {
      conid: instrument.conid,
      side,
      orderType: "MKT",
      tif: "DAY",
      quantity: whole,
      ...(instrument.secType === "FUT" ? future : {}),
    };
    const parsed = parseOrder(sim, ACCOUNT, body);
    if ("refused" in parsed) throw new Error(`${parsed.refused.text} of ${JSON.stringify(body)}`);
    const [order] = place(sim, [{ ...parsed.draft, ref: undefined }], undefined, "tws");
    if (order === undefined) throw new Error("not placed");
    let left = whole;
    for (let piece = Math.min(pieces, whole); piece > 0; piece--) {
      const part = piece === 1 ? left : Math.floor(left / piece);
      left -= part;
      const price = sim.market
        .quote(instrument)
        .last.mul(at + piece)
        .div(1000)
        .toDP(4);
      fill(sim, order, instrument, new Decimal(part), price);
      this.fills.push({ conid: instrument.conid, size: new Exact(part), price: new Exact(price) });
      // The fee is the one that the list of trades tells: cash and trades must agree on it.
      const [latest] = this.read(trades(1));
      expect(latest).toMatchObject({ conid: instrument.conid, side: buys ? "B" : "S" });
      near(latest?.size, new Exact(part), 0, "size");
      near(latest?.price, new Exact(price), 0, "price");
      const fee = new Exact(latest?.commission ?? "NaN");
      expect(fee.gt(0)).toBe(true);
      this.book.fill(instrument, new Exact(buys ? part : -part), new Exact(price), fee);
    }
  }

  split({ which, ratio }: { which: number; ratio: number }): void {
    const conid = found(SHARES[which]);
    splitShares(this.sim, conid, ratio);
    this.book.held.get(conid)?.split(new Exact(ratio));
  }
}

function found<T>(value: T | undefined): T {
  if (value === undefined) throw new Error("not listed");
  return value;
}

/** Equal to what the wire can say: `within` in money, and a double's or a float's last digit. */
function near(shown: string | null | undefined, wanted: Exact, within: number, what: string): void {
  const off = new Exact(shown ?? "NaN").minus(wanted).abs();
  const allowed = new Exact(within).plus(wanted.abs().times("1e-7"));
  if (!off.lte(allowed))
    expect(shown, `${what}, off by ${off.toSD(4)}`).toBe(wanted.toSD(15).toString());
}

const CENT = 0.0051;

function checkPositions(life: Life): { value: Map<string, Exact>; unrealized: Map<string, Exact> } {
  const fast = new Map(life.read(realtimePositions(ACCOUNT)).map((row) => [row.conid, row]));
  const settled = life.read(settledPositions(ACCOUNT, 0));
  expect(settled.length).toBe(life.book.held.size);
  expect(fast.size).toBe(life.book.held.size);
  const value = new Map<string, Exact>();
  const unrealized = new Map<string, Exact>();
  for (const row of settled) {
    const lots = found(life.book.held.get(row.conid ?? 0));
    const what = `${row.contractDesc} ${row.currency}`;
    const price = new Exact(row.mktPrice ?? "NaN");
    const worth = lots.quantity.times(price).times(lots.factor);
    const profit = worth.minus(lots.cost);
    near(row.position, lots.quantity, 1e-9, `${what} position`);
    near(row.mktValue, worth, CENT, `${what} value`);
    near(row.unrealizedPnl, profit, CENT, `${what} unrealized`);
    near(row.realizedPnl, lots.realized, CENT, `${what} realized`);
    // Whatever way a profit is told apart: all of it is what it is worth less what was paid.
    near(
      new Exact(row.realizedPnl ?? "NaN").plus(row.unrealizedPnl ?? "NaN").toString(),
      worth.minus(lots.paid),
      2 * CENT,
      `${what} whole profit`,
    );
    checkRealtime(found(fast.get(row.conid)), lots, price, what);
    const kind = `${row.currency} ${row.assetClass}`;
    value.set(kind, (value.get(kind) ?? new Exact(0)).plus(worth));
    unrealized.set(kind, (unrealized.get(kind) ?? new Exact(0)).plus(profit));
  }
  return { value, unrealized };
}

function checkRealtime(row: RealtimePosition, lots: Lots, price: Exact, what: string): void {
  near(row.position, lots.quantity, 1e-9, `${what} realtime position`);
  near(row.marketPrice, price, 0, `${what} realtime price`);
  near(row.marketValue, lots.quantity.times(price).times(lots.factor), 0, `${what} realtime value`);
  near(row.realizedPnl, lots.realized, 1e-6, `${what} realtime realized`);
  if (lots.quantity.isZero()) return;
  const average = lots.cost.div(lots.quantity);
  near(row.avgCost, average, 1e-6, `${what} average cost`);
  near(row.avgPrice, average.div(lots.factor), 1e-6, `${what} average price`);
}

function checkDay(life: Life): void {
  const { value, unrealized } = checkPositions(life);
  const ledger = life.read(portfolioLedger(ACCOUNT));
  const none = new Exact(0);
  let net = none;
  let cashInBase = none;
  let unrealizedInBase = none;
  // The rates shown have seven decimals: a book of many yen feels the eighth.
  let rounded = new Exact("0.01");
  const currencies = [...ledger.keys()].filter((currency) => currency !== "BASE");
  expect(new Set(currencies)).toEqual(
    new Set([
      ...life.book.cash.keys(),
      ...[...life.book.held.values()].map((lots) => lots.currency),
    ]),
  );
  for (const currency of currencies) {
    const row = found(ledger.get(currency));
    const part = (of: Map<string, Exact>, kind: string): Exact =>
      of.get(`${currency} ${kind}`) ?? none;
    const cash = life.book.cash.get(currency) ?? none;
    const profit = ["STK", "OPT", "FUT"].reduce(
      (all, kind) => all.plus(part(unrealized, kind)),
      none,
    );
    const worth = cash
      .plus(part(value, "STK"))
      .plus(part(value, "OPT"))
      .plus(part(unrealized, "FUT"));
    near(row.cashbalance, cash, CENT, `${currency} cash`);
    near(row.settledcash, cash, CENT, `${currency} settled cash`);
    near(row.stockmarketvalue, part(value, "STK"), CENT, `${currency} shares`);
    near(row.stockoptionmarketvalue, part(value, "OPT"), CENT, `${currency} options`);
    near(row.futuresonlypnl, part(unrealized, "FUT"), CENT, `${currency} futures`);
    near(row.unrealizedpnl, profit, CENT, `${currency} unrealized`);
    near(row.realizedpnl, life.book.realized.get(currency) ?? none, CENT, `${currency} realized`);
    near(row.netliquidationvalue, worth, CENT, `${currency} net`);
    const rate = new Exact(row.exchangerate ?? "NaN");
    checkRate(life, currency, rate);
    net = net.plus(worth.times(rate));
    cashInBase = cashInBase.plus(cash.times(rate));
    unrealizedInBase = unrealizedInBase.plus(profit.times(rate));
    const largest = Exact.max(worth.abs(), cash.abs(), profit.abs());
    if (currency !== "USD") rounded = rounded.plus(largest.times("0.51e-7"));
  }
  checkTotals(life, { net, cashInBase, unrealizedInBase, rounded: rounded.toNumber(), ledger });
}

/** The rate is that of the pair at the market: `EUR.USD` says it, `USD.JPY` says it the other way round. */
function checkRate(life: Life, currency: string, rate: Exact): void {
  const between = [currency, "USD"].toSorted().join();
  const pair = life.sim.market.listed.find(
    (one) => one.secType === "CASH" && [one.symbol, one.currency].toSorted().join() === between,
  );
  const price = pair === undefined ? 1 : life.sim.market.quote(pair).last;
  const product = pair?.symbol === currency ? rate.div(price) : rate.times(price);
  near(product.toString(), new Exact(1), 1e-5, `${currency} rate`);
}

function checkTotals(
  life: Life,
  wanted: {
    net: Exact;
    cashInBase: Exact;
    unrealizedInBase: Exact;
    rounded: number;
    ledger: ReturnType<ReturnType<typeof portfolioLedger>["decode"]>;
  },
): void {
  const base = found(wanted.ledger.get("BASE"));
  const summary = life.read(portfolioSummary(ACCOUNT));
  const pnl = found(life.read(pnlPartitioned).get(`${ACCOUNT}.Core`));
  const { rounded } = wanted;
  near(base.netliquidationvalue, wanted.net, rounded, "net in base");
  near(base.cashbalance, wanted.cashInBase, rounded, "cash in base");
  near(base.unrealizedpnl, wanted.unrealizedInBase, rounded, "unrealized in base");
  const net = new Exact(base.netliquidationvalue ?? "NaN");
  near(summary.get("netliquidation")?.amount, net, 0, "net of the summary");
  near(pnl.nl, net, 0, "net of the P&L");
  near(pnl.upl, new Exact(base.unrealizedpnl ?? "NaN"), 0, "unrealized of the P&L");
  const cash = new Exact(base.cashbalance ?? "NaN");
  near(summary.get("totalcashvalue")?.amount, cash, 0, "cash of the summary");
}

describe("every figure that we give is the broker's own", () => {
  it(`over ${LIVES * DAYS_PER_LIFE} random days of trading, with fees, splits and currencies`, async () => {
    let days = 0;
    let splits = 0;
    let fills = 0;
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 1, max: 1_000_000 }),
        fc.array(day, { minLength: DAYS_PER_LIFE, maxLength: DAYS_PER_LIFE }),
        async (seed, month) => {
          const life = new Life(seed);
          for (const { trades: todays, split } of month) {
            if (split !== null) life.split(split);
            for (const one of todays) life.trade(one);
            // The older view of positions trails a fill by seconds.
            await life.sim.clock.advance(DAY_MS);
            checkDay(life);
            days += 1;
            splits += split === null ? 0 : 1;
          }
          fills += life.fills.length;
        },
      ),
      { numRuns: LIVES, seed: 20261201, endOnFailure: true },
    );
    expect(days).toBeGreaterThanOrEqual(LIVES * DAYS_PER_LIFE);
    // Seen to have happened: some two trades a day in pieces, a split each week.
    expect(splits).toBeGreaterThan(days / 20);
    expect(fills).toBeGreaterThan(2 * days);
  });
});
