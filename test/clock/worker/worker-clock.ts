import { type FastTime, fastTimeAt, wallTimeAt } from "../../chaos/orders/fast-time.ts";

/**
 * Gives the Worker another clock. Timers run by it; alarms are set and told in it, and so is the end
 * of a key in KV. Imported before the product, by test entries alone.
 */
export function runWorkerAt(time: FastTime): void {
  const wall = Date.now.bind(Date);
  const now = (): number => {
    const at = wall();
    // Outside of requests the runtime has no time.
    return at === 0 ? 0 : fastTimeAt(time, at);
  };
  const Wall = Date;
  Date.now = now;
  globalThis.Date = new Proxy(Wall, {
    construct: (target, values, newTarget) =>
      Reflect.construct(target, values.length === 0 ? [now()] : values, newTarget),
    apply: () => new Wall(now()).toString(),
  });
  if (time.speed === 1) return;
  const timeout = globalThis.setTimeout;
  Object.assign(globalThis, {
    setTimeout: (task: (...given: unknown[]) => void, ms = 0, ...rest: unknown[]) =>
      timeout(task, ms / time.speed, ...rest),
  });
}

let objectsLaid = false;
/** Lays the clock into what the runtime gives every object; once for all of them. */
export function layClockIn(ctx: DurableObjectState, time: FastTime): void {
  if (objectsLaid) return;
  objectsLaid = true;
  const storage = Object.getPrototypeOf(ctx.storage);
  const { setAlarm, getAlarm } = storage;
  Object.assign(storage, {
    setAlarm(this: DurableObjectStorage, at: number | Date, ...rest: unknown[]) {
      const ms = typeof at === "number" ? at : at.getTime();
      return setAlarm.call(this, wallTimeAt(time, ms), ...rest);
    },
    async getAlarm(this: DurableObjectStorage, ...rest: unknown[]) {
      const at: number | null = await getAlarm.call(this, ...rest);
      return at === null ? at : fastTimeAt(time, at);
    },
  });
  const state = Object.getPrototypeOf(ctx);
  const { getWebSocketAutoResponseTimestamp } = state;
  Object.assign(state, {
    getWebSocketAutoResponseTimestamp(this: DurableObjectState, socket: WebSocket) {
      const at: Date | null = getWebSocketAutoResponseTimestamp.call(this, socket);
      return at === null ? at : new Date(fastTimeAt(time, at.getTime()));
    },
  });
}

let kvLaid = false;
/** KV ends a key by its own clock, which stays the wall's. */
export function layClockIntoKv(kv: KVNamespace, time: FastTime): void {
  if (kvLaid) return;
  kvLaid = true;
  const proto = Object.getPrototypeOf(kv);
  const { put } = proto;
  Object.assign(proto, {
    put(this: KVNamespace, key: string, value: unknown, options: KVNamespacePutOptions = {}) {
      const { expiration } = options;
      const ends =
        expiration === undefined
          ? {}
          : { expiration: Math.ceil(wallTimeAt(time, expiration * 1000) / 1000) };
      return put.call(this, key, value, { ...options, ...ends });
    },
  });
}
