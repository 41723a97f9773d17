import { isTerminal, OrderState } from "@ibkr-edge-gateway/protocol/orders/order-state.ts";
import type { Seen } from "./broker-model.ts";
import { type Invariant, type Unsettled, Violation } from "./invariants.ts";
import { LimitsKept } from "./limits-kept.ts";
import { isExit, type Signed } from "./signed.ts";
import { AGAIN, codes, type Told } from "./told.ts";
import { atBroker, unsettled } from "./unsettled.ts";
import type { World } from "./world.ts";

interface Outcome {
  orders: { order_id: string | null }[];
}

/** Watches one world, step by step, and says when a promise is broken. It never helps either end. */
export class Judge {
  readonly #world: World;
  readonly #signed = new Map<string, Signed>();
  readonly #answered = new Map<string, number>();
  readonly #denied = new Set<string>();
  readonly #keys = new Map<string, string>();
  /** POSTs of orders, by the reference they bore. */
  readonly #posted = new Map<string, Seen>();
  readonly #limits: LimitsKept;
  readonly #changed = new Map<string, number>();
  readonly #wanted = new Map<string, number>();
  /** Exits that were approved and asked to be sent, by their approval, and since when. */
  readonly #exits = new Map<string, number>();
  readonly #states = new Map<string, OrderState>();
  #rows = -1;
  /** Since when the object's switch, and the PC's own, are engaged. */
  #objectSwitch: number | null = null;
  #pcSwitch: { at: number; step: number } | null = null;
  /** Since when nothing disturbs the world. */
  calmSince = 0;

  constructor(world: World) {
    this.#world = world;
    this.calmSince = world.scheduler.now;
    const broken = (invariant: Invariant, what: string) => this.broken(invariant, what);
    this.#limits = new LimitsKept(world, broken, (coid) => this.#states.get(coid));
    world.broker.onSeen = (seen) => this.#seen(seen);
    world.onFrame = (direction, text) => {
      if (direction === "to_pc") this.#frame(text);
    };
  }

