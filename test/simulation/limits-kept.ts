import { isInDoubt, type OrderState } from "@ibkr-edge-gateway/protocol/orders/order-state.ts";
import { isFinished, remaining } from "@ibkr-edge-gateway/simulator/state/orders.ts";
import type { Invariant } from "./invariants.ts";
import { RULE } from "./rules.ts";
import { isExit, type Signed } from "./signed.ts";
import { BROKER_ACCOUNT, TIGHT } from "./template.ts";
import { AAPL, type World } from "./world.ts";

interface Entry {
  coid: string;
  at: number;
  /** When the PC wrote it down, by its own clock. */
  madeAt: number;
}

/** What an order is held to as it comes to the broker: amounts, counts, and what stands beside it. */
export class LimitsKept {
  readonly #world: World;
  readonly #broken: (invariant: Invariant, what: string) => void;
  readonly #stateOf: (coid: string) => OrderState | undefined;
  readonly #entries: Entry[] = [];

  constructor(
    world: World,
    broken: (invariant: Invariant, what: string) => void,
    stateOf: (coid: string) => OrderState | undefined,
  ) {
    this.#world = world;
    this.#broken = broken;
    this.#stateOf = stateOf;
  }

  posted(signed: Signed): void {
    if (isExit(signed)) {
      this.#sellsWhatIsHeld(signed);
      return;
    }
    this.#amounts(signed);
    this.#counts(signed);
    this.#besideDoubt(signed);
  }

  #amounts(signed: Signed): void {
    const [leg] = signed.order.legs;
    const notional = Number(leg?.quantity) * Number(leg?.limit_price);
    const { rule } = this.#world.plan;
    const most = rule === "gateway_value" || rule === "pc_value" ? RULE.value : ORDER_NOTIONAL_MAX;
    if (notional > most) this.#broken("limits", `${signed.coid} is worth ${notional}`);
    if (rule !== "gateway_position") return;
    const after = this.#held() + this.#working("BUY", signed.coid) + Number(leg?.quantity);
    if (after > RULE.position) this.#broken("limits", `${signed.coid} comes to ${after} units`);
  }

  /**
   * Few entries pass. The gateway's hour and day count what was not turned down; the PC's minute and day
   * count whatever may have left, by the PC's own clock and from when it was written down.
   */
  #counts({ coid }: Signed): void {
    const { plan, scheduler, pc } = this.#world;
    const madeAt = pc.orders?.intent(coid)?.created_at ?? pc.now();
    this.#entries.push({ coid, at: scheduler.now, madeAt });
    const most = mostOf(plan.tight, plan.rule);
    const let_ = this.#entries.filter((one) => this.#stateOf(one.coid) !== "rejected");
    const inHour = let_.filter((one) => one.at > scheduler.now - 3_600_000).length;
    const inMinute = this.#entries.filter((one) => one.madeAt > madeAt - 59_000).length;
    const steady = plan.troubles.every(({ kind }) => kind !== "clock_jump");
    const passed =
      inHour > most.gatewayHour ||
      let_.length > most.gatewayDay ||
      (steady && (inMinute > most.pcMinute || this.#entries.length > most.pcDay));
    if (passed) this.#broken("limits", `${coid} is one entry more than the rules let through`);
  }

  /** While the PC does not know what became of one, none goes out beside it. */
  #besideDoubt({ coid, order }: Signed): void {
    const { pc } = this.#world;
    const [leg] = order.legs;
    const beside = (pc.orders?.open() ?? []).find(
      (other) =>
        other.coid !== coid &&
        isInDoubt(other.state) &&
        other.ticket.order.legs[0]?.side === leg?.side &&
        (other.doubt_since ?? pc.now()) < pc.now() - LAST_LOOK_MS,
    );
    if (beside !== undefined) {
      this.#broken("doubt", `${coid} left beside ${beside.coid}, which is ${beside.state}`);
    }
  }

  #sellsWhatIsHeld({ coid, order }: Signed): void {
    const held = this.#held();
    const working = this.#working("SELL", coid);
    const quantity = Number(order.legs[0]?.quantity);
    if (quantity + working > held) {
      this.#broken("limits", `${coid} sells ${quantity} beside ${working}, and ${held} are held`);
    }
  }

  #held(): number {
    const { accounts } = this.#world.broker.sim.world;
    return accounts.get(BROKER_ACCOUNT)?.positions.get(AAPL)?.quantity.toNumber() ?? 0;
  }

  /** What stands by itself on one side; a bracket's exits protect a position and open none. */
  #working(side: "BUY" | "SELL", except: string): number {
    return [...this.#world.broker.sim.book.orders.values()]
      .filter(
        (order) =>
          order.side === side &&
          order.parent === undefined &&
          order.ref !== except &&
          !order.lost &&
          !isFinished(order),
      )
      .reduce((sum, order) => sum + remaining(order).toNumber(), 0);
  }
}

interface Most {
  gatewayHour: number;
  gatewayDay: number;
  pcMinute: number;
  pcDay: number;
}

function mostOf(tight: boolean, rule: World["plan"]["rule"]): Most {
  const none = Number.POSITIVE_INFINITY;
  return {
    gatewayHour: tight ? TIGHT.perHour : rule === "gateway_hour" ? RULE.perHour : none,
    gatewayDay: rule === "gateway_day" ? RULE.perDay : none,
    pcMinute: tight ? TIGHT.perMinute : rule === "pc_minute" ? RULE.perMinute : none,
    pcDay: rule === "pc_day" ? RULE.perDay : none,
  };
}

const ORDER_NOTIONAL_MAX = 2_000;
/** From the last look to the broker. */
const LAST_LOOK_MS = 50;
