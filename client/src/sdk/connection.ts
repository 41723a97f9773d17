import type { JsonObject } from "@ibkr-edge-gateway/protocol/json.ts";
import {
  Client,
  InsufficientScopeError,
  ProtocolError,
  SdkHttpError,
  StreamableHTTPClientTransport,
} from "@modelcontextprotocol/client";
import { VERSION } from "../config/version.ts";
import type { Access } from "./access.ts";
import type { CallOptions } from "./call.ts";
import { callError } from "./call-error.ts";
import { IbkrError, refusedBy } from "./errors.ts";
import type { KnownProtocol } from "./known-protocol.ts";

export interface Connection {
  readonly client: Client;
  /** The structured answer of a tool. `writes`: it may change something. */
  call(tool: string, args: JsonObject, writes: boolean, options?: CallOptions): Promise<JsonObject>;
  close(): Promise<void>;
}

const CALL_MAX_MS = 60_000;

/**
 * Connects to a gateway's MCP endpoint; the newest version of the protocol that both know. With `known`,
 * which is for reads, what the gateway said the last time spares the question.
 */
export async function openConnection(
  resource: string,
  access: Access,
  options: CallOptions & { headers?: Record<string, string>; known?: KnownProtocol } = {},
): Promise<Connection> {
  const { known } = options;
  const prior = (await known?.read()) ?? null;
  let guessed = prior !== null;
  let client = await dial(resource, access, options, prior).catch((error) => {
    if (!guessed) throw error;
    return dialAnew();
  });

  async function dialAnew(): Promise<Client> {
    guessed = false;
    await known?.forget();
    return dial(resource, access, options, null);
  }

  async function once(tool: string, args: JsonObject, call: CallOptions) {
    return withMore(access, () =>
      client.callTool({ name: tool, arguments: args }, requestOptions(call)),
    );
  }

  async function asked(tool: string, args: JsonObject, writes: boolean, call: CallOptions) {
    try {
      return await once(tool, args, call);
    } catch (error) {
      if (!guessed || writes || !mayBeOutOfDate(error)) throw error;
      await client.close();
      client = await dialAnew();
      return once(tool, args, call);
    }
  }

  return {
    get client() {
      return client;
    },
    async call(tool, args, writes, call = {}) {
      try {
        const result = await asked(tool, args, writes, call);
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

async function dial(
  resource: string,
  access: Access,
  options: CallOptions & { headers?: Record<string, string>; known?: KnownProtocol },
  prior: Awaited<ReturnType<KnownProtocol["read"]>>,
): Promise<Client> {
  const client = new Client(
    { name: "ibkr", version: VERSION },
    { versionNegotiation: { mode: "auto" }, inputRequired: { autoFulfill: false } },
  );
  const transport = new StreamableHTTPClientTransport(new URL(resource), {
    authProvider: access.provider,
    onInsufficientScope: "throw",
    ...(options.headers === undefined ? {} : { requestInit: { headers: options.headers } }),
  });
  const adopted = prior === null ? {} : { prior: { kind: "modern", discover: prior } as const };
  try {
    await client.connect(transport, { ...requestOptions(options), ...adopted });
  } catch (error) {
    throw callError(error, false, options.signal);
  }
  const discovered = prior === null ? client.getDiscoverResult() : undefined;
  if (discovered !== undefined) await options.known?.keep(discovered);
  return client;
}

/** What a gateway says to whom it does not understand; a time-out or a sign-in that ended is neither. */
function mayBeOutOfDate(error: unknown): boolean {
  if (error instanceof ProtocolError) return true;
  return error instanceof SdkHttpError && [400, 404, 405, 406, 415].includes(error.status ?? 0);
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
