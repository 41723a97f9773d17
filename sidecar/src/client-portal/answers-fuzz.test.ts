import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { GatewayError } from "@ibkr-edge-gateway/protocol/errors.ts";
import { describe, expect, it } from "vitest";
import {
  changed,
  type Dice,
  destroyed,
  dice,
  type Kind,
  type Mutated,
} from "../../../test/fuzz/mutations.ts";
import { quoteFrom } from "../operation-handlers/quote-fields.ts";
import { accountMeta } from "./endpoints/accounts.ts";
import { alertDetail, alertsOf } from "./endpoints/alerts.ts";
import { allocationOf } from "./endpoints/allocation.ts";
import { performanceOf, transactionsOf } from "./endpoints/analyst.ts";
import { portfolioLedger, portfolioSummary } from "./endpoints/balances.ts";
import { contractFacts, searchContracts } from "./endpoints/contracts.ts";
import { notices } from "./endpoints/notices.ts";
import { strikesOf } from "./endpoints/option-contracts.ts";
import { orderStatus } from "./endpoints/order-status.ts";
import { liveOrders } from "./endpoints/orders.ts";
import { pnlPartitioned } from "./endpoints/pnl.ts";
import { realtimePositions, settledPositions } from "./endpoints/positions.ts";
import { snapshotLook } from "./endpoints/quotes.ts";
import { trades } from "./endpoints/trades.ts";
import { tradingSchedule } from "./endpoints/trading-schedule.ts";
import { watchlist, watchlists } from "./endpoints/watchlists.ts";
import { readAuthStatus, readPrime, readSso, readTickle } from "./session/read-auth.ts";
import { readFrame } from "./stream/frames.ts";
import { countUnread } from "./unreadable-values.ts";
import { parseWireJson } from "./wire-json.ts";

/**
 * Every recorded answer, changed in one place. What is destroyed is null and counted; what becomes
 * another value is that value, by an oracle that shares nothing with the readers; and nothing beside
 * it changes. FUZZ_CASES sets how many (3,000 without it), FUZZ_SEED where they begin.
 */
const CASES = Number(process.env.FUZZ_CASES ?? "3000");
const SEED = Number(process.env.FUZZ_SEED ?? "20261130");
const ROOT = join(import.meta.dirname, "../../../test/fixtures/cpapi");
const A = "U1234567";

const FILES = readdirSync(ROOT, { recursive: true, encoding: "utf8" })
  .filter((name) => name.endsWith(".json"))
  .sort();
const bodyOf = (name: string): unknown => {
  const file: { Response: { Body: unknown } } = JSON.parse(readFileSync(join(ROOT, name), "utf8"));
  return file.Response.Body;
};

type Path = readonly (string | number)[];
interface Subject {
  file: string;
  decode(json: unknown): unknown;
  kinds: Readonly<Record<string, Kind>>;
  /** Where a leaf of the answer stands once it is decoded. */
  to?(path: Path): Path;
  /** Quotes list what is missing instead. */
  uncounted?: true;
}

const money = (...keys: string[]): Record<string, Kind> =>
  Object.fromEntries(keys.map((key) => [key, "money" as const]));
const rest: Subject["to"] = (path) => path.slice(1);

