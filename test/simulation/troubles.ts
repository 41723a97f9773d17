import { endOrder, fill } from "@ibkr-edge-gateway/simulator/orders/order-lifecycle.ts";
import { remaining } from "@ibkr-edge-gateway/simulator/state/orders.ts";
import { dropBrokerage, logIn, setRival } from "@ibkr-edge-gateway/simulator/state/session.ts";
import { killSwitchPath } from "../../sidecar/src/orders/local-policy/order-settings.ts";
import {
  engageKillSwitch,
  liftKillSwitch,
} from "../../sidecar/src/trust/limits/kill-switch-file.ts";
import { chance } from "./chance.ts";
import type { Judge } from "./judge.ts";
import type { People } from "./people.ts";
import { AIMED_FAULTS, BROKER_CALLS, FAULTS, type Trouble } from "./plan.ts";
import { actor } from "./scheduler.ts";
import { AAPL, priceOf, type World } from "./world.ts";

/** Lets the troubles of a world's plan happen, each at its time, and puts everything right in the end. */
export class Troubles {
  readonly #world: World;
  readonly #judge: Judge;
  readonly #people: People;
  readonly #place = actor("trouble");
  #healed = false;
  #downMs = 500;
  onTrouble: (trouble: Trouble) => void = () => {};

  constructor(world: World, judge: Judge, people: People) {
    this.#world = world;
    this.#judge = judge;
    this.#people = people;
    // A PC that died is started again, as a service of the machine does it.
    world.pc.onDeath = () => {
      const wait = this.#healed ? 500 : this.#downMs;
      this.#downMs = 500;
      world.scheduler.after(wait, () => world.pc.start(), this.#place);
    };
  }

  begin(): void {
    for (const trouble of this.#world.plan.troubles) {
      this.#later(trouble.at, () => this.#due(trouble));
    }
  }

  #due(trouble: Trouble): void {
    const happen = (): void => {
      if (this.#healed) return;
      this.onTrouble(trouble);
      this.#judge.calmSince = Number.POSITIVE_INFINITY;
      this.#happen(trouble);
    };
    const { when, afterMs = 0 } = trouble;
    if (when === undefined) {
      happen();
      return;
    }
    const moments = when === "submit" ? this.#people.onSubmit : this.#world.pc.onOrder[when];
    moments.push(() => (afterMs === 0 ? happen() : this.#later(afterMs, happen)));
  }

  #later(ms: number, act: () => void): void {
    this.#world.scheduler.after(ms, act, this.#place);
  }

  /** For a while, and then it is undone. */
  #for(ms: number, begin: () => void, end: () => void): void {
    begin();
    this.#later(ms, end);
  }

  #happen(trouble: Trouble): void {
    switch (trouble.kind) {
      case "line_cut":
      case "line_stall":
      case "pc_offline":
        this.#onTheLine(trouble);
        return;
      case "broker_fault":
      case "broker_down":
      case "session_taken":
      case "session_lost":
      case "rate_limited":
      case "stream":
      case "list_unread":
        this.#beforeTheBroker(trouble);
        return;
      case "pc_killed":
      case "disk_full":
      case "clock_jump":
        this.#atThePc(trouble);
        return;
      case "object_reset":
      case "d1_down":
        this.#atTheObject(trouble);
        return;
      case "kill_switch":
        this.#switchEngaged(trouble);
        return;
      case "market_moves":
        this.#world.broker.act(() => this.#pin(this.#world.price * (1 + trouble.percent / 100)));
        return;
      case "broker_acts":
        this.#world.broker.act(() => this.#brokerActs(trouble.how));
    }
  }

