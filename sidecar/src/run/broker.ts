import type { Source } from "@ibkr-edge-gateway/protocol/operations/field-types.ts";
import type { BrokerSession } from "@ibkr-edge-gateway/protocol/operations/session-status.ts";
import { type GatewayAddress, parseGatewayAddress } from "../client-portal/address.ts";
import { type Clock, systemClock } from "../client-portal/clock.ts";
import { contractFacts } from "../client-portal/endpoints/contracts.ts";
import type { BrokerEvent } from "../client-portal/events/broker-event.ts";
import { createEventDeduplication } from "../client-portal/events/deduplicate.ts";
import { fileSeenStore } from "../client-portal/events/seen-store.ts";
import { LIMITS } from "../client-portal/limits.ts";
import type { BrokerLogger } from "../client-portal/logger.ts";
import type { Wire } from "../client-portal/paced-wire.ts";
import { createPortal } from "../client-portal/portal.ts";
import type { Portal } from "../client-portal/portal-interface.ts";
import { createQuoteLines } from "../client-portal/quote-lines.ts";
import { nearestResetZone, type ResetZone } from "../client-portal/session/calendar.ts";
import { fileSessionStore } from "../client-portal/session/session-store.ts";
import { createSupervisor, type Supervisor } from "../client-portal/session/supervisor.ts";
import { proveSimulator } from "../client-portal/simulator-proof.ts";
import { createStream, type Stream, type StreamOptions } from "../client-portal/stream/stream.ts";
import { openStreamSocket } from "../client-portal/stream/stream-socket.ts";
import { takeNudge } from "../config/wake-file.ts";
import type { OperationExecutor } from "../operations/executor-interface.ts";
import { contextFor, type OperationContext } from "../operations/operation-context.ts";
import type { OrderService } from "../orders/order-service.ts";
import type { BrokerSide } from "../orders/order-service-parts.ts";
import { type Asking, executeOperation } from "./dispatch-operation.ts";
import { type OpenWire, openWire } from "./open-wire.ts";
import { createSessionTeller } from "./tell-session.ts";
import { warmUp } from "./warm-up.ts";

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
  orders?: (parts: BrokerSide) => OrderService;
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
  readonly core: BrokerCore;
}

/** Connects the broker side: one client, one pacer, one supervisor for the whole process. */
export async function createBroker(options: BrokerOptions): Promise<Broker> {
  const address = parseGatewayAddress(options.baseUrl);
  if (options.simulated === true) await proveSimulator(address);
  const around: Around = {
    options,
    address,
    clock: options.clock ?? systemClock,
    source: options.simulated ? "simulator" : "client_portal",
    isOwnOrder: options.isOwnOrder ?? (() => false),
  };
  const { clock, source } = around;
  const wired = (options.openWire ?? openWire)({
    ...around,
    configDir: options.configDir,
    logger: options.logger,
    onNotSimulator: () => options.onNotSimulator?.(),
    onRateLimited: (until) => parts.supervisor.observe({ kind: "rate_limited", until }),
  });
  const events = createEvents();
  const parts = connect(around, wired, events.tell);
  const { portal, supervisor, stream, lines } = parts;
  const orders = openOrders(around, wired, parts, events);
  if (wired.pacer.silentUntil() > 0) {
    supervisor.observe({ kind: "rate_limited", until: wired.pacer.silentUntil() });
  }
  supervisor.start();
  const stopListening = listenForNudges(options.configDir, supervisor);
  const context = contextMaker(around, parts);
  return {
    core: {
      address,
      wire: wired.wire,
      portal,
      supervisor,
      stream,
      clock,
      source,
      context,
      tell: events.tell,
    },
    session: () => supervisor.session(),
    execute: (request) =>
      executeOperation({ clock, logger: options.logger, orders, context }, request),
    onEvent: events.onEvent,
    close: async () => {
      stopListening();
      orders?.close();
      lines.close();
      await stream.close();
      await supervisor.close();
      wired.pacer.close();
      await wired.transport.close();
    },
  };
}

/** What every part of the broker side is made with. */
interface Around {
  readonly options: BrokerOptions;
  readonly address: GatewayAddress;
  readonly clock: Clock;
  readonly source: Source;
  isOwnOrder(refOrId: string): boolean;
}

type EventListener = (event: BrokerEvent) => void;

interface Events {
  readonly tell: EventListener;
  onEvent(listener: EventListener): () => void;
  /** Called after every other listener, and only when they all took the event. */
  onTaken(listener: EventListener): void;
}

