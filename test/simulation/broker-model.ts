import type { Behaviours, DeepPartial } from "@ibkr-edge-gateway/simulator/behaviours.ts";
import type { Clock as SimulatorClock } from "@ibkr-edge-gateway/simulator/clock.ts";
import { createFaults, type Faults } from "@ibkr-edge-gateway/simulator/control/injected-faults.ts";
import type { SimAnswer } from "@ibkr-edge-gateway/simulator/http/exchange.ts";
import { createLimiter, type Limiter } from "@ibkr-edge-gateway/simulator/http/limits.ts";
import { handleRequest } from "@ibkr-edge-gateway/simulator/http/pipeline.ts";
import { type Plan, planOf } from "@ibkr-edge-gateway/simulator/http/plan.ts";
import { settingsFrom } from "@ibkr-edge-gateway/simulator/options.ts";
import { ROUTES } from "@ibkr-edge-gateway/simulator/routes/all.ts";
import { createSimulator, type Simulator } from "@ibkr-edge-gateway/simulator/simulator.ts";
import { scheduleResets } from "@ibkr-edge-gateway/simulator/state/resets.ts";
import { setRival, startLoggedIn } from "@ibkr-edge-gateway/simulator/state/session.ts";
import { createSocketSide, type SocketSide } from "@ibkr-edge-gateway/simulator/ws/server.ts";
import {
  TransportError,
  type WireAnswer,
  type WireRequest,
} from "../../sidecar/src/client-portal/transport.ts";
import type { Chance } from "./chance.ts";
import { type Actor, actor, type Scheduler } from "./scheduler.ts";

/** One request as it came to the broker, whatever was answered. */
export interface Seen {
  at: number;
  step: number;
  method: string;
  path: string;
  body: string;
  /** The step in which its first byte left the PC. */
  leftStep: number;
  /** Whether its route ran. */
  applied: boolean;
}

/** The broker's gateway: the simulator's own routes and book, with a network of this world's before it. */
export class BrokerModel {
  readonly sim: Simulator;
  readonly faults: Faults;
  readonly limiter: Limiter;
  readonly sockets: SocketSide;
  readonly seen: Seen[] = [];
  readonly place = actor("broker");
  /** Nobody listens on its port. */
  down = false;
  onSeen: (seen: Seen) => void = () => {};
  readonly #scheduler: Scheduler;
  readonly #chance: Chance;

  constructor(options: {
    scheduler: Scheduler;
    chance: Chance;
    seed: number;
    behaviours: DeepPartial<Behaviours>;
  }) {
    const { scheduler, chance, seed, behaviours } = options;
    this.#scheduler = scheduler;
    this.#chance = chance;
    const settings = settingsFrom({
      clock: "virtual",
      startAt: scheduler.now,
      seed,
      marketHours: "always",
      behaviours: { ...behaviours, limits: { clock: "virtual", ...behaviours.limits } },
    });
    const outside = scheduler.current;
    scheduler.current = this.place;
    this.sim = createSimulator(settings, clockOf(scheduler, this.place));
    this.limiter = createLimiter(this.sim);
    this.faults = createFaults(this.sim.random("faults"), () => scheduler.now);
    this.sockets = createSocketSide(this.sim);
    scheduleResets(this.sim);
    startLoggedIn(this.sim);
    scheduler.current = outside;
  }

  /** What carries a PC's requests; `alive` is false once its process is gone. */
  send(request: WireRequest, pc: PcSide): Promise<WireAnswer> {
    const scheduler = this.#scheduler;
    const { owner } = pc;
    return new Promise<WireAnswer>((resolve, reject) => {
      let over = false;
      let sent = false;
      const end = (act: () => void): void => {
        if (over) return;
        over = true;
        stopWaiting();
        act();
      };
      const fail = (fault: ConstructorParameters<typeof TransportError>[0], maybeSent: boolean) =>
        end(() => reject(new TransportError(fault, maybeSent)));
      const stopWaiting = scheduler.after(request.timeoutMs, () => fail("timeout", sent), owner);
      request.signal?.addEventListener("abort", () => fail("aborted", sent), { once: true });
      if (request.signal?.aborted) {
        fail("aborted", false);
        return;
      }
      const connected = (): void => {
        if (over) return;
        if (this.down) {
          fail("dial_refused", false);
          return;
        }
        try {
          pc.beforeRequest();
          request.beforeSend?.();
        } catch (thrown) {
          end(() => reject(thrown));
          return;
        }
        // A process that died in its last look sends nothing, whatever that look would have let pass.
        if (!pc.alive()) return;
        sent = true;
        const leftStep = scheduler.step;
        scheduler.after(
          this.#chance.between(0, 8),
          () =>
            this.#arrive(request, pc, leftStep, { answered: (a) => end(() => resolve(a)), fail }),
          this.place,
        );
        pc.afterRequest();
      };
      scheduler.after(this.#chance.between(0, 5), connected, owner);
    });
  }

  /** The brokerage session goes to somebody else. */
  evict(rival: "tws" | "mobile"): void {
    this.#asBroker(() => setRival(this.sim, rival));
  }

  /** Something the broker does by itself. */
  act(what: () => void): void {
    this.#asBroker(what);
  }

  #asBroker(act: () => void): void {
    const before = this.#scheduler.current;
    this.#scheduler.current = this.place;
    act();
    this.#scheduler.current = before;
  }

