import crypto from "node:crypto";
import { syncBuiltinESMExports } from "node:module";
import { type Chance, chance } from "./chance.ts";
import { installSynchronousCrypto } from "./crypto.ts";
import type { Scheduler } from "./scheduler.ts";

/**
 * The process's clock, timers and chance, as the simulated world has them. They are this process's
 * globals, since the object's code reads them as every Worker's code does; so a process simulates
 * one world at a time.
 */
let world: { scheduler: Scheduler; chance: Chance } | null = null;

/** The real ones, for whoever runs the simulation. */
export const wallNow = Date.now;
export const wallImmediate = globalThis.setImmediate;
export const wallTimeout = globalThis.setTimeout;

const now = (): number => {
  if (world === null) return wallNow();
  return world.scheduler.now;
};

class VirtualTimer {
  readonly #cancel: () => void;
  constructor(cancel: () => void) {
    this.#cancel = cancel;
  }
  unref(): this {
    return this;
  }
  ref(): this {
    return this;
  }
  clear(): void {
    this.#cancel();
  }
}

const after = (task: (...given: unknown[]) => void, ms = 0, ...given: unknown[]): VirtualTimer =>
  new VirtualTimer(held().scheduler.after(ms, () => task(...given)));

const every = (task: (...given: unknown[]) => void, ms = 0, ...given: unknown[]): VirtualTimer => {
  const { scheduler } = held();
  let cancel = (): void => {};
  const owner = scheduler.current;
  const again = (): void => {
    cancel = scheduler.after(
      ms,
      () => {
        again();
        task(...given);
      },
      owner,
    );
  };
  again();
  return new VirtualTimer(() => cancel());
};

const clear = (timer: unknown): void => {
  if (timer instanceof VirtualTimer) timer.clear();
};

function held(): { scheduler: Scheduler; chance: Chance } {
  if (world === null) throw new Error("no world is being simulated");
  return world;
}

const fill = <T extends ArrayBufferView>(into: T): T => {
  const bytes = new Uint8Array(into.buffer, into.byteOffset, into.byteLength);
  bytes.set(held().chance.bytes(bytes.length));
  return into;
};

let installed = false;

/** Takes the globals over, once in a process. */
export function installGlobals(): void {
  if (installed) return;
  installed = true;
  installSynchronousCrypto();
  Date.now = now;
  const set = (target: object, name: string, value: unknown): void => {
    Object.defineProperty(target, name, { value, configurable: true, writable: true });
  };
  set(globalThis, "setTimeout", after);
  set(globalThis, "setInterval", every);
  set(globalThis, "clearTimeout", clear);
  set(globalThis, "clearInterval", clear);
  set(Math, "random", () => held().chance.next());
  set(performance, "now", () => now());
  set(globalThis.crypto, "getRandomValues", fill);
  set(crypto, "randomBytes", (count: number) => Buffer.from(held().chance.bytes(count)));
  set(crypto, "randomInt", (low: number, high: number) => held().chance.between(low, high - 1));
  syncBuiltinESMExports();
  set(globalThis, "WebSocketRequestResponsePair", class {});
  // Of keys that a library made for itself; they are read here and nowhere else.
  process.noDeprecation = true;
  // Nobody sits at this machine: nothing is shown on its desktop or its terminal.
  delete process.env.DISPLAY;
  delete process.env.WAYLAND_DISPLAY;
  set(process.stderr, "isTTY", false);
}

/** From now on time and chance are this world's. */
export function enterWorld(scheduler: Scheduler, seed: number): void {
  world = { scheduler, chance: chance(seed, "process") };
}
