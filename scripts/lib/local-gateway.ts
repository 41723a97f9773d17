import { join } from "node:path";
import type { MarketHours } from "@ibkr-edge-gateway/simulator/market/hours-setting.ts";
import type { WorkerBundle } from "./bundle.ts";
import { broken, type DataDir, openDataDir, writeState } from "./data-dir.ts";
import type { Gateway } from "./gateway.ts";
import type { AskYes } from "./local-approvers.ts";
import { logFile } from "./log-file.ts";
import { choosePort } from "./ports.ts";
import { isAnswering } from "./running.ts";
import { Sorry } from "./say.ts";

export interface LocalOptions {
  dataDir: string;
  /** 0 for any free one. */
  port: number;
  simulatorPort: number;
  /** When the simulated markets are open. */
  marketHours: MarketHours;
  /** Asks whoever sits at the terminal; without one a passkey is taken for the simulator alone. */
  askYes?: AskYes;
  /** Called when a part ends without having been asked to. */
  onFailure: (why: string) => void;
  /** Aborted when it should not even finish starting. */
  signal: AbortSignal;
}

export interface LocalGateway {
  url: string;
  ownerToken: string;
  close(): Promise<void>;
}

/**
 * The whole product on this machine: the Client Portal simulator, the Worker in workerd, and a
 * sidecar between them that was paired the way an owner pairs one. When a part cannot start, the
 * ones before it are ended again.
 */
export async function startLocalGateway(options: LocalOptions): Promise<LocalGateway> {
  const dir = await openDataDir(options.dataDir);
  await refuseSecondRun(dir);
  const { state } = dir;
  const port = await choosePort("PORT", options.port, state.port);
  const simulatorPort = await choosePort(
    "SIMULATOR_PORT",
    options.simulatorPort,
    state.simulator_port,
  );
  if (port === simulatorPort) {
    throw new Sorry(
      `PORT and SIMULATOR_PORT are both ${port}; set one of them to another (0 for any).`,
    );
  }
  // Loaded only now: a setting or a folder that will not do is said without waiting for all that.
  const [
    { buildWorker },
    { buildSidecar },
    { startSimulator },
    { startLocalSidecar },
    { brokenBook, openSimulatedBook },
  ] = await Promise.all([
    import("./bundle.ts"),
    import("./sidecar-build.ts"),
    import("@ibkr-edge-gateway/simulator/start.ts"),
    import("./local-sidecar.ts"),
    import("./simulated-book.ts"),
  ]);

  const endings: (() => Promise<void>)[] = [];
  const close = async () => {
    for (const end of endings.splice(0).reverse()) await end();
  };
  try {
    const book = await openSimulatedBook(dir.path, options.onFailure);
    endings.push(() => book.saved());
    const [bundle, cli] = await Promise.all([
      buildWorker(join(dir.build, "worker")),
      buildSidecar(join(dir.build, "sidecar")),
    ]);
    options.signal.throwIfAborted();
    const simulator = await startSimulator({
      book,
      port: simulatorPort,
      clock: "real",
      marketHours: options.marketHours,
    }).catch((error: unknown) => {
      throw error instanceof RangeError ? brokenBook(dir.path, error.message) : error;
    });
    endings.push(() => simulator.close());
    const gateway = await openWorker(dir, bundle, port);
    endings.push(() => gateway.close());
    options.signal.throwIfAborted();
    const { url } = gateway;
    const ports = { port, simulator_port: simulatorPort };
    await writeState(dir.path, { version: 1, ...ports, url, pid: process.pid });
    endings.push(() => writeState(dir.path, { version: 1, ...ports, url: null, pid: null }));
    const ownerToken = dir.secrets.OWNER_TOKEN;
    const sidecar = await startLocalSidecar({
      cli,
      gateway: { url, ownerToken },
      configDir: dir.sidecar,
      clientPortal: simulator.url,
      log: logFile(join(dir.logs, "sidecar.log")),
      tell: (line) => console.log(line),
      askYes: options.askYes ?? null,
      onFailure: options.onFailure,
    });
    endings.push(() => sidecar.stop());
    return { url, ownerToken, close };
  } catch (error) {
    await close();
    throw error;
  }
}

async function openWorker(dir: DataDir, bundle: WorkerBundle, port: number): Promise<Gateway> {
  const log = logFile(join(dir.logs, "worker.log"));
  const { launchGateway } = await import("./gateway.ts");
  try {
    return await launchGateway({
      bundle,
      port,
      dataDir: dir.worker,
      ownSignals: true,
      secrets: dir.secrets,
      onLog: ({ level, message }) => log(`${level} ${message}`),
    });
  } catch (error) {
    throw broken(dir.path, `the Worker's part does not open (${firstLine(error)})`);
  }
}

/** Two gateways on the same data would each overwrite what the other keeps. */
async function refuseSecondRun({ path, state }: DataDir): Promise<void> {
  if (await isAnswering(state)) {
    throw new Sorry(`A gateway runs on ${path} already, at ${state.url}.`);
  }
}

function firstLine(error: unknown): string {
  return (error instanceof Error ? error.message : String(error)).split("\n")[0] ?? "";
}