  #arrive(
    request: WireRequest,
    { owner }: PcSide,
    leftStep: number,
    back: {
      answered(answer: WireAnswer): void;
      fail(fault: "reset" | "dial_refused", maybeSent: boolean): void;
    },
  ): void {
    const path = request.path.slice(BASE.length);
    const bodyText = request.body === undefined ? "" : JSON.stringify(request.body);
    const incoming = {
      method: request.method,
      path,
      query: new URLSearchParams(request.query),
      headers: HEADERS,
      bodyText,
    };
    const seen: Seen = {
      at: this.#scheduler.now,
      step: this.#scheduler.step,
      method: request.method,
      path,
      body: bodyText,
      leftStep,
      applied: false,
    };
    this.seen.push(seen);
    this.onSeen(seen);
    const plan = planOf(this.faults.take(incoming).map((fault) => fault.do));
    this.#sideEffects(plan);
    const apply = (): SimAnswer => {
      const handled = handleRequest(this.sim, ROUTES, this.limiter, {
        ...incoming,
        effects: plan.effects,
      });
      seen.applied = handled.applied;
      return handled.answer;
    };
    if (plan.apply === "late") {
      this.#scheduler.after(plan.lateMs, () => void apply(), this.place);
    }
    const own = plan.apply === "now" ? apply() : undefined;
    own?.release?.();
    let answer = plan.instead ?? own ?? { status: 500, contentType: "text/plain", text: "" };
    if (plan.instead === undefined) for (const change of plan.changes) answer = change(answer);
    const wait = this.#chance.between(1, 15) + plan.holdMs + (own?.holdMs ?? 0);
    if (plan.deliver === "never") return;
    const late = plan.deliver === "trickle" ? plan.trickleMs : 0;
    const { status, contentType, text } = answer;
    this.#scheduler.after(
      wait + late,
      () => {
        if (plan.deliver === "reset-before" || plan.deliver === "reset-mid")
          back.fail("reset", true);
        else back.answered({ status, contentType, text });
      },
      owner,
    );
  }

  #sideEffects(plan: Plan): void {
    for (const effect of plan.side) {
      if (effect.kind === "penalty") this.limiter.penalize(effect.minutes);
      if (effect.kind === "evict") setRival(this.sim, effect.rival);
      if (effect.kind === "ws") this.sockets.disturb(effect.do);
    }
  }
}

/** The PC's end of a connection to the broker. */
export interface PcSide {
  owner: Actor;
  alive(): boolean;
  /** Right before the last look and the first byte, and right after it: where a PC may die. */
  beforeRequest(): void;
  afterRequest(): void;
}

const BASE = "/v1/api";
const HEADERS = {
  "user-agent": "ibkr-sidecar",
  "content-type": "application/json",
  "content-length": "1",
};

function clockOf(scheduler: Scheduler, place: Actor): SimulatorClock {
  const after = (ms: number, task: () => void) => scheduler.after(ms, task, place);
  return {
    mode: "virtual",
    now: () => scheduler.now,
    at: (at, task) => after(at - scheduler.now, task),
    after,
    every: (ms, task) => {
      let cancel = (): void => {};
      const again = (): void => {
        cancel = after(ms, () => {
          again();
          task();
        });
      };
      again();
      return () => cancel();
    },
    advance: () => Promise.reject(new Error("the world moves its own time")),
    close: () => {},
  };
}
