import { env } from "cloudflare:workers";
import { layClockIn, runWorkerAt } from "../../../clock/worker/worker-clock.ts";
import { parseFastTime } from "../fast-time.ts";

/**
 * The run's clock for the Worker, and a fuse in the account's object. Imported before the product,
 * and only by the chaos run's own entry. Alarms are set and told in the run's time, timers run by it.
 */
const given: unknown = Reflect.get(env, "CHAOS_TIME");
const time = parseFastTime(typeof given === "string" ? given : undefined);
if (time !== null) runWorkerAt(time);

/** What an await of the object can wait for or cause. */
interface Fuse {
  left: number;
  how: "abort" | "kill";
}
let fuse: Fuse | null = null;
let dead = false;
let current: DurableObjectState | null = null;
let fitted = false;

export function light(next: Fuse): void {
  fuse = next;
}

function burn(label: string): void {
  if (dead) throw new Error("killed");
  if (fuse === null) return;
  fuse.left -= 1;
  if (fuse.left > 0) return;
  const { how } = fuse;
  fuse = null;
  console.log(JSON.stringify({ event: "chaos.fuse", how, label }));
  if (how === "abort") {
    current?.abort("chaos");
    return;
  }
  // Whoever hears the line kills the process; until then nothing of this object has an effect.
  dead = true;
  throw new Error("killed");
}

/** Lays the clock and the fuse into what the runtime gives every object; once for all of them. */
export function layIn(ctx: DurableObjectState): void {
  current = ctx;
  if (fitted) return;
  fitted = true;
  if (time !== null) layClockIn(ctx, time);
  const storage = Object.getPrototypeOf(ctx.storage);
  const { transactionSync } = storage;
  Object.assign(storage, {
    transactionSync(this: DurableObjectStorage, work: () => unknown) {
      burn("object: before a transaction");
      const done = transactionSync.call(this, work);
      burn("object: after a transaction");
      return done;
    },
  });
  const { send } = WebSocket.prototype;
  WebSocket.prototype.send = function (message) {
    burn("object: before a frame");
    send.call(this, message);
    burn("object: after a frame");
  };
}

export const burnAt = burn;
