import type { JsonObject } from "@ibkr-edge-gateway/protocol/json.ts";
import {
  Client,
  InsufficientScopeError,
  StreamableHTTPClientTransport,
} from "@modelcontextprotocol/client";
import { VERSION } from "../config/version.ts";
import type { Access } from "./access.ts";
import type { CallOptions } from "./call.ts";
import { callError } from "./call-error.ts";
import { IbkrError, refusedBy } from "./errors.ts";

export interface Connection {
  readonly client: Client;
  /** The structured answer of a tool. `writes`: it may change something. */
  call(tool: string, args: JsonObject, writes: boolean, options?: CallOptions): Promise<JsonObject>;
  close(): Promise<void>;
}

const CALL_MAX_MS = 60_000;

/** Connects to a gateway's MCP endpoint; the newest version of the protocol that both know. */
export async function openConnection(
  resource: string,
  access: Access,
  options: CallOptions & { headers?: Record<string, string> } = {},
): Promise<Connection> {
  const client = new Client(
    { name: "ibkr", version: VERSION },
    { versionNegotiation: { mode: "auto" }, inputRequired: { autoFulfill: false } },
  );
  const transport = new StreamableHTTPClientTransport(new URL(resource), {
    authProvider: access.provider,
    onInsufficientScope: "throw",
    ...(options.headers === undefined ? {} : { requestInit: { headers: options.headers } }),
  });
  const limits = requestOptions(options);
  try {
    await client.connect(transport, limits);
  } catch (error) {
    throw callError(error, false, options.signal);
  }

  async function once(tool: string, args: JsonObject, call: CallOptions) {
    return client.callTool({ name: tool, arguments: args }, requestOptions(call));
  }

  return {
    client,
    async call(tool, args, writes, call = {}) {
      try {
        const result = await withMore(access, () => once(tool, args, call));
        const answer = jsonObject(result.structuredContent);
        if (answer === null) {
          throw new IbkrError("ANSWER_INVALID", `${tool} answered without its structure.`, {
            outcome: writes ? "unknown" : "not_done",
          });
        }
        if (result.isError === true) throw refusedBy(answer, writes);
        return answer;
      } catch (error) {
        throw callError(error, writes, call.signal);
      }
    },
    close: () => client.close(),
  };
}

/** A call that was refused for a missing scope was not carried out: it is made again with more. */
async function withMore<Result>(access: Access, call: () => Promise<Result>): Promise<Result> {
  try {
    return await call();
  } catch (error) {
    if (!(error instanceof InsufficientScopeError) || access.widen === undefined) throw error;
    await access.widen(error.requiredScope ?? "");
    return call();
  }
}

export function requestOptions({ signal, timeoutMs, onProgress }: CallOptions) {
  return {
    timeout: timeoutMs ?? CALL_MAX_MS,
    ...(signal === undefined ? {} : { signal }),
    ...(onProgress === undefined ? {} : { onprogress: onProgress }),
  };
}

function jsonObject(value: unknown): JsonObject | null {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return null;
  // It came as JSON, so it is JSON.
  return JSON.parse(JSON.stringify(value));
}
