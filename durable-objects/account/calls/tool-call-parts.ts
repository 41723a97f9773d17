import type { GatewayFailure } from "@ibkr-edge-gateway/protocol/errors.ts";
import type { JsonValue } from "@ibkr-edge-gateway/protocol/json.ts";
import type { JobService } from "@ibkr-edge-gateway/protocol/service-class.ts";
import type { NewAuditEvent } from "../audit/events.ts";
import type { ClientStanding } from "../clients/clients.ts";
import type { OrderService } from "../orders/order-service.ts";
import type { RelayHost } from "../relay/relay-host-interface.ts";
import type { BrokerAccount, ToolCall } from "../rpc/account-types.ts";

/** What a tool call works with. */
export interface ToolCallDeps {
  readonly sql: SqlStorage;
  readonly relay: RelayHost;
  readonly orders: Pick<OrderService, "runTool">;
  /** What this client may do, or why it may not act. Asked again after every wait. */
  readonly standing: (call: ToolCall) => ClientStanding;
  /** The login's accounts; asked only where an order does not say which it means. */
  readonly brokerAccounts: (service: JobService) => Promise<BrokerAccount[] | GatewayFailure>;
  /** Takes the call from the budgets; why it has to wait, or null. */
  readonly budget: (call: ToolCall) => GatewayFailure | null;
  /** Appends to the audit log in this turn; the event's number. */
  readonly audit: (event: NewAuditEvent) => number;
  /** Where the owner gives this client more. */
  readonly link: (call: ToolCall) => string;
  /** The keyed hash under which a broker account stands in the audit log. */
  readonly accountHash: (account: string) => string;
  readonly now: () => number;
  /** Aborted when the caller went away. */
  readonly gone: AbortSignal;
}

/** A call's answer before it is noted; `hash` is of the result, where the PC has said it. */
export type CallAnswer =
  | { ok: true; result: JsonValue; hash?: string }
  | { ok: false; failure: GatewayFailure; denied?: boolean };
