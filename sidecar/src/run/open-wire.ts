import type { Source } from "@ibkr-edge-gateway/protocol/operation-schemas/field-types.ts";
import type { GatewayAddress } from "../client-portal/address.ts";
import { filePins, memoryPins } from "../client-portal/certificate-pin.ts";
import type { Clock } from "../client-portal/clock.ts";
import type { BrokerLogger } from "../client-portal/logger.ts";
import { createWire, type Wire } from "../client-portal/paced-wire.ts";
import { createPacer, type Pacer } from "../client-portal/pacing/pacer.ts";
import { filePacingStore } from "../client-portal/pacing/pacing-store.ts";
import { createTransport, type Transport } from "../client-portal/transport.ts";

export interface OpenWire {
  readonly pacer: Pacer;
  readonly transport: Transport;
  readonly wire: Wire;
  /** Whether the peer proved to be a simulator whose markets never close. */
  openAroundTheClock(): boolean;
}

/** One client and one pacer for the whole process. @throws UsageError when the pin file is damaged. */
export function openWire(options: {
  address: GatewayAddress;
  configDir: string;
  source: Source;
  clock: Clock;
  logger: BrokerLogger;
  onNotSimulator(): void;
  /** A 429 came back; nothing is sent before `until` (ms). */
  onRateLimited(until: number): void;
}): OpenWire {
  const { address, configDir, source, clock, logger } = options;
  const pacer = createPacer({
    clock,
    store: filePacingStore(configDir, source, () =>
      logger.warn({}, "the pacing file could not be read or written; going on without it"),
    ),
  });
  // The simulator makes itself a new certificate at each start.
  const pins = source === "simulator" ? memoryPins() : filePins(configDir);
  // A damaged pin file ends the start, not the first connection.
  pins.get(address.origin);
  let openAroundTheClock = false;
  const onlySimulator = {
    refused: options.onNotSimulator,
    proved: (always: boolean) => {
      openAroundTheClock = always;
    },
  };
  const transport = createTransport({
    address,
    pins,
    clock,
    onFirstUse: (sha256) =>
      logger.info({ sha256 }, "trusting the gateway's certificate from its first use on"),
    ...(source === "simulator" ? { onlySimulator } : {}),
  });
  const wire = createWire({
    transport,
    pacer,
    clock,
    onRateLimited: () => options.onRateLimited(pacer.silentUntil()),
    log: (facts, message) => logger.debug(facts, message),
  });
  return { pacer, transport, wire, openAroundTheClock: () => openAroundTheClock };
}
