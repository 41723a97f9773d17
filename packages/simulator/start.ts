import { type Certificate, createCertificate } from "./certificate.ts";
import { createClock } from "./clock.ts";
import { startControlServer } from "./control/control-server.ts";
import { createFaults } from "./control/injected-faults.ts";
import { type Control, createControl } from "./control/simulator-control.ts";
import { dispatch } from "./http/dispatch.ts";
import { createLimiter } from "./http/limits.ts";
import { loginPage } from "./http/pages.ts";
import { createRequestLog } from "./http/request-log.ts";
import { type Arrival, sendAnswer, startServer } from "./http/server.ts";
import { type SimulatorOptions, settingsFrom } from "./options.ts";
import { arm, matchAll } from "./orders/order-lifecycle.ts";
import { ROUTES } from "./routes/all.ts";
import { createSimulator } from "./simulator.ts";
import { scheduleResets } from "./state/resets.ts";
import { restoreBook, saveBookOnChange } from "./state/save-and-restore-book.ts";
import { startLoggedIn } from "./state/session.ts";
import { startSocketServer } from "./ws/server.ts";

/** A running simulator of the Client Portal Gateway and the broker behind it. */
export interface RunningSimulator {
  /** `https://127.0.0.1:<port>`; the API is below `/v1/api`, its WebSocket at `/v1/api/ws`. */
  url: string;
  /** `http://127.0.0.1:<port>` of the control port. */
  controlUrl: string;
  /** The gateway's self-signed certificate, as it was at the start. */
  certificatePem: string;
  /** Its SHA-256 as Node's `fingerprint256` prints it. */
  certificateSha256: string;
  /** The control port's commands, for tests in the same process. */
  control: Control;
  /** Ends all servers and drops every task of the clock. */
  close(): Promise<void>;
}

/**
 * Starts the simulator on loopback.
 * @throws RangeError for a kept book that is not this broker's, and when a port is taken.
 */
export async function startSimulator(options: SimulatorOptions = {}): Promise<RunningSimulator> {
  const settings = settingsFrom(options);
  const clock = createClock(settings.clock, settings.startAt);
  const last = options.book?.last ?? null;
  const sim = createSimulator(settings, clock, last === null ? "" : `/${last.saved_at}`);
  if (last !== null) restoreBook(sim, last);
  const log = createRequestLog();
  const limiter = createLimiter(sim);
  const faults = createFaults(sim.random("faults"), clock.now);
  const certificate = await createCertificate(settings);
  let spare: Certificate | undefined;
  let shown = certificate;

  const gateway = await startServer(sim, log, certificate, settings.port, (arrival: Arrival) => {
    if (arrival.inside) dispatch(context, arrival);
    else sendAnswer(arrival, loginPage(sim, arrival.method, arrival.path, arrival.bodyText));
  });
  const swap = async (): Promise<Certificate> => {
    spare ??= await createCertificate(settings);
    shown = shown === certificate ? spare : certificate;
    sockets.disturb({ kind: "terminate" });
    gateway.swap(shown);
    return shown;
  };
  const sockets = startSocketServer(sim, gateway.server);
  const context = {
    sim,
    routes: ROUTES,
    limiter,
    faults,
    swapCertificate: () => void swap(),
    webSocket: sockets.disturb,
  };
  const control = createControl({
    sim,
    log,
    limiter,
    faults,
    sockets,
    down: async () => {
      sockets.disturb({ kind: "terminate" });
      await gateway.stop();
    },
    up: gateway.listen,
    swapCertificate: async () => (await swap()).sha256,
  });
  const controlServer = await startControlServer(control, settings.controlPort).catch(
    async (thrown: unknown) => {
      await gateway.stop();
      throw thrown;
    },
  );
  sim.market.onPin(() => {
    matchAll(sim);
    arm(sim);
  });
  scheduleResets(sim);
  if (settings.loggedIn) startLoggedIn(sim);
  const kept = options.book === undefined ? undefined : saveBookOnChange(sim, options.book);
  return {
    url: `https://127.0.0.1:${gateway.port}`,
    controlUrl: `http://127.0.0.1:${controlServer.port}`,
    certificatePem: certificate.pem,
    certificateSha256: certificate.sha256,
    control,
    close: async () => {
      clock.close();
      kept?.close();
      sockets.close();
      await Promise.all([gateway.stop(), controlServer.close()]);
    },
  };
}
