import type { EdgeOrderOperationName } from "@ibkr-edge-gateway/protocol/operation-schemas/edge-order-operations.ts";
import type { EdgeJob } from "@ibkr-edge-gateway/protocol/relay/edge/edge-state.ts";
import { logAbandoned } from "../platform/log-abandoned.ts";
import type { ToolCall } from "../rpc/account-types.ts";
import { cancelFound } from "./agent/cancel-all.ts";
import { type OrderAnswer, runOrderTool } from "./agent/order-tools.ts";
import { orderAlarm, orderAlarmAt, reconnected } from "./alarm.ts";
import { createPageCarrier, type PageCarrier } from "./approval-page/page-carrier.ts";
import type { AgentAsker, OrderParts } from "./order-context.ts";
import { type InFlight, nothingInFlight } from "./sidecar-calls/in-flight.ts";
import { writeLost } from "./transactions/lost-write.ts";
import { applyOrderEvent } from "./transactions/sidecar-events.ts";

/** Everything about orders of one gateway account. */
export interface OrderService {
  /** What the owner's verbs work with. */
  readonly parts: OrderParts;
  readonly inFlight: InFlight;
  /** For the owner's own page, which the gateway does not serve. */
  readonly pageCarrier: PageCarrier;
  /** One order tool's call, for an agent whose standing was looked up. */
  runTool(
    agent: Omit<AgentAsker, "kind">,
    call: Pick<ToolCall, "input"> & { operation: EdgeOrderOperationName },
  ): Promise<OrderAnswer>;
  /** Inside the transaction that moves the event cursor. */
  event(event: { type: string; payload: Record<string, unknown> }): void;
  /** The PC came back, with a session of its own. */
  connected(): void;
  /** A write's end will never be known: the PC has lost the record of it. */
  lost(job: EdgeJob): void;
  alarm(): Promise<void>;
  alarmAt(): number | null;
}

export function createOrderService(parts: OrderParts): OrderService {
  const inFlight = nothingInFlight();
  // After the transaction of the event: what a switch wants cancelled may just have turned up.
  const cancelSoon = (what: "new" | "untaken"): void =>
    void Promise.resolve()
      .then(() => cancelFound(parts, inFlight, `found:${parts.now()}`, what))
      .catch(logAbandoned("orders.cancel_found"));
  const pageCarrier = createPageCarrier(parts, inFlight);
  return {
    parts,
    inFlight,
    pageCarrier,
    runTool: (agent, call) => runOrderTool(parts, inFlight, { kind: "agent", ...agent }, call),
    event: (event) => {
      applyOrderEvent(parts, event);
      if (event.type === "broker.order") cancelSoon("new");
      if (event.type === "broker.alert") pageCarrier.heard(event.payload);
      if (event.type === "broker.session") cancelSoon("untaken");
    },
    connected: () => {
      reconnected(parts);
      cancelSoon("untaken");
    },
    lost: (job) => writeLost(parts, job),
    alarm: () => orderAlarm(parts),
    alarmAt: () => orderAlarmAt(parts),
  };
}
