import type { PolicyDocument } from "@ibkr-edge-gateway/policy/document.ts";
import { effectOf } from "@ibkr-edge-gateway/protocol/orders/effect.ts";
import type { Side } from "@ibkr-edge-gateway/protocol/orders/order-terms.ts";
import type { WorkingOrderFact } from "@ibkr-edge-gateway/protocol/orders/ticket.ts";
import { findIntent } from "../../durable-objects/account/orders/tables/intents/rows.ts";
import { admit } from "../support/order-desk.ts";
import { AAPL, aLeg, anOrder } from "../support/orders.ts";
import { position } from "../support/policy-cases/tweaks.ts";
import { accepts, lost, refuses, stateEvent } from "../support/scripted-pc.ts";
import { SCOPES, type TradingRig, tradingRig } from "../support/trading-rig.ts";
import { type Fraction, sum } from "./fraction.ts";

/**
 * A day of orders through the real service of the account, at a broker that keeps its own books. What
 * may have been let out is what those books say, and not what the account counts.
 */
export interface Placed {
  coid: string;
  client: string;
  side: Side;
  quantity: number;
  filled: number;
  /** The least that each unit is worth, in cents: a sale counts at the bid or above. */
  cents: number;
  /** By the broker: it can still fill. */
  open: boolean;
  /** It opened or added to a position when it was let out. */
  entry: boolean;
  /** The broker's list shows it by now. */
  shown: boolean;
  /** The PC that sent it: it alone knows of it before the list shows it. */
  pc: string | null;
}

export const CLIENTS = ["client-1", "client-2"] as const;
const BID_CENTS = 18_720;

export interface Wanted {
  client: (typeof CLIENTS)[number];
  side: Side;
  quantity: number;
  cents: number;
  /** What becomes of it. */
  fate: "accepted" | "refused" | "lost";
}

export class Day {
  readonly rig: TradingRig;
  readonly placed: Placed[] = [];
  readonly #wanted = new Map<string, Wanted>();

  constructor(set: (policy: PolicyDocument) => void) {
    this.rig = tradingRig((policy) => {
      unlimited(policy);
      set(policy);
    });
    for (const client of CLIENTS.slice(1)) admit(this.rig, client, SCOPES);
    this.rig.pc.place = (coid, rig) => this.#take(coid, rig);
  }

  get position(): number {
    return this.placed.reduce(
      (all, { side, filled }) => all + (side === "BUY" ? filled : -filled),
      0,
    );
  }

  /** All are approved while the limits are free, and then they are sent at once. */
  async send(wanted: readonly Wanted[]): Promise<void> {
    const approved: { approval: string; client: string }[] = [];
    for (const want of wanted) {
      this.#read(want);
      const wish = { side: want.side, quantity: String(want.quantity), limit_price: priceOf(want) };
      const approval = await this.rig.approved(wish, want.client).catch(() => null);
      if (approval === null) continue;
      approved.push({ approval, client: want.client });
      this.#wanted.set(approval, want);
    }
    this.rig.copied();
    await Promise.all(
      approved.map(({ approval, client }) => this.rig.submit(approval, undefined, client)),
    );
  }

  /** So many orders at once, each of which alone would close the whole position. */
  async close(orders: number): Promise<void> {
    const held = this.position;
    if (held === 0) return;
    const side = held > 0 ? "SELL" : "BUY";
    const wanted = Array.from({ length: orders }, (_, n): Wanted => {
      return {
        client: "client-1",
        side,
        quantity: Math.abs(held),
        cents: 18_725 + n,
        fate: "accepted",
      };
    });
    await this.send(wanted);
  }

  /** What of an order may still fill does, or a part of it. */
  fill(at: number, part: number): void {
    const order = this.#open(at);
    if (order === null) return;
    order.filled += Math.max(1, Math.floor((order.quantity - order.filled) * part));
    order.open = order.filled < order.quantity;
    this.#tell(order, order.open ? "working" : "filled");
  }

  cancel(at: number): void {
    const order = this.#open(at);
    if (order === null) return;
    order.open = false;
    this.#tell(order, "cancelled");
  }

  /** The same account by another PC, whose journal knows nothing of what was sent before. */
  changePc(): void {
    const { presence, parts } = this.rig;
    presence.sidecarId = presence.sidecarId === "sc_1b2c" ? "sc_9z8y" : "sc_1b2c";
    parts.storage.sql.exec("UPDATE broker_status SET sidecar_id = ?", presence.sidecarId);
  }

  /** The broker's list shows what it took before now. */
  wait(seconds: number): void {
    this.rig.clock.now += seconds * 1_000;
    for (const order of this.placed) order.shown = true;
  }

