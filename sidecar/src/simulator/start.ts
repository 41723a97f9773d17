import { createCertificate } from "./certificate.ts";
import { createClock } from "./clock.ts";
import { type Control, createControl } from "./control/control.ts";
import { startControlServer } from "./control/server.ts";
import { createLimiter } from "./http/limits.ts";
import { page } from "./http/pages.ts";
import { handleRequest } from "./http/pipeline.ts";
import { createRequestLog } from "./http/request-log.ts";
import { type Arrival, BASE, send, startServer, UNEXPECTED } from "./http/server.ts";
import { type SimulatorOptions, settingsFrom } from "./options.ts";
import { ROUTES } from "./routes/all.ts";
import { createSimulator } from "./simulator.ts";
import { startLoggedIn } from "./state/session.ts";

/** A running simulator of the Client Portal Gateway and the broker behind it. */
export interface RunningSimulator {
  /** `https://127.0.0.1:<port>`; the API is below `/v1/api`, its WebSocket at `/v1/api/ws`. */
  url: string;
  /** `http://127.0.0.1:<port>` of the control port. */
  controlUrl: string;
  /** The gateway's self-signed certificate. */
  certificatePem: string;
  /** Its SHA-256 as Node's `fingerprint256` prints it. */
  certificateSha256: string;
  /** The control port's commands, for tests in the same process. */
  control: Control;
  /** Ends both servers and drops every task of the clock. */
  close(): Promise<void>;
}

/**
 * Starts the simulator on loopback.
 * @throws when a port is taken.
 */
export async function startSimulator(options: SimulatorOptions = {}): Promise<RunningSimulator> {
  const settings = settingsFrom(options);
  const clock = createClock(settings.clock, settings.startAt);
  const sim = createSimulator(settings, clock);
  const log = createRequestLog();
  const limiter = createLimiter(sim);
  const certificate = await createCertificate(Date.now());

  const handle = (arrival: Arrival): void => {
    const { entry } = arrival;
    try {
      if (!arrival.inside) {
        send(arrival, page(sim, arrival.method, arrival.path, arrival.bodyText));
        return;
      }
      const handled = handleRequest(sim, ROUTES, limiter, arrival);
      entry.applied = handled.applied;
      send(arrival, handled.answer);
    } catch (thrown) {
      console.error("simulator:", thrown);
      send(arrival, UNEXPECTED);
    }
  };
  const gateway = await startServer(sim, log, certificate, settings.port, handle);
  const control = createControl(sim, log, limiter);
  const controlServer = await startControlServer(control, settings.controlPort).catch(
    async (thrown: unknown) => {
      await gateway.stop();
      throw thrown;
    },
  );
  if (settings.loggedIn) startLoggedIn(sim);
  return {
    url: `https://127.0.0.1:${gateway.port}`,
    controlUrl: `http://127.0.0.1:${controlServer.port}`,
    certificatePem: certificate.pem,
    certificateSha256: certificate.sha256,
    control,
    close: async () => {
      clock.close();
      await Promise.all([gateway.stop(), controlServer.close()]);
    },
  };
}

export { BASE };