const SUBJECTS: readonly Subject[] = [
  {
    file: "Orders/GET-live-orders.json",
    decode: liveOrders().decode,
    kinds: {
      orderId: "id",
      conid: "conid",
      price: "price",
      avgPrice: "price",
      totalSize: "size",
      filledQuantity: "size",
      remainingQuantity: "size",
      lastExecutionTime_r: "time",
    },
  },
  {
    file: "Orders/GET-order-status.json",
    decode: orderStatus("1").decode,
    kinds: {
      order_id: "id",
      conid: "conid",
      price: "price",
      avg_fill_price: "price",
      total_size: "size",
      filled_quantity: "size",
      remaining_quantity: "size",
      outside_rth: "flag",
      cannot_cancel_order: "flag",
    },
  },
  {
    file: "Orders/GET-trades.json",
    decode: trades(1).decode,
    kinds: {
      ...money("price", "commission", "net_amount"),
      execution_id: "id",
      conid: "conid",
      size: "size",
      trade_time_r: "time",
    },
  },
  {
    file: "Portfolio/GET-portfolio2-positions.json",
    decode: realtimePositions(A).decode,
    kinds: {
      ...money("marketPrice", "marketValue", "avgCost", "avgPrice", "realizedPnl", "unrealizedPnl"),
      conid: "conid",
      position: "quantity",
    },
  },
  {
    file: "Portfolio/GET-portfolio-positions-page0.json",
    decode: settledPositions(A, 0).decode,
    kinds: {
      ...money("mktPrice", "mktValue", "avgCost", "avgPrice", "realizedPnl", "unrealizedPnl"),
      conid: "conid",
      position: "quantity",
      strike: "term",
      multiplier: "term",
      expiry: "day",
    },
  },
  {
    file: "Portfolio/GET-portfolio-summary.json",
    decode: portfolioSummary(A).decode,
    kinds: { amount: "money", isNull: "flag" },
  },
  {
    file: "Portfolio/GET-portfolio-ledger.json",
    decode: portfolioLedger(A).decode,
    kinds: {
      ...money("cashbalance", "settledcash", "netliquidationvalue", "stockmarketvalue", "interest"),
      exchangerate: "rate",
    },
  },
  {
    file: "Portfolio/GET-iserver-account-pnl-partitioned.json",
    decode: pnlPartitioned.decode,
    kinds: money("dpl", "nl", "upl", "mv", "el", "uel"),
    to: rest,
  },
  {
    file: "Portfolio/POST-pa-transactions.json",
    decode: transactionsOf({ accountId: A, conid: 1, currency: "USD", days: 1 }).decode,
    kinds: {
      ...money("pr", "amt"),
      qty: "quantity",
      fxRate: "rate",
      conid: "conid",
      rawDate: "day",
    },
  },
  {
    file: "Contracts/GET-trsrv-secdef.json",
    decode: contractFacts([1]).decode,
    kinds: { conid: "conid", strike: "term", multiplier: "term", expiry: "day", isUS: "flag" },
    to: rest,
  },
  {
    file: "MarketData/GET-snapshot.json",
    decode: (json) =>
      snapshotLook([1], [])
        .decode(json)
        .map((row) => {
          const { values } = quoteFrom(1, row, ["last", "bid", "ask", "high", "low"], undefined);
          return {
            31: values.last,
            84: values.bid,
            86: values.ask,
            70: values.high,
            71: values.low,
          };
        }),
    kinds: { 31: "price", 84: "price", 86: "price", 70: "price", 71: "price" },
    uncounted: true,
  },
];

/** The recorded day of this account had no profit and loss: what its documents show stands in. */
const STAND_IN: Readonly<Record<string, unknown>> = {
  "Portfolio/GET-iserver-account-pnl-partitioned.json": {
    upnl: {
      [`${A}.Core`]: { rowType: 1, dpl: -12.34, nl: 15700.5, upl: 607.0, el: 15700.0, mv: 0.0 },
    },
  },
};

interface Leaf {
  path: Path;
  kind: Kind;
}

function leaves(value: unknown, kinds: Subject["kinds"], path: Path = []): Leaf[] {
  if (Array.isArray(value)) {
    return value.flatMap((item, index) => leaves(item, kinds, [...path, index]));
  }
  if (typeof value !== "object" || value === null) return [];
  return Object.entries(value).flatMap(([key, item]): Leaf[] => {
    const kind = Object.hasOwn(kinds, key) ? kinds[key] : undefined;
    if (kind !== undefined) return [{ path: [...path, key], kind }];
    return leaves(item, kinds, [...path, key]);
  });
}

/** What stands at a path; null where nothing does. */
function at(value: unknown, path: Path): unknown {
  let here = value;
  for (const step of path) {
    if (here instanceof Map) here = here.get(step) ?? here.get(String(step).toLowerCase());
    else if (typeof here === "object" && here !== null) here = Reflect.get(here, step);
    else return null;
  }
  return here ?? null;
}

const MARK = "\u0001the mutated value\u0001";

/** The answer's text with one value replaced by JSON of its own, or its key left out. */
function textWith(body: unknown, path: Path, json: string | null): string {
  const copy: unknown = structuredClone(body);
  const holder = at(copy, path.slice(0, -1));
  const key = path.at(-1);
  if (typeof holder !== "object" || holder === null || key === undefined) {
    throw new Error("a path that leads nowhere");
  }
  if (json === null) Reflect.deleteProperty(holder, key);
  else Reflect.set(holder, key, MARK);
  return JSON.stringify(copy).replace(JSON.stringify(MARK), () => json ?? "");
}

interface Ready extends Subject {
  body: unknown;
  leaves: Leaf[];
  before: { value: unknown; unread: number };
}
const READY: Ready[] = SUBJECTS.map((subject) => {
  const body = STAND_IN[subject.file] ?? bodyOf(subject.file);
  const read = () => subject.decode(parseWireJson(JSON.stringify(body)));
  return { ...subject, body, leaves: leaves(body, subject.kinds), before: countUnread(read) };
});

/** Prices of quotes are put on their tick: of those with many digits the last may differ. */
const exact = ({ uncounted }: Subject, value: Mutated["expected"]): boolean =>
  uncounted === undefined || typeof value !== "string" || value.length <= 9;

/** A suffix and a per cent are read where displays write them. */
const displays = ({ uncounted }: Subject, mutated: Mutated): boolean =>
  uncounted === true && mutated.name === "a suffix";

