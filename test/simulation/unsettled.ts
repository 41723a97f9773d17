import { isInDoubt, OrderState } from "@ibkr-edge-gateway/protocol/orders/order-state.ts";
import type { Order } from "@ibkr-edge-gateway/simulator/state/orders.ts";
import type { Invariant, Say, Unsettled } from "./invariants.ts";
import type { World } from "./world.ts";

/** When all is over and nothing disturbs any more: what is not as it was promised. */
export function unsettled(
  world: World,
  posted: ReadonlySet<string>,
  troubled: boolean,
): Unsettled[] {
  const found: Unsettled[] = [];
  const say = (invariant: Invariant, what: string): void => void found.push({ invariant, what });
  const { object, pc } = world;
  const store = pc.orders;
  if (store === null) {
    say("failure", "the PC is not running in the end");
    return found;
  }
  const { sql } = object;
  const rows = sql
    .exec<{ coid: string; state: string; action: string; job_id: string }>(
      "SELECT coid, state, action, job_id FROM order_intents",
    )
    .toArray();
  for (const { coid, state, action } of rows) {
    if (action !== "place") continue;
    const told = OrderState.parse(state);
    const record = store.intent(coid);
    agrees(world, "the object", coid, told, troubled, say);
    if (record !== null) agrees(world, "the PC", coid, record.state, troubled, say);
    if (
      record?.sent === true &&
      !posted.has(coid) &&
      record.state !== "rejected" &&
      !isInDoubt(record.state)
    ) {
      say("truth", `the PC says ${coid} is ${record.state}; it was never at the broker`);
    }
  }
  for (const coid of posted) {
    if (!rows.some((row) => row.coid === coid)) {
      say("truth", `${coid} was at the broker and the object does not know it`);
    }
    if (store.intent(coid) === null) {
      say("truth", `${coid} was at the broker and the PC has no record of it`);
    }
  }
  fills(world, say);
  log(world, posted, say);
  return found;
}

/** What one end says of an order against what the broker says. */
function agrees(
  world: World,
  where: string,
  coid: string,
  state: OrderState,
  troubled: boolean,
  say: Say,
): void {
  const [order] = atBroker(world, coid);
  const bad = (is: string) =>
    say("truth", `${where} says ${coid} is ${state}; at the broker it is ${is}`);
  if (state === "needs_owner") {
    if (!troubled) bad(order?.status ?? "not there");
    return;
  }
  if (order === undefined) {
    if (state !== "rejected") bad("not there");
    return;
  }
  const { status } = order;
  const fits =
    status === "Filled"
      ? state === "filled"
      : status === "Cancelled"
        ? state === "cancelled" || state === "expired"
        : status === "Inactive"
          ? state === "rejected" || (order.filled.gt(0) && state === "cancelled")
          : state === "working" || state === "partially_filled" || state === "accepted";
  if (!fits) bad(status);
}

/** Each execution once, and none that was not. */
function fills({ object, broker }: World, say: Say): void {
  const kept = object.sql
    .exec<{ execution_id: string; coid: string | null; quantity: string; price: string }>(
      "SELECT execution_id, coid, quantity, price FROM order_fills",
    )
    .toArray();
  const real = new Map(broker.sim.book.executions.map((one) => [one.id, one]));
  for (const { execution_id, quantity, price } of kept) {
    const one = real.get(execution_id);
    if (one === undefined || !one.size.equals(quantity) || !one.price.equals(price)) {
      say(
        "events",
        `a fill ${execution_id} of ${quantity} at ${price} that the broker does not know`,
      );
    }
  }
}

function log({ object, d1 }: World, posted: ReadonlySet<string>, say: Say): void {
  const { sql } = object;
  const events = sql
    .exec<{ seq: number; event: string }>("SELECT seq, event FROM audit_log ORDER BY seq")
    .toArray();
  const submitted = new Map<string, number>();
  for (const [at, { seq, event }] of events.entries()) {
    if (seq !== at + 1) say("log", `event ${seq} stands at place ${at + 1}`);
    const { type, meta } = JSON.parse(event);
    if (type !== "order.submitted") continue;
    const coid = String(meta?.coid);
    submitted.set(coid, (submitted.get(coid) ?? 0) + 1);
  }
  for (const [coid, times] of submitted) {
    if (times > 1) say("log", `${coid} stands in the log ${times} times`);
  }
  for (const coid of posted) {
    if (!submitted.has(coid)) say("log", `${coid} was at the broker and is not in the log`);
  }
  const copied = d1.database.prepare("SELECT seq, event FROM audit_events ORDER BY seq").all();
  for (const [at, row] of copied.entries()) {
    if (row.event !== events[at]?.event) say("log", `the copy differs at event ${at + 1}`);
  }
  if (copied.length < events.length - 5) {
    say("log", `${events.length - copied.length} events were not copied`);
  }
}

/** Orders at the broker under this reference that are not lost to everybody. */
export const atBroker = ({ broker }: World, coid: string): Order[] =>
  [...broker.sim.book.orders.values()].filter(({ ref, lost }) => ref === coid && !lost);
