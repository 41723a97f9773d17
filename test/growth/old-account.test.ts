import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, expect, it } from "vitest";
import { fromRoot } from "../../scripts/lib/paths.ts";
import { type OrderChain, small, startOrderChain } from "../support/order-chain.ts";
import { ceremonyOn } from "../support/software-passkey.ts";
// fixed date: it gives each row its days from now.
import { type Age, fill } from "./fill.ts";

/**
 * What an account costs when it is old, beside what it costs when it is young: the rows that its
 * object reads, as workerd counts them, for each call, step of an order, page, alarm, turn of pruning
 * and start, through every real part. Both have kept enough to fill a page of each list, so that they
 * differ in age alone. `npm run verify:long -- --part growth` does it with the large one.
 */
const LARGE = process.env.GROWTH === "large";
const YOUNG: Age = { orders: 60, clients: 240, mandates: 50, leaves: LARGE ? 400 : 0 };
const OLD: Age = LARGE
  ? { orders: 20_000, clients: 2_000, mandates: 50, leaves: 100_000 }
  : { orders: 2_000, clients: 600, mandates: 50, leaves: 0 };
const RATIO_MAX = 1.3;
/** A search that halves what is left takes a few rows more in a longer log. */
const SLACK_ROWS = 40;
/** Of steps that reach the broker: how often the PC tells of the order meanwhile is not always the same. */
const TOLD_SLACK_ROWS: Readonly<Record<string, number>> = { submit: 300, cancel: 300 };
/** What pruning reads in a turn is bounded by itself: 200 of each table, and what hangs on them. */
const PRUNE_ROWS_MAX = 4_000;
/** An order's leaf is looked for among those of so much time around it. */
const LOOKED_FOR_WITHIN_MS = 5_500;
/** One order of each: a newcomer's limits let no order be repeated. */
const CONIDS = { model: 265598, young: 272093, old: 8314 } as const;

interface Statement {
  sql: string;
  alarm: boolean;
  read: number;
  written: number;
}
interface Cost {
  read: number;
  written: number;
  ms: number;
}

let chain: OrderChain;
beforeAll(async () => {
  chain = await startOrderChain({ entry: fromRoot("test/growth/worker/metering-worker.js") });
}, 120_000);
afterAll(() => chain.close());

/** The long run says how far it is. */
const say = (what: string): void => {
  if (LARGE) console.error(`${new Date().toISOString()} ${what}`);
};

const statements = async (): Promise<Statement[]> => {
  const response = await fetch(`${chain.gateway.url}/__rows`);
  // The meter's own answer.
  return (await response.json()) as Statement[];
};

/** The least of three: what the PC tells meanwhile is no part of it. */
async function cheapest(act: () => Promise<unknown>): Promise<Cost> {
  const tries = [await cost(act), await cost(act), await cost(act)];
  return tries.reduce((least, one) => (one.read < least.read ? one : least));
}

const sum = (all: readonly Statement[], ms: number): Cost => ({
  read: all.reduce((rows, { read }) => rows + read, 0),
  written: all.reduce((rows, { written }) => rows + written, 0),
  ms: Math.round(ms),
});

/** What comes by the alarm meanwhile is counted by itself. */
async function cost(act: () => Promise<unknown>): Promise<Cost> {
  await statements();
  const began = performance.now();
  await act();
  const ms = performance.now() - began;
  const all = (await statements()).filter(({ alarm }) => !alarm);
  return sum(all, ms);
}

const ring = () =>
  fetch(`${chain.gateway.url}/__ring?account=${encodeURIComponent(chain.accountId)}`);

/** One alarm, but for the copying of the log, which is as much as is new. */
async function alarmCost(): Promise<Cost> {
  await ring();
  await statements();
  const began = performance.now();
  await ring();
  const ms = performance.now() - began;
  const rung = (await statements()).filter(({ alarm, sql }) => alarm && !/audit_/.test(sql));
  expect(rung.length).toBeGreaterThan(0);
  return sum(rung, ms);
}

const sql = (query: string) => chain.gateway.sql("Account", chain.accountId, query);

/** A whole order; the cost of each step, the submit's until the order works. */
async function order(conid: number, key: string): Promise<Record<string, Cost>> {
  const { agent, broker } = chain;
  const call = (tool: string, args: Record<string, unknown>) => agent.call(tool, args);
  const probe = await call("ibkr_order_preview", small(broker, { conid, limit_price: "1.00" }));
  const { bid, last, prior_close } = probe.preview.market;
  const limit_price = (Number(bid ?? last ?? prior_close) * 0.985).toFixed(2);
  const costs: Record<string, Cost> = {};
  // biome-ignore lint/suspicious/noExplicitAny: an answer of the agent's, whose form is not what is tested
  let told: any = null;
  costs.preview = await cost(async () => {
    told = await call("ibkr_order_preview", small(broker, { conid, limit_price }));
  });
  const { preview_id } = told.preview;
  costs.ask = await cost(async () => {
    told = await call("ibkr_approvals_create", { account_id: broker, preview_id });
  });
  const { approval_id } = told.approval;
  costs.approve = await cost(async () => {
    const asking = await chain.page(`/approvals/${approval_id}`);
    const response = chain.passkey.use(ceremonyOn(asking));
    await chain.form(`/approvals/${approval_id}/approve`, { response });
  });
  const submit = () =>
    call("ibkr_paper_order_submit", { account_id: broker, approval_id, idempotency_key: key });
  costs.submit = await cost(async () => {
    told = await submit();
    if (told.order === null) throw new Error(JSON.stringify(told.refusals));
    await untilWorking(told.order.order_ref);
  });
  costs.replay = await cheapest(submit);
  const [numbered] = await sql(
    `SELECT order_id FROM order_numbers WHERE coid = '${told.order.order_ref}'`,
  );
  costs.cancel = await cost(() =>
    call("ibkr_paper_order_cancel", {
      account_id: broker,
      order_id: String(numbered?.order_id),
      idempotency_key: `${key}-cancel`,
    }),
  );
  return costs;
}

