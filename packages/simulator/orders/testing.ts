import { type Bench, type ClientAnswer, PAPER, prime } from "../testing/client.ts";

/** Helpers of the order tests. */

export const AAPL = 265598;
export const SPY = 756733;

/** A limit order far enough below the market to rest, near enough not to be asked about. */
export function resting(more: Record<string, unknown> = {}): Record<string, unknown> {
  return {
    conid: AAPL,
    side: "BUY",
    orderType: "LMT",
    tif: "GTC",
    quantity: 10,
    price: 98,
    ...more,
  };
}

/** Pins AAPL at 100 so that prices in tests mean something, and primes the session. */
export async function readyToTrade(bench: Bench): Promise<void> {
  bench.control.change({ resets: { idleMs: 0 } });
  bench.control.pin(AAPL, { last: 100, bid: 99.99, ask: 100.01 });
  await prime(bench);
}

/** Posts orders for the paper account, as a client would. */
export function postOrders(
  bench: Bench,
  ...orders: Record<string, unknown>[]
): Promise<ClientAnswer> {
  return bench.post(`/iserver/account/${PAPER}/orders`, { orders });
}

/** The first row of an answer; an answer that is an object is its own row. */
export function row(answer: ClientAnswer): Record<string, unknown> {
  const { json } = answer;
  const first: unknown = Array.isArray(json) ? json[0] : json;
  return typeof first === "object" && first !== null ? { ...first } : {};
}

/** Answers the question of an earlier answer. */
export function postReply(
  bench: Bench,
  question: ClientAnswer,
  confirmed: unknown = true,
): Promise<ClientAnswer> {
  return bench.post(`/iserver/reply/${String(row(question).id)}`, { confirmed });
}

/** Submits and says Yes to everything; gives the order's id and what was asked. */
export async function submitAll(
  bench: Bench,
  ...orders: Record<string, unknown>[]
): Promise<{ id: number; asked: string[]; last: ClientAnswer }> {
  let last = await postOrders(bench, ...orders);
  const asked: string[] = [];
  while (row(last).id !== undefined) {
    const ids = row(last).messageIds;
    asked.push(Array.isArray(ids) ? String(ids[0]) : "");
    last = await postReply(bench, last);
  }
  return { id: Number(row(last).order_id), asked, last };
}

/** The rows of the order list, by id. */
export async function listed(bench: Bench): Promise<Map<number, Record<string, unknown>>> {
  const { json } = await bench.get("/iserver/account/orders");
  const rows = typeof json === "object" && json !== null && "orders" in json ? json.orders : [];
  return new Map((Array.isArray(rows) ? rows : []).map((one) => [one.orderId, one]));
}

/** An order's status in the list of live orders; `undefined` as text when it is not in it. */
export async function orderStatusOf(bench: Bench, id: number): Promise<string> {
  return String((await listed(bench)).get(id)?.status);
}
