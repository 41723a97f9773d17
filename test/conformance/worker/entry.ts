import { env } from "cloudflare:workers";
import { createGateway } from "../../../src/gateway.ts";
import { mcpEndpoint } from "../../../src/mcp/handler.ts";
import { fixtureServer } from "./fixtures/server.ts";

/**
 * The product's Worker with one thing exchanged: what its MCP endpoint serves is the fixture set
 * that the official conformance suite calls. OAuth, middleware, message opening and both protocol
 * lanes are the product's own. Nothing in src/ imports this file.
 */
export { Account } from "../../../durable-objects/account.ts";
export { Pairing } from "../../../durable-objects/pairing.ts";

export default createGateway(env, mcpEndpoint(fixtureServer, { subscriptions: true }));
