// The Worker under another clock. The product is the bundle as it is deployed, byte for byte; it is
// loaded after the clock was laid, and holds no switch for it. Built and loaded by test runs alone.
import { env } from "cloudflare:workers";
import { layClockIn, layClockIntoKv, runWorkerAt } from "./worker-clock.ts";

// Put here by the build of this entry.
const time = TEST_CLOCK;
runWorkerAt(time);
layClockIntoKv(env.OAUTH_KV, time);
const product = await import("./index.js");

export class Account extends product.Account {
  constructor(ctx, env) {
    layClockIn(ctx, time);
    super(ctx, env);
  }
}

export class Pairing extends product.Pairing {
  constructor(ctx, env) {
    layClockIn(ctx, time);
    super(ctx, env);
  }
}

export default product.default;
