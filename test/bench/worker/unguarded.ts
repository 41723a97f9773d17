import type { OAuthResourceContext } from "@cloudflare/workers-oauth-provider";
import { mcpHandler } from "../../../src/mcp/handler.ts";
import type { GrantProps } from "../../../src/oauth/grant-props.ts";
import type { Env } from "../../../src/web/env.ts";

/**
 * The same MCP handler with nothing in front of it: the token is taken at its word. What the bearer
 * check costs is the difference to the product. Loaded by the benchmark alone.
 */
export { Account } from "../../../durable-objects/account.ts";
export { Pairing } from "../../../durable-objects/pairing.ts";

export default {
  fetch(request: Request, env: Env, ctx: ExecutionContext): Promise<Response> {
    const token = request.headers.get("Authorization")?.slice("Bearer ".length) ?? "";
    const [accountId = ""] = token.split(":");
    const trusted: OAuthResourceContext<GrantProps> = Object.assign(ctx, {
      props: { accountId },
      auth: {
        token,
        audience: `${env.PUBLIC_ORIGIN}/mcp`,
        scope: ["ibkr:health:read"],
        userId: accountId,
        clientId: request.headers.get("X-Bench-Client") ?? "",
      },
    });
    return mcpHandler.fetch(request, env, trusted);
  },
};
