import { failure, GatewayError } from "@ibkr-edge-gateway/protocol/errors.ts";
import type { Source } from "@ibkr-edge-gateway/protocol/operations/parts.ts";
import { isOperationName } from "@ibkr-edge-gateway/protocol/operations/registry.ts";
import type { BrokerSession } from "@ibkr-edge-gateway/protocol/operations/session-status.ts";
import { type GatewayAddress, parseGatewayAddress } from "../client-portal/address.ts";
import { filePins, memoryPins } from "../client-portal/certificate-pin.ts";
import { type Clock, systemClock } from "../client-portal/clock.ts";
import { portfolioAccounts } from "../client-portal/endpoints/accounts.ts";
import { contractFacts } from "../client-portal/endpoints/contracts.ts";
import { liveOrders } from "../client-portal/endpoints/orders.ts";
import { trades } from "../client-portal/endpoints/trades.ts";
import type { BrokerEvent } from "../client-portal/events/broker-event.ts";
import { createNews, fileNewsStore } from "../client-portal/events/deduplicate.ts";
import { LIMITS } from "../client-portal/limits.ts";
import type { BrokerLogger } from "../client-portal/logger.ts";
import { createPacer } from "../client-portal/pacing/pacer.ts";
import { filePacingStore } from "../client-portal/pacing/store.ts";
import { type Ask, createPortal, type Portal } from "../client-portal/portal.ts";
import { createQuoteLines } from "../client-portal/quote-lines.ts";
import { nearestResetZone, type ResetZone } from "../client-portal/session/calendar.ts";
import { fileSessionStore } from "../client-portal/session/store.ts";
import { createSupervisor, type Supervisor } from "../client-portal/session/supervisor.ts";
import { proveSimulator } from "../client-portal/simulator-proof.ts";
import { openStreamSocket } from "../client-portal/stream/socket.ts";
import { createStream, type Stream } from "../client-portal/stream/stream.ts";
import { createTransport } from "../client-portal/transport.ts";
import { createWire, type Wire } from "../client-portal/wire.ts";
import { takeNudge } from "../config/wake-file.ts";
import { contextFor, type OperationContext } from "../operations/context.ts";
import type { OperationExecutor } from "../operations/executor.ts";
import { SERVED } from "../operations/served.ts";
import type { OrderService } from "../orders/order-service.ts";
import type { BrokerSide } from "../orders/parts.ts";

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
  context(signal: AbortSignal, deadlineAt: number): OperationContext;
  /** Tells the relay, as the stream's own news do. */
  tell(event: BrokerEvent): void;
}

export interface Broker extends OperationExecutor {
  /** The session as it stands now; costs the broker nothing. */
  session(): BrokerSession;
  readonly core: BrokerCore;
}

