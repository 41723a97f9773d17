import { canonicalJson, sha256Hex } from "@ibkr-edge-gateway/protocol/digest.ts";
import type { JobSettlement } from "@ibkr-edge-gateway/protocol/relay/edge/edge-step.ts";
import type { NewSidecar } from "../../../durable-objects/account/rpc/account-types.ts";
import type { OwnerAccount } from "../../../durable-objects/account/rpc/owner.ts";
import { Account as ProductAccount } from "../../../durable-objects/account.ts";
import product from "../../../src/index.ts";
import type { Env } from "../../../src/web/env.ts";
import type { TestJob } from "./test-job.ts";

export { Pairing } from "../../../src/index.ts";

const OWNER = { source: "test", label: "test", method: "token" } as const;

/**
 * The product's account object with one more door: jobs of two test operations, so that writes can
 * be driven through the real relay without an order in the world. Never part of the product.
 */
export class Account extends ProductAccount {
  async testJob(job: TestJob): Promise<JobSettlement> {
    const write = job.operation === "test.write";
    return this.relay.submit({
      class: write ? "write" : "read",
      submit: {
        job_id: job.jobId,
        operation: job.operation,
        input: job.input,
        input_sha256: sha256Hex(canonicalJson(job.input)),
        grant: {
          capability: write ? "orders.paper" : "broker.read",
          ...(job.account === undefined ? {} : { broker_account: job.account }),
          scope: "test",
          expires_at: new Date(Date.now() + 60_000).toISOString(),
        },
        deadline_ms: job.deadlineMs,
      },
    });
  }

  /** As the account's owner does it, without the detour over the console. */
  async addSidecar(sidecar: NewSidecar, requestId: string) {
    return this.#owner(requestId).sidecars.addSidecar(sidecar);
  }

  async chooseSidecar(sidecarId: string, requestId: string) {
    return this.#owner(requestId).sidecars.chooseSidecar(sidecarId);
  }

  async revokeSidecar(sidecarId: string, requestId: string) {
    return this.#owner(requestId).sidecars.revokeSidecar(sidecarId);
  }

  #owner(requestId: string): OwnerAccount {
    const opened = this.gateway.openOwnerSession(OWNER, requestId);
    const entry = opened === null ? null : this.owner(opened.secret, requestId);
    if (entry === null) throw new Error("no session opens");
    return entry.owner;
  }

  async testCancel(jobId: string): Promise<string> {
    return this.relay.cancel(jobId);
  }

  async testPresence() {
    return this.relay.presence();
  }

  /** Resets the object in the middle of whatever it does: memory and sockets are gone. */
  async testAbort(): Promise<void> {
    this.ctx.abort("chaos");
  }

  readonly #wokenAt = Date.now();

  /** When this object was last made: it had been asleep before. */
  async testLife(): Promise<{ wokenAt: number }> {
    return { wokenAt: this.#wokenAt };
  }
}

const ALLOWED = new Set([
  "testJob",
  "testCancel",
  "testPresence",
  "testLife",
  "testAbort",
  "addSidecar",
  "revokeSidecar",
  "chooseSidecar",
]);

export default {
  async fetch(request: Request, env: Env, ctx: ExecutionContext): Promise<Response> {
    const url = new URL(request.url);
    if (url.pathname !== "/__test") return product.fetch(request, env, ctx);
    const { account, method, args } = await request.json<{
      account: string;
      method: string;
      args: unknown[];
    }>();
    if (!ALLOWED.has(method)) return new Response("no such method", { status: 404 });
    // biome-ignore lint/suspicious/noExplicitAny: the methods are named at run time
    const stub = env.ACCOUNT.getByName(account) as any;
    return Response.json((await stub[method](...args)) ?? null);
  },
};