async function untilWorking(ref: string): Promise<void> {
  for (const end = Date.now() + 30_000; Date.now() < end; await sleep(50)) {
    const [row] = await sql(`SELECT state FROM order_intents WHERE coid = '${ref}'`);
    if (row?.state === "working" || row?.state === "filled") return;
  }
  throw new Error(`${ref} was not seen at the broker`);
}

const PAGES = [
  ...["/", "/orders", "/approvals", "/audit", "/clients", "/trading", "/mandates"],
  ...["/mandates/new", "/security", "/sidecars"],
];

async function costs(conid: number, key: string): Promise<Record<string, Cost>> {
  const { agent } = chain;
  const found: Record<string, Cost> = await order(conid, key);
  for (const tool of ["ibkr_backend_status", "ibkr_accounts_list", "ibkr_audit_tail"]) {
    found[tool] = await cheapest(() => agent.call(tool));
  }
  for (const page of PAGES) found[page] = await cheapest(() => chain.page(page));
  // The first alarm reads the broker's book, which takes a quarter of a minute.
  if (!LARGE) return found;
  say("pages are read");
  found.alarm = await alarmCost();
  say("the alarm rang");
  await chain.gateway.evict(chain.accountId, "hibernate");
  found.start = await cost(() => agent.call("ibkr_backend_status"));
  return found;
}

/** A turn of pruning with half of the orders old enough to go. */
async function pruneTurn(): Promise<Cost> {
  const older = 20 * 86_400_000;
  for (const [table, columns] of Object.entries({
    order_intents: ["created_at", "updated_at", "ended_at"],
    order_approvals: ["created_at", "expires_at"],
    order_previews: ["created_at", "expires_at"],
    order_keys: ["used_at"],
  })) {
    const set = columns.map((column) => `${column} = ${column} - ${older}`).join(", ");
    await sql(`UPDATE ${table} SET ${set} WHERE ${columns[0]} < ${Date.now() - 4 * 86_400_000}`);
  }
  await sql("UPDATE order_chores SET at = 0 WHERE chore = 'prune'");
  await statements();
  const before = await kept();
  await ring();
  const all = (await statements()).filter(({ alarm }) => alarm);
  const first = all.findIndex(({ sql: text }) => text.startsWith("DELETE FROM order_intents"));
  const last = all.findIndex(({ sql: text }) => text.startsWith("DELETE FROM order_stops"));
  expect(await kept()).toBeLessThan(before);
  return sum(all.slice(Math.max(0, first - 20), last + 1), 0);
}

const kept = async (): Promise<number> =>
  Number((await sql("SELECT COUNT(*) AS kept FROM order_intents"))[0]?.kept);

it("an old account's calls, orders, pages, alarms and starts read as many rows as a young one's", async () => {
  const { gateway, accountId } = chain;
  await order(CONIDS.model, "growth-model-0001");
  const loosened = await chain.limits({
    "cumulative.max_orders_per_second": "",
    "cumulative.max_orders_per_minute": "",
    "cumulative.max_messages_per_minute": "",
    "data.fat_finger_quantity_times": "",
    "data.fat_finger_notional_times": "",
  });
  expect(loosened.status).toBeLessThan(400);
  const none: Age = { orders: 0, clients: 0, mandates: 0, leaves: 0 };
  await fill(gateway, accountId, none, YOUNG);
  say("young");
  if (LARGE) await sleep(LOOKED_FOR_WITHIN_MS);
  const young = await costs(CONIDS.young, "growth-young-0001");
  say("measured young");
  await fill(gateway, accountId, YOUNG, OLD);
  say("old");
  if (LARGE) await sleep(LOOKED_FOR_WITHIN_MS);
  const old = await costs(CONIDS.old, "growth-old-00001");

  const table = Object.entries(old).map(([act, { read, written, ms }]) => {
    const before = young[act] ?? { read: 0, written: 0, ms: 0 };
    const ratio = (read / Math.max(1, before.read)).toFixed(2);
    return { act, young: before.read, old: read, ratio, written, young_ms: before.ms, old_ms: ms };
  });
  if (LARGE) console.table(table);
  const grown = table.filter(
    (row) => row.old > row.young * RATIO_MAX + (TOLD_SLACK_ROWS[row.act] ?? SLACK_ROWS),
  );
  expect(grown).toEqual([]);

  if (!LARGE) return;
  const turn = await pruneTurn();
  console.log("a turn of pruning:", turn);
  expect(turn.read).toBeLessThan(PRUNE_ROWS_MAX);
}, 600_000);
