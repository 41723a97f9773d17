/** Stands in for the platform's module where product code runs in Node: unit tests and the simulation. */
export class RpcTarget {}

export class DurableObject<Env = unknown> {
  protected readonly ctx: unknown;
  protected readonly env: Env;
  constructor(ctx: unknown, env: Env) {
    this.ctx = ctx;
    this.env = env;
  }
}
