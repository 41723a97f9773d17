import { configDir as defaultConfigDir } from "../config/config-dir.ts";
import type { PagedToolName, ToolMethods, ToolName } from "../tool-list/tool-methods.ts";
import { methodName } from "../tool-list/tool-methods.ts";
import type { ToolAnswers, ToolInputs } from "../tool-list/tool-types.generated.ts";
import { TOOLS } from "../tool-list/tools.generated.ts";
import { type Auth, storedAuth } from "./auth.ts";
import type { CallOptions, ToolCall } from "./call.ts";
import { openConnection } from "./connection.ts";
import { mcpAddress } from "./gateway-address.ts";
import { PAUSE_MS } from "./order-follow.ts";
import { orderRecords } from "./order-record.ts";
import type { Orders } from "./order-types.ts";
import { ordersOver } from "./orders.ts";
import { pagesOf } from "./pages.ts";
import { toolCall } from "./tool-call.ts";

export interface ConnectOptions extends CallOptions {
  /** The sign-in on this computer unless said otherwise. */
  auth?: Auth;
  /** Where sign-ins and records of orders are kept. */
  configDir?: string;
}

/** A submit that reached the gateway shows there at once; one may still be on its way. */
const LOOK_MS = 5_000;

/** A gateway to ask. Close it, or let `await using` do so. */
export interface Gateway extends AsyncDisposable {
  /** The address of its MCP endpoint. */
  readonly address: string;
  /** Calls a tool by its name. */
  readonly call: ToolCall;
  /** A method for each tool: `tools.positionsList()` calls `ibkr_positions_list`. */
  readonly tools: ToolMethods<CallOptions>;
  /** The pages of a long answer, one after the other. */
  pages<Name extends PagedToolName>(
    tool: Name,
    input?: ToolInputs[Name],
    options?: CallOptions,
  ): AsyncGenerator<ToolAnswers[Name], void>;
  readonly orders: Orders;
  close(): Promise<void>;
}

/**
 * Connects to a gateway: `connect("https://gateway.example")`. Throws an IbkrError, as everything
 * here does.
 */
export async function connect(url: string, options: ConnectOptions = {}): Promise<Gateway> {
  const { auth = storedAuth(), configDir = defaultConfigDir(), ...limits } = options;
  const address = mcpAddress(url);
  const connection = await openConnection(address, auth(address, configDir), limits);
  const call = toolCall(connection);
  const close = () => connection.close();
  return {
    address,
    call,
    tools: methodsOver(call),
    pages: (tool, input, callOptions) => pagesOf(call, tool, input, callOptions),
    orders: ordersOver({
      call,
      records: orderRecords(configDir, address),
      gateway: address,
      pauseMs: PAUSE_MS,
      lookMs: LOOK_MS,
    }),
    close,
    [Symbol.asyncDispose]: close,
  };
}

function methodsOver(call: ToolCall): ToolMethods<CallOptions> {
  const methods = Object.fromEntries(
    TOOLS.map(({ name }) => [
      methodName(name),
      (input: object = {}, options?: CallOptions) =>
        isToolName(name) ? call(name, input, options) : undefined,
    ]),
  );
  if (!hasEveryMethod(methods)) throw new Error("a tool has no method");
  return methods;
}

function isToolName(name: string): name is ToolName {
  return TOOLS.some((tool) => tool.name === name);
}

/** The list and the types are made together, see src/mcp/client-tools.test.ts. */
function hasEveryMethod(methods: object): methods is ToolMethods<CallOptions> {
  return TOOLS.every(({ name }) => Object.hasOwn(methods, methodName(name)));
}
