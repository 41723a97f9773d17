import { parseGatewayAddress } from "../client-portal/address.ts";
import { systemClock } from "../client-portal/clock.ts";
import { LIMITS } from "../client-portal/limits.ts";
import type { Supervisor } from "../client-portal/session/supervisor.ts";
import { proveSimulator } from "../client-portal/simulator-proof.ts";
import { takeNudge } from "../config/wake-file.ts";
import {
  contextFor,
  createSeen,
  type OperationContext,
} from "../operation-handlers/operation-context.ts";
import type { OrderSide } from "../orders/order-side.ts";
import { type BrokerEvents, createBrokerEvents } from "./broker-events.ts";
import type { Broker, BrokerOptions } from "./broker-interface.ts";
import { type Around, type Connected, connectBroker } from "./connect-broker.ts";
import { type Asking, executeOperation } from "./dispatch-operation.ts";
import { type OpenWire, openWire } from "./open-wire.ts";
import { createSessionTeller } from "./tell-session.ts";

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
  const events = createBrokerEvents();
  const parts = connectBroker(around, wired, events.tell);
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
    unread: () => parts.unread.list(),
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

/** The order side, where there is one; the session's changes are told with it and without. */
function openOrders(
  { options, clock, source }: Around,
  { transport, pacer }: OpenWire,
  { portal, supervisor, stream, lines }: Connected,
  { tell, onTaken }: BrokerEvents,
): OrderSide | null {
  const { logger } = options;
  const tellSession = createSessionTeller(() => supervisor.session(), tell, logger);
  let orders: OrderSide | null = null;
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

const contextMaker = (
  { options, clock, source, isOwnOrder }: Around,
  { portal, supervisor, stream, lines }: Connected,
) => {
  const seen = createSeen();
  return (
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
      seen,
      isOwnOrder,
      renewSession: () =>
        supervisor.renew(Math.max(0, Math.min(LIMITS.renewMs, deadlineAt - clock.now()))),
    });
};