  fail(invariant: Invariant, what: string): never {
    throw new Violation(invariant, this.#world.scheduler.step, what);
  }

  signs(signed: Signed): void {
    this.#signed.set(signed.coid, signed);
  }

  answers(coid: string): void {
    this.#answered.set(coid, (this.#answered.get(coid) ?? 0) + 1);
  }

  denied(approvalId: string): void {
    this.#denied.add(approvalId);
  }

  /** What an agent heard under a key: one order, always the same, and no refusal after it. */
  keySaid(key: string, { ok, result, why }: Told): void {
    const ref = result?.order?.order_ref;
    const before = this.#keys.get(key);
    if (typeof ref === "string") {
      if (before !== undefined && before !== ref) {
        this.broken("once", `key ${key} stood for ${before} and now for ${ref}`);
      }
      this.#keys.set(key, ref);
    } else if (before !== undefined && (ok || !AGAIN.has(why ?? ""))) {
      this.broken("once", `key ${key} stood for ${before} and is refused: ${why ?? codes(result)}`);
    }
  }

  wantsCancel(orderId: string): void {
    this.#wanted.set(orderId, this.#world.scheduler.now);
  }

  /** An approved order is to be sent now; watched when it is an exit. */
  wantsExit(approvalId: string): void {
    const signed = this.#ofApproval(approvalId);
    if (signed === undefined || !isExit(signed)) return;
    this.#exits.set(approvalId, this.#world.scheduler.now);
  }

  /** The agent was told that an approved order is not sent, and by which codes. */
  refused(approvalId: string, codes: string): void {
    const signed = this.#ofApproval(approvalId);
    if (signed === undefined || !isExit(signed)) return;
    this.#exits.delete(approvalId);
    this.exitRefused(signed.coid, codes);
  }

  /** What stops entries stops no exit: no switch, no rate, no loss, no cap. */
  exitRefused(what: string, codes: string): void {
    const blocking = codes.split(",").filter((code) => ENTRIES_ONLY.test(code));
    // Without the position, or beyond it, a sale is no exit that anybody could know of.
    if (blocking.length === 0 || NOT_KNOWN_AS_EXIT.test(codes)) return;
    this.broken("exits", `${what}, an exit, was refused by ${blocking.join()}`);
  }

  #ofApproval(approvalId: string): Signed | undefined {
    return [...this.#signed.values()].find((signed) => signed.approvalId === approvalId);
  }

  objectSwitch(engaged: boolean): void {
    this.#objectSwitch = engaged ? (this.#objectSwitch ?? this.#world.scheduler.now) : null;
  }

  pcSwitch(engaged: boolean): void {
    const { now: at, step } = this.#world.scheduler;
    this.#pcSwitch = engaged ? (this.#pcSwitch ?? { at, step }) : null;
  }

  /** The first promise that was broken; what found it may have been caught on its way. */
  violation: Violation | null = null;

  broken(invariant: Invariant, what: string): void {
    this.violation ??= new Violation(invariant, this.#world.scheduler.step, what);
  }

  /** What is kept of an order at the object, in its own words. */
  outcomeOf(coid: string | null): Outcome | null {
    if (coid === null) return null;
    const [row] = this.#world.object.sql
      .exec<{ outcome: string | null }>("SELECT outcome FROM order_intents WHERE coid = ?", coid)
      .toArray();
    return row?.outcome == null ? null : JSON.parse(row.outcome);
  }

  /** Called after each step. */
  afterStep(): void {
    const { sql } = this.#world.object;
    const rows = sql.rowsWritten();
    if (rows !== this.#rows) {
      this.#rows = rows;
      for (const { coid, state, withdraws } of sql
        .exec<{ coid: string; state: string; withdraws: string | null }>(
          "SELECT coid, state, withdraws FROM order_intents",
        )
        .toArray()) {
        this.#cancelDone(coid, OrderState.parse(state), withdraws);
        this.#moved(this.#states, "the object", coid, OrderState.parse(state));
      }
    }
    for (const [orderId, since] of this.#wanted) this.#cancelHeld(orderId, since);
    for (const [approvalId, since] of this.#exits) this.#exitHeld(approvalId, since);
  }

  /** What the states of open orders are now, for whoever counts what met what. */
  openStates(): Set<OrderState> {
    return new Set([...this.#states.values()].filter((state) => !isTerminal(state)));
  }

  statesSeen(): Iterable<OrderState> {
    return this.#states.values();
  }

  #moved(known: Map<string, OrderState>, where: string, coid: string, state: OrderState): void {
    const before = known.get(coid);
    if (before === state) return;
    known.set(coid, state);
    this.onState(state);
    const found = atBroker(this.#world, coid);
    const standing = found.some(({ status }) => !ENDED.includes(status));
    if (isTerminal(state) && standing) {
      this.broken("ends", `${where} says that ${coid} is ${state}, and it stands at the broker`);
    }
    if (before === undefined || !isTerminal(before)) return;
    const alive = standing || found.some(({ status }) => status === "Filled");
    const filled = found.some((order) => order.filled.gt(0));
    if (before === "filled" || !(alive || filled || state === "cancelled")) {
      this.broken("ends", `${where} moved ${coid} from ${before} to ${state} without proof`);
    }
  }

  /** A cancel is done when its order has ended, and not when it was asked for. */
  #cancelDone(coid: string, state: OrderState, target: string | null): void {
    if (target === null || state !== "cancelled" || this.#states.get(coid) === state) return;
    const { orders } = this.#world.broker.sim.book;
    const order = orders.get(Number(target)) ?? atBroker(this.#world, target)[0];
    if (order !== undefined && !order.lost && !ENDED.includes(order.status)) {
      this.broken("ends", `the object says the cancel of ${target} is done, and it stands`);
    }
  }

  onState: (state: OrderState) => void = () => {};

  /** A cancel that nothing stands in the way of is at the broker soon. */
  #cancelHeld(orderId: string, since: number): void {
    const { scheduler, broker, pc } = this.#world;
    if (scheduler.now - since < CANCEL_BOUND_MS) return;
    this.#wanted.delete(orderId);
    const calm = this.calmSince < since - 180_000;
    if (!calm || !pc.linked || pc.session?.state !== "ready") return;
    const there = broker.seen.some(
      ({ method, path, at }) =>
        method === "DELETE" && path.endsWith(`/order/${orderId}`) && at >= since,
    );
    const order = broker.sim.book.orders.get(Number(orderId));
    const over = order === undefined || ENDED.includes(order.status);
    if (!there && !over) {
      this.broken(
        "exits",
        `the cancel of ${orderId} is not at the broker after ${CANCEL_BOUND_MS} ms`,
      );
    }
  }

  /** An exit that nothing stands in the way of is at the broker soon, or was refused with a reason. */
  #exitHeld(approvalId: string, since: number): void {
    const { scheduler, pc } = this.#world;
    const coid = this.#ofApproval(approvalId)?.coid ?? "";
    const posted = this.#posted.get(coid);
    if (posted !== undefined || this.#states.get(coid) === "rejected") {
      this.#exits.delete(approvalId);
      return;
    }
    // A question about another exit that is not at the broker yet holds it: the owner's answer, or its
    // end, lets it go on. One about a change does not: the order that was to be changed stands. One
    // about an entry does not either: it makes way.
    if (this.#asksAboutAnExit()) {
      this.#exits.set(approvalId, scheduler.now);
      return;
    }
    if (scheduler.now - since < EXIT_BOUND_MS) return;
    this.#exits.delete(approvalId);
    const calm = this.calmSince < since - 180_000;
    if (!calm || !pc.linked || pc.session?.state !== "ready") return;
    this.broken("exits", `the exit ${coid} is not at the broker after ${EXIT_BOUND_MS} ms`);
  }

  #asksAboutAnExit(): boolean {
    return [...this.#signed.values()].some(
      (other) =>
        isExit(other) &&
        other.order.action !== "modify" &&
        this.#states.get(other.coid) === "awaiting_confirmation",
    );
  }

  /** A frame leaves the object for the PC. */
  #frame(text: string): void {
    if (this.#objectSwitch === null || !text.includes('"job.submit"')) return;
    const { payload } = JSON.parse(text);
    if (payload.operation !== "order.place" && payload.operation !== "order.modify") return;
    const signed = this.#signed.get(payload.input.coid);
    if (signed === undefined || isExit(signed)) return;
    this.broken("switch", `an entry left for the PC while the gateway's switch was engaged`);
  }

  #seen(seen: Seen): void {
    const { method, path, body } = seen;
    if (method !== "POST") return;
    if (/^\/iserver\/account\/[^/]+\/orders$/.test(path)) this.#order(seen, JSON.parse(body));
    const change = /^\/iserver\/account\/[^/]+\/order\/([^/]+)$/.exec(path)?.[1];
    if (change !== undefined) this.#change(seen, change, JSON.parse(body));
    if (path.startsWith("/iserver/reply/")) this.#reply(JSON.parse(body));
  }

  #order(seen: Seen, body: { orders: Record<string, unknown>[] }): void {
    const coid = String(body.orders[0]?.cOID);
    const signed = this.#signed.get(coid);
    if (signed === undefined) {
      this.broken("approved", `nobody signed ${coid}`);
      return;
    }
    const before = this.#posted.get(coid);
    if (before !== undefined)
      this.broken("once", `${coid} was sent at step ${before.step} already`);
    this.#posted.set(coid, seen);
    this.#stillValid(signed);
    const { order } = signed;
    if (order.action !== "place" || body.orders.length !== order.legs.length) {
      this.broken("as_signed", `${coid} has another form than what was signed`);
    }
    for (const [at, leg] of order.legs.entries()) {
      const sent = body.orders[at] ?? {};
      const price = leg.limit_price ?? leg.stop_price;
      const same =
        sent.acctId === order.account_id &&
        sent.conid === leg.contract.conid &&
        sent.side === leg.side &&
        sent.orderType === leg.order_type &&
        sent.tif === leg.time_in_force &&
        Number(sent.quantity) === Number(leg.quantity) &&
        (price === null || Number(sent.price) === Number(price));
      if (!same) this.broken("as_signed", `${coid} leg ${at}: ${JSON.stringify(sent)}`);
    }
    this.#limits.posted(signed);
    this.#switches(signed, seen);
  }

  #change(seen: Seen, orderId: string, body: Record<string, unknown>): void {
    const signed = [...this.#signed.values()].find(
      ({ order }) =>
        order.action === "modify" &&
        order.target?.order_id === orderId &&
        Number(order.legs[0]?.quantity) === Number(body.quantity) &&
        Number(order.legs[0]?.limit_price) === Number(body.price),
    );
    if (signed === undefined) {
      this.broken("approved", `nobody signed the change of ${orderId}: ${JSON.stringify(body)}`);
      return;
    }
    const times = (this.#changed.get(signed.coid) ?? 0) + 1;
    this.#changed.set(signed.coid, times);
    if (times > 1) this.broken("once", `the change ${signed.coid} was sent ${times} times`);
    this.#stillValid(signed);
    this.#switches(signed, seen);
  }

  /** A yes to a question is either what was accepted beforehand or the owner's own. */
  #reply(body: { confirmed?: boolean }): void {
    const { question } = this.#world.broker.sim;
    if (body.confirmed !== true || question === undefined) return;
    const [draft] = question.drafts;
    const coid = draft?.ref;
    const signed = coid === undefined ? undefined : this.#signed.get(coid);
    if (signed === undefined || coid === undefined) return;
    if (signed.acceptedWarnings.length === 0 && (this.#answered.get(coid) ?? 0) === 0) {
      this.broken("approved", `a question about ${coid} was answered with yes, and nobody said so`);
    }
  }

  #stillValid(signed: Signed): void {
    const late = this.#world.pc.now() - signed.notAfterMs;
    if (late > 1_000) {
      this.broken("approved", `${signed.coid} was sent ${late} ms after its approval had ended`);
    }
    if (this.#denied.has(signed.approvalId)) {
      this.broken("approved", `${signed.coid} was denied`);
    }
  }

  /** The PC looks right before the first byte, so one step later nothing leaves. */
  #switches(signed: Signed, { leftStep }: Seen): void {
    const engaged = this.#pcSwitch;
    if (engaged === null || isExit(signed) || leftStep <= engaged.step) return;
    const forMs = this.#world.scheduler.now - engaged.at;
    this.broken("switch", `${signed.coid} was sent ${forMs} ms after the PC's switch was engaged`);
  }

  /** When all is over and nothing disturbs any more: what is not as it was promised. */
  unsettled(troubled: boolean): Unsettled[] {
    const changes = [...this.#signed.values()].filter(
      ({ coid, order }) => order.action === "modify" && this.#states.has(coid),
    );
    return unsettled(this.#world, new Set(this.#posted.keys()), changes, troubled);
  }
}

const ENDED: readonly string[] = ["Filled", "Cancelled", "Inactive"];
const CANCEL_BOUND_MS = 12_000;
/** An exit reads its facts anew at both ends before it leaves. */
const EXIT_BOUND_MS = 20_000;
const NOT_KNOWN_AS_EXIT = /SESSION_REQUIRED|WOULD_FLIP|SHORT_NOT_ALLOWED/;
/** Codes of rules that bind entries alone. */
const ENTRIES_ONLY = /KILL|_PER_|LOSS|CAP_EXCEEDED|NOTIONAL_LIMIT|FREQUENCY|ORDER_LIMIT/;
