// Before everything else: the product must find the run's clock.
import "./fast-worker.ts";

import type { Principal, ToolCall } from "../../../../durable-objects/account/rpc/account-types.ts";
import { AgentAccount } from "../../../../durable-objects/account/rpc/agent.ts";
import { Account as ProductAccount } from "../../../../durable-objects/account.ts";
import product from "../../../../src/index.ts";
import type { Env } from "../../../../src/web/env.ts";
import { burnAt, layIn, light } from "./fast-worker.ts";

export { Pairing } from "../../../../src/index.ts";

class FusedAgent extends AgentAccount {
  override async run(call: Omit<ToolCall, "principal">) {
    burnAt("object: a call came");
    const outcome = await super.run(call);
    burnAt("object: before an answer");
    return outcome;
  }
}

/** The product's account object with a fuse; what it does is the product's. */
export class Account extends ProductAccount {
  constructor(ctx: DurableObjectState, env: Env) {
    layIn(ctx);
    super(ctx, env);
  }

  override agent(principal: Principal) {
    return new FusedAgent(this.parts, this.calls, principal);
  }

  override async webSocketMessage(socket: WebSocket, data: string | ArrayBuffer): Promise<void> {
    burnAt("object: a frame came");
    await super.webSocketMessage(socket, data);
    burnAt("object: after a frame was taken in");
  }

  override async alarm(): Promise<void> {
    burnAt("object: before the alarm");
    await super.alarm();
    burnAt("object: after the alarm");
  }

  /** After so many effects of this object it is reset, or its process killed. */
  async testFuse(after: number, how: "abort" | "kill"): Promise<void> {
    light({ left: after, how });
  }
}

export default {
  async fetch(request: Request, env: Env, ctx: ExecutionContext): Promise<Response> {
    if (new URL(request.url).pathname !== "/__test") return product.fetch(request, env, ctx);
    const { account, after, how } = await request.json<{
      account: string;
      after: number;
      how: "abort" | "kill";
    }>();
    const stub = env.ACCOUNT.getByName(account);
    if (!("testFuse" in stub) || typeof stub.testFuse !== "function") {
      return new Response("no fuse", { status: 404 });
    }
    await stub.testFuse(after, how);
    return Response.json(null);
  },
};
