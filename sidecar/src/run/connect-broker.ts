import type { Source } from "@ibkr-edge-gateway/protocol/operation-schemas/field-types.ts";
import type { GatewayAddress } from "../client-portal/address.ts";
import type { Clock } from "../client-portal/clock.ts";
import { contractFacts } from "../client-portal/endpoints/contracts.ts";
import { createEventDeduplication } from "../client-portal/events/deduplicate.ts";
import { fileSeenStore } from "../client-portal/events/seen-store.ts";
import { createPortal } from "../client-portal/portal.ts";
import { createQuoteLines } from "../client-portal/quote-lines.ts";
import { nearestResetZone } from "../client-portal/session/broker-resets.ts";
import { fileSessionStore } from "../client-portal/session/session-store.ts";
import { createSupervisor, type Supervisor } from "../client-portal/session/supervisor.ts";
import { createStream, type Stream } from "../client-portal/stream/stream.ts";
import { openStreamSocket } from "../client-portal/stream/stream-socket.ts";
import { createUnreadTally } from "../client-portal/unreadable-values.ts";
import type { BrokerEvents } from "./broker-events.ts";
import type { BrokerOptions } from "./broker-interface.ts";
import type { OpenWire } from "./open-wire.ts";
import { warmUp } from "./warm-up.ts";

/** What every part of the broker side is made with. */
export interface Around {
  readonly options: BrokerOptions;
  readonly address: GatewayAddress;
  readonly clock: Clock;
  readonly source: Source;
  isOwnOrder(refOrId: string): boolean;
}

/** The parts that `connectBroker` makes. */
export type Connected = ReturnType<typeof connectBroker>;

/** The session, the reads and the stream, which need each other. */
export function connectBroker(
  around: Around,
  { wire, transport, openAroundTheClock }: OpenWire,
  tell: BrokerEvents["tell"],
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
  const unread = createUnreadTally();
  const portal = createPortal({ wire, supervisor, clock, logger, random, unread });
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
  return { supervisor, portal, stream, unread, lines: createQuoteLines({ portal, clock }) };
}
