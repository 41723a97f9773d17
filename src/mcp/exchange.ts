import type { GatewayFailure } from "@ibkr-edge-gateway/protocol/errors.ts";
import type { JsonObject } from "@ibkr-edge-gateway/protocol/json.ts";
import type { Principal } from "../../durable-objects/account/rpc/account-types.ts";
import type { AgentAccount } from "../../durable-objects/account/rpc/agent.ts";
import type { Remote } from "../../durable-objects/account/rpc/remote.ts";
import type { CursorCodec } from "./cursor.ts";
import type { RewrittenNumbers } from "./wire/exact-numbers.ts";

/** One JSON-RPC message and everything that answering it needs. */
export interface Exchange {
  message: JsonObject;
  /** The message's numbers that may not be what was written. */
  rewritten: RewrittenNumbers;
  principal: Principal;
  /** What the token says it carries; once that was too little, what the account's object says. */
  granted: ReadonlySet<string>;
  /** Where the owner gives this client more. */
  accessLink: string;
  /** Why the message may do nothing, where that is decided and noted already. */
  refused?: GatewayFailure;
  /** The principal's capability; asked for anew with each verb, and travels with it. */
  agent: () => Remote<AgentAccount>;
  cursors: CursorCodec;
  requestId: string;
  /** W3C trace context from the caller; passed on, never trusted as identity. */
  traceparent: string | null;
  /** Set while the message is answered, where a refusal says how long to wait. */
  retryAfterSeconds?: number;
  /** Tells a caller who asked for it how long its call has waited, in seconds, of how many. */
  progress?: (seconds: number, ofSeconds: number) => Promise<void>;
  /** Aborted when the caller is gone. */
  signal?: AbortSignal;
  /** Has work that begins when the caller goes be finished all the same. */
  finish?: (work: Promise<unknown>) => void;
  /** Called when the SDK found the message well-formed. */
  accepted?: () => void;
}
