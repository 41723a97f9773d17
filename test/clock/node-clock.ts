import { syncBuiltinESMExports } from "node:module";
import timers from "node:timers/promises";
import { type FastTime, fastTimeAt } from "../chaos/orders/fast-time.ts";

/**
 * Gives this process another clock: `Date` in every form, what Intl takes for now, and the clock that
 * only goes forward. Timers keep the wall's measure unless the clock runs faster. Loaded before everything else, by tests alone. What it returns lays the clock of before back.
 */
export function runNodeAt(time: FastTime): () => void {
  const wall = Date.now.bind(Date);
  const now = (): number => fastTimeAt(time, wall());
  const back = [shiftDate(now), shiftIntl(now), shiftPerformance(time)];
  if (time.speed !== 1) speedUp(time);
  return () => {
    for (const lay of back) lay();
  };
}

function shiftDate(now: () => number): () => void {
  const Wall = Date;
  const before = Wall.now;
  Date.now = now;
  const Shifted = new Proxy(Wall, {
    construct: (target, given, newTarget) =>
      Reflect.construct(target, given.length === 0 ? [now()] : given, newTarget),
    apply: () => new Wall(now()).toString(),
  });
  Wall.prototype.constructor = Shifted;
  globalThis.Date = Shifted;
  return () => {
    Wall.now = before;
    Wall.prototype.constructor = Wall;
    globalThis.Date = Wall;
  };
}

function shiftIntl(now: () => number): () => void {
  const proto = Intl.DateTimeFormat.prototype;
  const property = Object.getOwnPropertyDescriptor(proto, "format");
  const format = property?.get;
  const { formatToParts } = proto;
  Object.defineProperty(proto, "format", {
    configurable: true,
    get(this: Intl.DateTimeFormat) {
      const bound: unknown = format === undefined ? undefined : Reflect.apply(format, this, []);
      return (at?: Date | number) =>
        typeof bound === "function" ? Reflect.apply(bound, undefined, [at ?? now()]) : "";
    },
  });
  proto.formatToParts = function (at) {
    return formatToParts.call(this, at ?? now());
  };
  return () => {
    if (property !== undefined) Object.defineProperty(proto, "format", property);
    proto.formatToParts = formatToParts;
  };
}

/** `timeOrigin + now()` is what a part of the product takes for the time when it must not jump. */
function shiftPerformance({ start, wallStart, speed }: FastTime): () => void {
  const { timeOrigin, now } = performance;
  Object.defineProperty(performance, "timeOrigin", {
    value: start + (timeOrigin - wallStart) * speed,
    configurable: true,
  });
  if (speed !== 1) performance.now = () => now.call(performance) * speed;
  return () => {
    Object.defineProperty(performance, "timeOrigin", { value: timeOrigin, configurable: true });
    if (speed !== 1) performance.now = now;
  };
}

function speedUp({ speed }: FastTime): void {
  const { setTimeout: timeout, setInterval: interval } = globalThis;
  const { setTimeout: promised } = timers;
  Object.assign(globalThis, {
    setTimeout: Object.assign(
      (task: (...given: unknown[]) => void, ms = 0, ...given: unknown[]) =>
        timeout(task, ms / speed, ...given),
      timeout,
    ),
    setInterval: Object.assign(
      (task: (...given: unknown[]) => void, ms = 0, ...given: unknown[]) =>
        interval(task, ms / speed, ...given),
      interval,
    ),
  });
  Object.assign(timers, {
    setTimeout: (ms = 0, ...given: [unknown?, object?]) => promised(ms / speed, ...given),
  });
  syncBuiltinESMExports();
}
