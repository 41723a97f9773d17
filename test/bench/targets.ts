import type { Target } from "./load.ts";

const VERSION = "2026-07-28";
const META = {
  "io.modelcontextprotocol/protocolVersion": VERSION,
  "io.modelcontextprotocol/clientInfo": { name: "bench", version: "1" },
  "io.modelcontextprotocol/clientCapabilities": {},
};

/** One `tools/call` of the 2026-07-28 era. */
export function toolCall(
  url: string,
  token: string | null,
  name: string,
  args: Record<string, string>,
): Target {
  return {
    url: `${url}/mcp`,
    method: "POST",
    headers: {
      "Content-Type": "application/json",
      Accept: "application/json, text/event-stream",
      "MCP-Protocol-Version": VERSION,
      "Mcp-Method": "tools/call",
      "Mcp-Name": name,
      ...(token === null ? {} : { Authorization: `Bearer ${token}` }),
    },
    body: JSON.stringify({
      jsonrpc: "2.0",
      id: 1,
      method: "tools/call",
      params: { name, arguments: args, _meta: META },
    }),
    check(status, body) {
      if (
        status !== 200 ||
        !body.includes('"structuredContent"') ||
        body.includes('"isError":true')
      ) {
        throw new Error(`${name} answered ${status}: ${body.slice(0, 300)}`);
      }
    },
  };
}

/** The structured content of one call's answer, whether it came as JSON or as one event. */
export async function answerOf(target: Target): Promise<Record<string, unknown>> {
  const response = await fetch(target.url, {
    method: target.method,
    headers: target.headers,
    ...(target.body === undefined ? {} : { body: target.body }),
  });
  const text = await response.text();
  target.check(response.status, text);
  const json = /^data: (.*)$/m.exec(text)?.[1] ?? text;
  const message = JSON.parse(json) as { result: { structuredContent: Record<string, unknown> } };
  return message.result.structuredContent;
}

/** The broker's own answer to the question behind `ibkr_positions_list`, without us. */
export function directPositions(simulatorUrl: string, accountId: string): Target {
  return {
    url: `${simulatorUrl}/v1/api/portfolio2/${accountId}/positions`,
    method: "GET",
    headers: { "User-Agent": "bench" },
    check(status, body) {
      if (status !== 200 || !body.startsWith("[{")) {
        throw new Error(`the simulator answered ${status}: ${body.slice(0, 300)}`);
      }
    },
  };
}
