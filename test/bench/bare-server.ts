import { createServer, type IncomingMessage } from "node:http";
import { createMcpHandler, McpServer } from "@modelcontextprotocol/server";
import * as z from "zod";
import { TOOLS } from "../../src/mcp/catalogue.ts";

/**
 * What to measure ourselves against: the MCP SDK's own server on plain Node, with the same tools
 * registered, input and output as the product lists them, and every answer made in-process. It has
 * no bearer check, no scopes, no audit, no relay and no broker, and it builds its server for each
 * request as the SDK's stateless mode does.
 */
const REGISTERED = TOOLS.map((tool) => {
  const { name, inputSchema, outputSchema, ...shown } = tool.listing();
  const config = {
    ...shown,
    inputSchema: zodObject(inputSchema),
    outputSchema: zodObject(outputSchema),
  };
  return { name, config };
});

const ANSWER = JSON.parse(process.argv[2] ?? "{}") as Record<string, unknown>;

const handler = createMcpHandler(() => {
  const server = new McpServer({ name: "bare", version: "1" });
  for (const { name, config } of REGISTERED) {
    server.registerTool(name, config, () => ({
      content: [{ type: "text" as const, text: JSON.stringify(ANSWER) }],
      structuredContent: ANSWER,
    }));
  }
  return server;
});

const http = createServer(async (incoming, outgoing) => {
  const response = await handler.fetch(await toRequest(incoming));
  outgoing.writeHead(response.status, Object.fromEntries(response.headers));
  outgoing.end(Buffer.from(await response.arrayBuffer()));
});
http.listen(0, "127.0.0.1", () => {
  const address = http.address();
  if (address !== null && typeof address === "object") console.log(address.port);
});

async function toRequest(incoming: IncomingMessage): Promise<Request> {
  const chunks: Buffer[] = [];
  for await (const chunk of incoming) chunks.push(chunk);
  const headers = new Headers();
  for (const [name, value] of Object.entries(incoming.headers)) {
    if (typeof value === "string") headers.set(name, value);
  }
  return new Request(`http://${incoming.headers.host}${incoming.url}`, {
    method: incoming.method ?? "POST",
    headers,
    body: Buffer.concat(chunks),
  });
}

function zodObject(schema: object): z.ZodType {
  return z.fromJSONSchema(schema as Parameters<typeof z.fromJSONSchema>[0]);
}
