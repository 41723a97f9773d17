import type { Env } from "../env.ts";

/** The protected MCP endpoint. */
export const mcpHandler = {
  async fetch(_request: Request, _env: Env, _ctx: ExecutionContext): Promise<Response> {
    return Response.json({ error: "temporarily_unavailable" }, { status: 503 });
  },
};