function createEvents(): Events {
  const listeners = new Set<EventListener>();
  let taken: EventListener = () => {};
  return {
    tell: (event) => {
      for (const listener of listeners) listener(event);
      taken(event);
    },
    onTaken: (listener) => {
      taken = listener;
    },
    onEvent: (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
}

type Connected = ReturnType<typeof connect>;

/** The session, the reads and the stream, which need each other. */
function connect(
  around: Around,
  { wire, transport, openAroundTheClock }: OpenWire,
  tell: Events["tell"],
) {
  const { options, address, clock, source, isOwnOrder } = around;
  const { logger, configDir } = options;
  const random = options.random ?? Math.random;
  const supervisor: Supervisor = createSupervisor({
    wire,
    clock,
    store: fileSessionStore(configDir),
    logger,
    around: {
      source,
      openAroundTheClock,
      resetZone:
        options.resetZone ?? nearestResetZone(Intl.DateTimeFormat().resolvedOptions().timeZone),
      loginUrl: `${address.origin}/`,
      clockSkewMs: () => stream.clockSkewMs(),
    },
    warm: () => warmUp(portal, logger),
  });
  const portal = createPortal({ wire, supervisor, clock, logger, random });
  const stream: Stream = createStream({
    open:
      options.openStream ??
      ((credential, heard) => openStreamSocket(address, transport.verifyPeer, credential, heard)),
    supervisor,
    portal,
    clock,
    logger,
    random,
    listener: createEventDeduplication({
      clock,
      source,
      store: fileSeenStore(configDir, source),
      isOwnOrder,
      currencyOf: async (conid) => {
        const answer = await portal.ask(contractFacts([conid]), { maxWaitMs: 5_000 });
        return answer.value.find((fact) => fact.conid === conid)?.currency ?? null;
      },
      onlyAccount: () => {
        const { accounts } = supervisor.state();
        return accounts.length === 1 ? (accounts[0] ?? null) : null;
      },
      tell,
      logger,
    }),
  });
  return { supervisor, portal, stream, lines: createQuoteLines({ portal, clock }) };
}

/** The order side, where there is one; the session's changes are told with it and without. */
function openOrders(
  { options, clock, source }: Around,
  { transport, pacer }: OpenWire,
  { portal, supervisor, stream, lines }: Connected,
  { tell, onTaken }: Events,
): OrderService | null {
  const { logger } = options;
  const tellSession = createSessionTeller(() => supervisor.session(), tell, logger);
  let orders: OrderService | null = null;
  supervisor.onChange((session, before) => {
    if (session.generation !== before.generation) {
      lines.reset();
      logger.info({ generation: session.generation }, "broker session changed");
    }
    tellSession();
    orders?.sessionChanged();
  });
  orders =
    options.orders?.({
      portal,
      transport,
      pacer,
      clock,
      source,
      logger,
      stream,
      session: () => supervisor.session(),
      accounts: () => supervisor.state().accounts,
      clockSkewMs: () => stream.clockSkewMs(),
      onRateLimited: () => supervisor.observe({ kind: "rate_limited", until: pacer.silentUntil() }),
      onUnauthorized: () => supervisor.observe({ kind: "unauthorized", probe: "read" }),
      tell,
    }) ?? null;
  if (orders !== null) onTaken(orders.heard);
  return orders;
}

/** Another process leaves the nudge, so it is looked for by the wall's clock. */
function listenForNudges(configDir: string, supervisor: Supervisor): () => void {
  const timer = setInterval(() => {
    if (takeNudge(configDir)) void supervisor.renew(LIMITS.nudgePollMs);
  }, LIMITS.nudgePollMs);
  timer.unref();
  return () => clearInterval(timer);
}

const contextMaker =
  (
    { options, clock, source, isOwnOrder }: Around,
    { portal, supervisor, stream, lines }: Connected,
  ) =>
  (
    signal: AbortSignal,
    deadlineAt: number,
    { priority, share }: Asking = { priority: "owner" },
  ): OperationContext =>
    contextFor({
      portal,
      priority,
      share: share ?? null,
      clock,
      source,
      signal,
      configDir: options.configDir,
      ownerZone: options.ownerZone ?? null,
      deadlineAt,
      session: () => supervisor.session(),
      stream,
      lines,
      isOwnOrder,
      renewSession: () =>
        supervisor.renew(Math.max(0, Math.min(LIMITS.renewMs, deadlineAt - clock.now()))),
    });