/** Connects the broker side: one client, one pacer, one supervisor for the whole process. */
export async function createBroker(options: BrokerOptions): Promise<Broker> {
  const { logger, configDir } = options;
  const clock = options.clock ?? systemClock;
  const random = options.random ?? Math.random;
  const address = parseGatewayAddress(options.baseUrl);
  if (options.simulated === true) await proveSimulator(address);
  const source = options.simulated ? "simulator" : "client_portal";
  const isOwnOrder = options.isOwnOrder ?? (() => false);

  const pacer = createPacer({
    clock,
    store: filePacingStore(configDir, source, () =>
      logger.warn({}, "the pacing file could not be read or written; going on without it"),
    ),
  });
  // The simulator makes itself a new certificate at each start.
  const pins = options.simulated ? memoryPins() : filePins(configDir);
  // A damaged pin file ends the start, not the first connection.
  pins.get(address.origin);
  let openAroundTheClock = false;
  const transport = createTransport({
    address,
    pins,
    clock,
    onFirstUse: (sha256) =>
      logger.info({ sha256 }, "trusting the gateway's certificate from its first use on"),
    ...(options.simulated === true
      ? {
          onlySimulator: {
            refused: () => options.onNotSimulator?.(),
            proved: (always: boolean) => {
              openAroundTheClock = always;
            },
          },
        }
      : {}),
  });
  const wire = createWire({
    transport,
    pacer,
    clock,
    onRateLimited: () => supervisor.observe({ kind: "rate_limited", until: pacer.silentUntil() }),
  });

  let portal: Portal | null = null;
  const warm = async (): Promise<boolean> => {
    const answered = await Promise.all([
      warmUp(portfolioAccounts),
      // Forced, so that whatever was asked before us does not keep the order stream silent.
      warmUp(liveOrders({ force: true })),
      warmUp(trades(1)),
    ]);
    return answered.every((yes) => yes);
  };
  const warmUp = async <T>(ask: Ask<T>): Promise<boolean> => {
    if (portal === null) return false;
    try {
      // Cold answers are what a warm-up is for; nobody believes them yet.
      await portal.ask(
        { ...ask, needs: "nothing", priority: "reconcile" },
        { fresh: true, maxWaitMs: 10_000, firstLookOnly: true },
      );
      return true;
    } catch (error) {
      if (!(error instanceof GatewayError)) throw error;
      logger.debug({ read: ask.name, code: error.failure.code }, "warm-up read failed");
      return false;
    }
  };

  const supervisor = createSupervisor({
    wire,
    clock,
    store: fileSessionStore(configDir),
    logger,
    around: {
      source,
      openAroundTheClock: () => openAroundTheClock,
      resetZone:
        options.resetZone ?? nearestResetZone(Intl.DateTimeFormat().resolvedOptions().timeZone),
      loginUrl: `${address.origin}/`,
      clockSkewMs: () => stream.clockSkewMs(),
    },
    warm,
  });
  const reads = createPortal({ wire, supervisor, clock, logger, random });
  portal = reads;

  const listeners = new Set<(event: BrokerEvent) => void>();
  let desk: OrderService | null = null;
  const tell = (event: BrokerEvent): void => {
    for (const listener of listeners) listener(event);
    desk?.heard(event);
  };
  const lines = createQuoteLines({ portal: reads, clock });
  const stream = createStream({
    open: (credential, events) =>
      openStreamSocket(address, transport.verifyPeer, credential, events),
    supervisor,
    portal: reads,
    clock,
    logger,
    random,
    news: createNews({
      clock,
      source,
      store: fileNewsStore(configDir, source),
      isOwnOrder,
      currencyOf: async (conid) => {
        const answer = await reads.ask(contractFacts([conid]), { maxWaitMs: 5_000 });
        return answer.value.find((fact) => fact.conid === conid)?.currency ?? null;
      },
      onlyAccount: () => {
        const { accounts } = supervisor.belief();
        return accounts.length === 1 ? (accounts[0] ?? null) : null;
      },
      tell,
      logger,
    }),
  });
  let told = "";
  const tellSession = (): void => {
    const session = supervisor.session();
    const { observed_at: _seen, ...lasting } = session;
    const mark = JSON.stringify(lasting);
    if (mark === told) return;
    told = mark;
    try {
      tell({ type: "broker.session", payload: session });
    } catch (error) {
      told = "";
      logger.error({ err: error }, "the broker session's change was not taken");
    }
  };
  supervisor.onChange((belief, before) => {
    if (belief.generation !== before.generation) {
      lines.reset();
      logger.info({ generation: belief.generation }, "broker session changed");
    }
    tellSession();
    desk?.sessionChanged();
  });
  desk =
    options.orders?.({
      portal: reads,
      transport,
      pacer,
      clock,
      source,
      logger,
      stream,
      session: () => supervisor.session(),
      accounts: () => supervisor.belief().accounts,
      clockSkewMs: () => stream.clockSkewMs(),
      onRateLimited: () => supervisor.observe({ kind: "rate_limited", until: pacer.silentUntil() }),
      onUnauthorized: () => supervisor.observe({ kind: "unauthorized", probe: "read" }),
      tell,
    }) ?? null;
  if (pacer.silentUntil() > 0) {
    supervisor.observe({ kind: "rate_limited", until: pacer.silentUntil() });
  }
  supervisor.start();
  // By the wall's clock: it is another process that leaves the word.
  const listening = setInterval(() => {
    if (takeNudge(configDir)) void supervisor.renew(LIMITS.nudgePollMs);
  }, LIMITS.nudgePollMs);
  listening.unref();

  const context = (signal: AbortSignal, deadlineAt: number): OperationContext =>
    contextFor({
      portal: reads,
      clock,
      source,
      signal,
      configDir,
      ownerZone: options.ownerZone ?? null,
      deadlineAt,
      session: () => supervisor.session(),
      stream,
      lines,
      isOwnOrder,
      renewSession: () =>
        supervisor.renew(Math.max(0, Math.min(LIMITS.renewMs, deadlineAt - clock.now()))),
    });

  return {
    core: { address, wire, portal: reads, supervisor, stream, clock, source, context, tell },
    session: () => supervisor.session(),
    execute: async (request) => {
      if (!isOperationName(request.operation)) {
        throw new GatewayError(failure("INPUT_INVALID", "This sidecar knows no such operation."));
      }
      const served = SERVED[request.operation];
      const ordering = desk?.serves(request.operation) === true ? desk : null;
      if (served === undefined && ordering === null) {
        throw new GatewayError(
          failure("BROKER_CAPABILITY_UNAVAILABLE", "This sidecar does not answer that yet."),
        );
      }
      const end = new AbortController();
      const cancel = clock.after(request.deadlineMs, () => end.abort());
      const signal = AbortSignal.any([end.signal, request.signal]);
      try {
        const around = context(signal, clock.now() + request.deadlineMs);
        if (ordering !== null) return await ordering.execute(request, around);
        return served === undefined ? null : await served.execute(around, request.input);
      } catch (error) {
        if (error instanceof GatewayError) {
          logger.debug(
            { operation: request.operation, code: error.failure.code, detail: error.detail },
            "operation failed",
          );
        } else {
          logger.error(
            { operation: request.operation, err: error },
            "operation failed unexpectedly",
          );
        }
        throw error;
      } finally {
        cancel();
      }
    },
    onEvent: (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    close: async () => {
      clearInterval(listening);
      desk?.close();
      lines.close();
      await stream.close();
      await supervisor.close();
      pacer.close();
      await transport.close();
    },
  };
}