  #open(at: number): Placed | null {
    const open = this.placed.filter((order) => order.open && order.shown);
    return open[at % Math.max(1, open.length)] ?? null;
  }

  /** The PC's facts of this moment: its own journal counts for what an order does, and for no list. */
  #read(want: Wanted): void {
    const { pc, clock, presence } = this.rig;
    const held = this.position;
    const positions = [position({ quantity: String(held), value: String(held * 187) })];
    const working = this.placed.filter(({ open, shown }) => open && shown).map(rowOf);
    const known = this.placed
      .filter((order) => order.open && (order.shown || order.pc === presence.sidecarId))
      .map(rowOf);
    const leg = aLeg({ side: want.side, quantity: String(want.quantity) });
    const at = new Date(clock.now).toISOString();
    pc.facts = {
      positions,
      working,
      effect: effectOf(anOrder({ legs: [leg] }), positions, known, at),
    };
  }

  /** By the broker's books: it takes no more from the position than all that works there leaves. */
  #reduces({ side, quantity }: Wanted): boolean {
    const held = side === "SELL" ? this.position : -this.position;
    const taken = this.placed
      .filter((order) => order.side === side)
      .reduce((all, order) => all + remaining(order), 0);
    return quantity <= held - taken;
  }

  #take(coid: string, rig: TradingRig) {
    const row = findIntent(rig.parts.storage.sql, coid);
    const want = this.#wanted.get(row?.approval_id ?? "");
    if (want === undefined) throw new Error("nobody wanted this order");
    if (want.fate === "refused") return refuses(coid, rig);
    this.placed.push({
      coid,
      client: want.client,
      side: want.side,
      quantity: want.quantity,
      filled: 0,
      cents: want.side === "BUY" ? want.cents : Math.max(want.cents, BID_CENTS),
      open: true,
      entry: !this.#reduces(want),
      shown: false,
      pc: this.rig.presence.sidecarId,
    });
    return want.fate === "lost" ? lost() : accepts(coid, rig);
  }

  #tell({ coid, filled, quantity }: Placed, says: "working" | "filled" | "cancelled"): void {
    const event = stateEvent(this.rig, coid, says === "working" ? "working" : "filled");
    const evidence = {
      ...event.payload.evidence,
      says,
      filled: String(filled),
      remaining: String(quantity - filled),
    };
    const key = `intent|${coid}|${says}|${filled}`;
    this.rig.desk.event({
      ...event,
      payload: { ...event.payload, event_key: key, state: says, evidence },
    });
  }
}

const priceOf = ({ cents }: Wanted): string => (cents / 100).toFixed(2);

const rowOf = ({ coid, side, quantity, filled, cents }: Placed, at: number): WorkingOrderFact => ({
  order_id: String(900 + at),
  order_ref: coid,
  parent_ref: null,
  foreign: false,
  conid: AAPL.conid,
  side,
  order_type: "LMT",
  remaining: String(quantity - filled),
  limit_price: null,
  stop_price: null,
  notional: ((cents * (quantity - filled)) / 100).toFixed(2),
  exit_only: false,
  oca_group: null,
});

/** Nothing counts but what a test sets. */
function unlimited(policy: PolicyDocument): void {
  for (const part of [policy.cumulative, policy.portfolio, policy.clients, policy.order]) {
    for (const [key, value] of Object.entries(part)) {
      const off = key.startsWith("max_") || key.startsWith("min_") || key === "repeat_times";
      if (off && value !== null) Object.assign(part, { [key]: null });
    }
  }
  Object.assign(policy.behaviour, { duplicate_window_seconds: null, stop_after_errors: null });
  Object.assign(policy.data, { fat_finger_quantity_times: null, fat_finger_notional_times: null });
  Object.assign(policy.portfolio, { short: true, flip: true, self_trade: true });
}

/** By the broker's books: what filled and what still can, of the orders that were entries. */
export function letOut(orders: readonly Placed[]): Fraction {
  return sum(
    orders
      .filter(({ entry }) => entry)
      .map((order) => valued(order, remaining(order) + order.filled)),
  );
}

/** What still can fill of them. */
export const open = (orders: readonly Placed[]): Fraction =>
  sum(orders.filter(({ entry }) => entry).map((order) => valued(order, remaining(order))));

/** The position, in units, that fills of one side alone can lead to. */
export function furthest(orders: readonly Placed[], position: number) {
  const side = (which: Side): number =>
    orders
      .filter((order) => order.side === which)
      .reduce((all, order) => all + remaining(order), 0);
  return { long: position + side("BUY"), short: side("SELL") - position };
}

const remaining = ({ open: works, quantity, filled }: Placed): number =>
  works ? quantity - filled : 0;
const valued = ({ cents }: Placed, units: number): Fraction => ({
  n: BigInt(cents * units),
  d: 100n,
});
