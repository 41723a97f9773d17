import { env } from "cloudflare:workers";
import { createGateway } from "./gateway.ts";
import { mcpHandler } from "./mcp/handler.ts";

export { Account } from "../durable-objects/account.ts";
export { Pairing } from "../durable-objects/pairing.ts";

export default createGateway(env, mcpHandler);
