import type { BrokerSession } from "@ibkr-edge-gateway/protocol/operation-schemas/session-status.ts";
import type { GatewayAddress } from "../client-portal/address.ts";
import { type CertificatePins, filePins, memoryPins } from "../client-portal/certificate-pin.ts";
import { type Clock, systemClock } from "../client-portal/clock.ts";
import type { BrokerLogger } from "../client-portal/logger.ts";
import { createWire, type Wire } from "../client-portal/paced-wire.ts";
import { createPacer } from "../client-portal/pacing/pacer.ts";
import { filePacingStore } from "../client-portal/pacing/pacing-store.ts";
import { nearestResetZone } from "../client-portal/session/broker-resets.ts";
import { fileSessionStore, memorySessionStore } from "../client-portal/session/session-store.ts";
import { createSupervisor, type Supervisor } from "../client-portal/session/supervisor.ts";
import { createTransport, type WireAnswer, type WireRequest } from "../client-portal/transport.ts";

const SILENT: BrokerLogger = { debug() {}, info() {}, warn() {}, error() {} };

/**
 * A supervisor for a command at the keyboard while no sidecar runs. It keeps to the same pace and
 * the same budget as the sidecar would, and asks for no session of its own accord.
 */
export interface Looker {
  supervisor: Supervisor;
  /** Paced like everything else that it asks. */
  wire: Wire;
  close(): Promise<void>;
}

export function openLooker(options: {
  address: GatewayAddress;
  configDir: string;
  simulated: boolean;
  /** Whether a certificate met for the first time is kept as trusted. */
  remember: boolean;
  clock?: Clock;
  /** Told of each answer as it came. */
  onAnswer?(request: WireRequest, answer: WireAnswer): void;
}): Looker {
  const { address, configDir } = options;
  const clock = options.clock ?? systemClock;
  const source = options.simulated ? "simulator" : "client_portal";
  const pacer = createPacer({ clock, store: filePacingStore(configDir, source, () => {}) });
  const transport = createTransport({
    address,
    pins: pinsFor(options),
    clock,
    onFirstUse: () => {},
  });
  const wire = createWire({
    transport: {
      ...transport,
      send: async (request) => {
        const answer = await transport.send(request);
        options.onAnswer?.(request, answer);
        return answer;
      },
    },
    pacer,
    clock,
    onRateLimited: () => supervisor.observe({ kind: "rate_limited", until: pacer.silentUntil() }),
  });
  // Its generations are nobody's; only the budget of inits is shared.
  const shared = fileSessionStore(configDir);
  const own = memorySessionStore();
  const supervisor = createSupervisor({
    wire,
    clock,
    store: { load: () => shared.load(), save: (memory) => own.save(memory) },
    logger: SILENT,
    around: {
      source,
      openAroundTheClock: () => false,
      resetZone: nearestResetZone(Intl.DateTimeFormat().resolvedOptions().timeZone),
      loginUrl: `${address.origin}/`,
      clockSkewMs: () => null,
    },
    warm: async () => true,
    mayInit: false,
  });
  if (pacer.silentUntil() > 0) {
    supervisor.observe({ kind: "rate_limited", until: pacer.silentUntil() });
  }
  supervisor.start();
  return {
    supervisor,
    wire,
    close: async () => {
      await supervisor.close();
      pacer.close();
      await transport.close();
    },
  };
}

function pinsFor(options: {
  address: GatewayAddress;
  configDir: string;
  simulated: boolean;
  remember: boolean;
}): CertificatePins {
  if (options.simulated) return memoryPins();
  const kept = filePins(options.configDir);
  return options.remember || kept.get(options.address.origin) !== null ? kept : memoryPins();
}

/** Waits until the state is one of these, or in vain for so long; gives what it then is. */
export function waitForState(
  looker: Looker,
  wanted: (session: BrokerSession) => boolean,
  patienceMs: number,
  clock: Clock = systemClock,
): Promise<BrokerSession> {
  const { supervisor } = looker;
  return new Promise((resolve) => {
    const done = (): void => {
      cancel();
      stop();
      resolve(supervisor.session());
    };
    const cancel = clock.after(patienceMs, done);
    const stop = supervisor.onChange(() => {
      if (wanted(supervisor.session())) done();
    });
    if (wanted(supervisor.session())) done();
  });
}