function tryOne(roll: Dice): string | null {
  const subject = roll.of(READY);
  const leaf = roll.of(subject.leaves);
  const mutated = roll.below(2) === 0 ? destroyed(leaf.kind, roll) : changed(leaf.kind, roll);
  if (displays(subject, mutated)) return null;
  const text = textWith(subject.body, leaf.path, mutated.json);
  const after = countUnread(() => subject.decode(parseWireJson(text)));
  const place = (path: Path): Path => subject.to?.(path) ?? path;
  const said = `${subject.file} ${leaf.path.join(".")} ${mutated.name}`;
  const got = at(after.value, place(leaf.path));
  if (got !== mutated.expected && exact(subject, mutated.expected)) {
    return `${said}: ${JSON.stringify(got)} instead of ${JSON.stringify(mutated.expected)}`;
  }
  const more = after.unread - subject.before.unread;
  if (mutated.counted && subject.uncounted === undefined && more < 1) return `${said}: not counted`;
  // A row without its id is in no list; there it is counted as lost.
  if (leaf.path.at(-1) === "orderId" && got === null) return null;
  for (const other of subject.leaves) {
    if (other === leaf) continue;
    const now = at(after.value, place(other.path));
    if (now !== at(subject.before.value, place(other.path))) {
      return `${said}: ${other.path.join(".")} became ${JSON.stringify(now)}`;
    }
  }
  return null;
}

describe("recorded answers, changed in one place", () => {
  it("have something to change, and as they are hold nothing that cannot be read", () => {
    for (const { file, leaves: found, before } of READY) {
      expect(found.length, file).toBeGreaterThan(2);
      expect([file, before.unread]).toEqual([file, 0]);
    }
  });

  it(`become what an oracle says, and nothing else (${CASES} cases from seed ${SEED})`, () => {
    const wrong: string[] = [];
    for (let n = 0; n < CASES && wrong.length < 20; n += 1) {
      const found = tryOne(dice(SEED + n));
      if (found !== null) wrong.push(`case ${SEED + n}: ${found}`);
    }
    expect(wrong).toEqual([]);
  }, 600_000);

  it("are the same with their rows listed twice, or in another order", () => {
    const ids = (json: unknown) =>
      liveOrders()
        .decode(json)
        .orders.map(({ orderId }) => orderId)
        .sort();
    const body = bodyOf("Orders/GET-live-orders.json");
    const [row] = at(body, ["orders"]) as object[];
    const two = { orders: [row, { ...row, orderId: 2 }], snapshot: true };
    const [first, second] = two.orders;
    expect(ids({ orders: [second, first, second, first], snapshot: true })).toEqual(ids(two));
  });
});

const READS: readonly ((json: unknown) => unknown)[] = [
  ...SUBJECTS.map(({ decode }) => decode),
  accountMeta(A).decode,
  alertsOf(A).decode,
  alertDetail("1").decode,
  allocationOf(A).decode,
  performanceOf(A, "1M").decode,
  searchContracts({ text: "X", byName: false }).decode,
  notices(10).decode,
  strikesOf(1, "OPT", "APR26").decode,
  tradingSchedule(1).decode,
  watchlist("1").decode,
  watchlists.decode,
  readAuthStatus,
  readTickle,
  readSso,
  readPrime,
];

const NONSENSE = ["null", "{}", "[]", '"x"', "1e300", "-1", "true", '"\\u202e9"', "[[null]]"];

/** Any place of any answer, whatever its reader makes of it; also cut off in the middle. */
function spoil(text: string, roll: Dice): string {
  if (roll.below(4) === 0) return text.slice(0, roll.below(text.length));
  const values = [
    ...text.matchAll(/(?<=[:[,])("(?:[^"\\]|\\.)*"|-?\d[\d.eE+-]*|true|false|null)/g),
  ];
  if (values.length === 0) return text;
  const one = roll.of(values);
  const from = one.index;
  return text.slice(0, from) + roll.of(NONSENSE) + text.slice(from + one[0].length);
}

it(`whatever stands in any recorded answer, no reader fails but with a type (${CASES} cases)`, () => {
  const texts = FILES.map((file) => JSON.stringify(bodyOf(file)));
  const small = texts.filter((text) => text.length < 20_000);
  const wrong: string[] = [];
  for (let n = 0; n < CASES && wrong.length < 20; n += 1) {
    const roll = dice(SEED + 1_000_000_000 + n);
    const text = spoil(roll.of(small), roll);
    try {
      readFrame(text);
      roll.of(READS)(parseWireJson(text));
    } catch (error) {
      const typed = error instanceof GatewayError && error.failure.code !== "INTERNAL";
      if (!typed && !(error instanceof SyntaxError)) wrong.push(`case ${n}: ${String(error)}`);
    }
  }
  expect(wrong).toEqual([]);
}, 600_000);
