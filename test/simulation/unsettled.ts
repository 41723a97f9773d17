import {
  isInDoubt,
  isTerminal,
  OrderState,
} from "@ibkr-edge-gateway/protocol/orders/order-state.ts";
import { isFinished, type Order } from "@ibkr-edge-gateway/simulator/state/orders.ts";
import type { Invariant, Say, Unsettled } from "./invariants.ts";
import type { TroubleKind } from "./plan.ts";
import type { Signed } from "./signed.ts";
import type { World } from "./world.ts";

/** When all is over and nothing disturbs any more: what is not as it was promised. */
export function unsettled(
  world: World,
  posted: ReadonlySet<string>,
  changes: readonly Signed[],
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
  for (const change of changes) made(world, change, say);
  ownBook(world, posted, say);
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

/** A change counts as made where the order stands in its terms, and only there. */
function made({ object, broker }: World, { coid, order }: Signed, say: Say): void {
  const [row] = object.sql
    .exec<{ state: string }>("SELECT state FROM order_intents WHERE coid = ?", coid)
    .toArray();
  const found = broker.sim.book.orders.get(Number(order.target?.order_id));
  const wanted = order.legs[0]?.quantity;
  if (row === undefined || found === undefined || wanted == null || isFinished(found)) return;
  const state = OrderState.parse(row.state);
  if (isInDoubt(state)) return;
  const stands = found.quantity.equals(wanted);
  if (stands === isTerminal(state)) {
    const is = stands ? "made" : "not made";
    say("truth", `the object says the change ${coid} is ${state}, and at the broker it is ${is}`);
  }
}

/** What this PC sent is stated in its own book; an exit leaves also while nothing can be written. */
function ownBook({ pc, plan }: World, posted: ReadonlySet<string>, say: Say): void {
  const full = plan.troubles.some(({ kind }) => kind === "disk_full");
  if (full || pc.orders === null) return;
  const stated = pc.orders.db.prepare("SELECT coid FROM own_statements WHERE kind = 'sent'").all();
  const known = new Set(stated.map((row) => row.coid));
  for (const coid of posted) {
    if (!known.has(coid)) say("log", `${coid} was sent, and the PC's own book does not state it`);
  }
}

/** Troubles beside which the PC hears the broker's stream throughout. */
const HEARD_BESIDE: ReadonlySet<TroubleKind> = new Set([
  "line_cut",
  "line_stall",
  "pc_offline",
  "object_reset",
  "d1_down",
  "kill_switch",
  "broker_acts",
]);

/** Each execution once, and none that was not. */
function fills({ object, broker, plan }: World, say: Say): void {
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
  // The PC hears of executions by the broker's stream: what came while it was not heard is in no event.
  if (!plan.stream || plan.troubles.some(({ kind }) => !HEARD_BESIDE.has(kind))) return;
  const known = new Set(kept.map(({ execution_id }) => execution_id));
  for (const { id, order } of real.values()) {
    if (order.ref !== undefined && !known.has(id)) {
      say("events", `the fill ${id} of ${order.ref} was never told to the object`);
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