  #onTheLine(trouble: Of<"line_cut" | "line_stall" | "pc_offline">): void {
    const { pc, object, weather, scheduler } = this.#world;
    const cut = (): void => {
      for (const line of object.lines) line.cut();
    };
    if (trouble.kind === "line_cut") cut();
    if (trouble.kind === "line_stall") weather.stalledUntil = scheduler.now + trouble.ms;
    if (trouble.kind !== "pc_offline") return;
    const offline = (on: boolean) => (): void => {
      pc.offline = on;
      if (on) cut();
    };
    this.#for(trouble.ms, offline(true), offline(false));
  }

  #beforeTheBroker(
    trouble: Of<
      | "broker_fault"
      | "broker_down"
      | "session_taken"
      | "session_lost"
      | "rate_limited"
      | "stream"
      | "list_unread"
    >,
  ): void {
    const { pc, broker } = this.#world;
    switch (trouble.kind) {
      case "broker_fault": {
        const { method, path } = BROKER_CALLS[trouble.on];
        broker.faults.add({
          match: { method, path },
          do: { ...FAULTS, ...AIMED_FAULTS }[trouble.fault],
        });
        return;
      }
      case "broker_down": {
        const down = (is: boolean) => (): void => {
          broker.down = is;
        };
        this.#for(trouble.ms, down(true), down(false));
        return;
      }
      case "session_taken": {
        // The owner takes it back.
        const back = (): void => {
          broker.act(() => setRival(broker.sim, "none"));
          pc.takeOver();
        };
        this.#for(trouble.ms, () => broker.evict("tws"), back);
        return;
      }
      case "session_lost":
        broker.act(() => dropBrokerage(broker.sim, "evicted"));
        return;
      case "rate_limited":
        broker.limiter.penalize(trouble.minutes);
        return;
      case "stream":
        broker.act(() => broker.sockets.disturb(trouble.how));
        return;
      case "list_unread": {
        const { method, path } = BROKER_CALLS[trouble.on];
        let id = "";
        const begin = (): void => {
          const match = { method, path };
          id = broker.faults.add({ match, do: UNREAD[trouble.on], times: 0 }).id;
        };
        this.#for(trouble.ms, begin, () => broker.faults.remove(id));
      }
    }
  }

  #atThePc(trouble: Of<"pc_killed" | "disk_full" | "clock_jump">): void {
    const { pc } = this.#world;
    switch (trouble.kind) {
      case "pc_killed":
        this.#downMs = trouble.downMs;
        pc.power = trouble.power;
        if (trouble.effects === 0) pc.kill(trouble.power);
        else if (trouble.aim) pc.fuseAtOrder = trouble.effects;
        else pc.fuse = trouble.effects;
        return;
      case "disk_full": {
        const full = (is: boolean) => (): void => {
          pc.diskFull = is;
        };
        this.#for(trouble.ms, full(true), full(false));
        return;
      }
      case "clock_jump": {
        const ahead = (ms: number) => (): void => {
          pc.skewMs = ms;
        };
        this.#for(trouble.forMs, ahead(trouble.ms), ahead(0));
      }
    }
  }

  #atTheObject(trouble: Of<"object_reset" | "d1_down">): void {
    const { object, d1 } = this.#world;
    if (trouble.kind === "object_reset") {
      // An object that is asked something is not put to sleep.
      if (trouble.sockets === "broken" || object.idle) object.reset(trouble.sockets);
      return;
    }
    const down = (is: boolean) => (): void => {
      d1.down = is;
    };
    this.#for(trouble.ms, down(true), down(false));
  }

  #switchEngaged(trouble: Of<"kill_switch">): void {
    const { pc, configDir } = this.#world;
    const on = () => this.#judge.objectSwitch(true);
    const off = () => this.#judge.objectSwitch(false);
    if (trouble.by === "owner") this.#people.ownerKills(trouble.forMs, on, off);
    if (trouble.by === "agent") this.#people.agentKills(on);
    if (trouble.by !== "pc") return;
    const path = killSwitchPath(configDir);
    const engage = (): void => {
      engageKillSwitch(path, "by hand", pc.now());
      this.#judge.pcSwitch(true);
    };
    const lift = (): void => {
      this.#judge.pcSwitch(false);
      liftKillSwitch(path);
    };
    this.#for(trouble.forMs, engage, lift);
  }

  /** What is still broken is mended; from here on both ends have all they need. */
  heal(): void {
    const { pc, object, broker, weather, d1, configDir } = this.#world;
    this.#healed = true;
    weather.stalledUntil = 0;
    weather.latencyMs = [2, 30];
    pc.offline = false;
    pc.diskFull = false;
    pc.fuse = Number.POSITIVE_INFINITY;
    pc.fuseAtOrder = null;
    pc.skewMs = 0;
    d1.down = false;
    broker.down = false;
    broker.faults.clear();
    broker.act(() => {
      broker.limiter.reset();
      setRival(broker.sim, "none");
      broker.sockets.disturb({ kind: "terminate" });
      if (broker.sim.world.sso.phase !== "valid") logIn(broker.sim, true);
    });
    this.#judge.pcSwitch(false);
    liftKillSwitch(killSwitchPath(configDir));
    // Whoever was told to wait a quarter of an hour is started anew, as an owner would.
    pc.kill();
    for (const line of object.lines) line.cut();
  }

  #pin(last: number): void {
    this.#world.broker.sim.market.pin(AAPL, priceOf(Math.round(last * 100) / 100));
  }

  #brokerActs(how: "fills_part" | "fills" | "cancels" | "rejects"): void {
    const { sim } = this.#world.broker;
    const draw = chance(this.#world.plan.seed, `broker acts ${this.#world.scheduler.step}`);
    const working = [...sim.book.orders.values()].filter(
      ({ status, lost, parent }) =>
        !lost && parent === undefined && (status === "Submitted" || status === "PreSubmitted"),
    );
    if (working.length === 0) return;
    const order = draw.pick(working);
    const instrument = sim.market.find(order.conid);
    if (instrument === undefined) return;
    switch (how) {
      case "fills_part":
      case "fills": {
        const left = remaining(order);
        const size = how === "fills" || left.lt(2) ? left : left.div(2).floor();
        order.pieces = [];
        fill(sim, order, instrument, size, order.price ?? sim.market.quote(instrument).last);
        return;
      }
      case "cancels":
        endOrder(sim, order, "by the exchange");
        return;
      case "rejects":
        Object.assign(order, { status: "Inactive", reason: "turned down" });
        sim.events.emit("order", order);
    }
  }
}

/** A row without its number, and one without its size. */
const UNREAD = {
  orders_read: respond('{"orders":[{"acct":"DU4815162","status":"Submitted"}],"snapshot":true}'),
  positions_read: respond('[{"conid":265598,"position":null}]'),
} as const;

function respond(body: string) {
  return { action: "respond", status: 200, body };
}

type Of<K extends Trouble["kind"]> = Extract<Trouble, { kind: K }>;
