import type { Source } from "@ibkr-edge-gateway/protocol/operation-schemas/field-types.ts";
import type { BrokerSession } from "@ibkr-edge-gateway/protocol/operation-schemas/session-status.ts";
import type { GatewayAddress } from "../client-portal/address.ts";
import type { Clock } from "../client-portal/clock.ts";
import type { BrokerEvent } from "../client-portal/events/broker-event.ts";
import type { BrokerLogger } from "../client-portal/logger.ts";
import type { Wire } from "../client-portal/paced-wire.ts";
import type { Portal } from "../client-portal/portal-interface.ts";
import type { ResetZone } from "../client-portal/session/broker-resets.ts";
import type { Supervisor } from "../client-portal/session/supervisor.ts";
import type { Stream, StreamOptions } from "../client-portal/stream/stream.ts";
import type { OperationExecutor } from "../operation-handlers/executor-interface.ts";
import type { OperationContext } from "../operation-handlers/operation-context.ts";
import type { OrderSide } from "../orders/order-side.ts";
import type { BrokerSide } from "../orders/order-side-parts.ts";
import type { Asking } from "./dispatch-operation.ts";
import type { openWire } from "./open-wire.ts";

export interface BrokerOptions {
  /** Where the Client Portal Gateway listens, e.g. `https://127.0.0.1:5000`; loopback only. */
  baseUrl: string;
  /** Pins, pacing and the init budget live here. */
  configDir: string;
  /** Labels every figure as the simulator's, and talks to nothing else. */
  simulated?: boolean;
  /** With `simulated`: what answers is not the simulator; nothing was sent to it. */
  onNotSimulator?: () => void;
  logger: BrokerLogger;
  clock?: Clock;
  /** IANA zone in which the owner is told times; without it, UTC. */
  ownerZone?: string;
  random?: () => number;
  /** The region whose servers reset the session; by default the one nearest to this PC's own zone. */
  resetZone?: ResetZone;
  /** The order side, where there is one; without it no order operation is served. */
  orders?: (parts: BrokerSide) => OrderSide;
  /**
   * Tells order references of this gateway, or the id of an order that has none, from everybody
   * else's; without it all are foreign.
   */
  isOwnOrder?: (orderRef: string) => boolean;
  /** In place of the network of this machine: what carries the requests, and the broker's stream. */
  openWire?: typeof openWire;
  openStream?: StreamOptions["open"];
}

/** The one client, pacer, session and stream of the process, for the order side to share. */
export interface BrokerCore {
  readonly address: GatewayAddress;
  readonly wire: Wire;
  readonly portal: Portal;
  readonly supervisor: Supervisor;
  readonly stream: Stream;
  readonly clock: Clock;
  readonly source: Source;
  /** What a read needs that is made on behalf of an order. */
  context(signal: AbortSignal, deadlineAt: number, asking?: Asking): OperationContext;
  /** Tells the relay, as the stream itself does. */
  tell(event: BrokerEvent): void;
}

export interface Broker extends OperationExecutor {
  /** The session as it stands now; costs the broker nothing. */
  session(): BrokerSession;
  /** What could not be read of its answers in this run, by question. */
  unread(): { question: string; values: number }[];
  readonly core: BrokerCore;
}
