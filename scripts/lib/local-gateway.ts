import { join } from "node:path";
import type { WorkerBundle } from "./bundle.ts";
import { broken, type DataDir, type GatewayState, openDataDir, writeState } from "./data-dir.ts";
import type { Gateway } from "./gateway.ts";
import type { AskYes } from "./local-approvers.ts";
import { type LocalBroker, whatDiffers } from "./local-broker.ts";
import { logFile } from "./log-file.ts";
import { choosePort } from "./ports.ts";
import { isAnswering } from "./running.ts";
import { Sorry } from "./say.ts";
import { sidecarStatus } from "./sidecar-status.ts";

export interface LocalOptions {
  dataDir: string;
  /** 0 for any free one. */
  port: number;
  broker: LocalBroker;
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
 * The whole product on this machine: the Worker in workerd, the Client Portal simulator or the owner's
 * own Client Portal Gateway, and a sidecar between them that was paired the way an owner pairs one.
 * When a part cannot start, the ones before it are ended again.
 */
export async function startLocalGateway(options: LocalOptions): Promise<LocalGateway> {
  const dir = await openDataDir(options.dataDir);
  await refuseSecondRun(dir);
  refuseOtherBroker(dir, options.broker);
  const ports = await chosenPorts(options, dir.state);
  if (options.broker.kind === "own" && dir.state.port === null) {
    for (const line of whatDiffers(dir.path)) console.log(line);
  }
  // Loaded only now: a setting or a folder that will not do is said without waiting for all that.
  const [{ buildWorker }, { buildSidecar }, { startLocalSidecar }] = await Promise.all([
    import("./bundle.ts"),
    import("./sidecar-build.ts"),
    import("./local-sidecar.ts"),
  ]);

  const endings: (() => Promise<void>)[] = [];
  const close = async () => {
    for (const end of endings.splice(0).reverse()) await end();
  };
  try {
    const building = Promise.all([
      buildWorker(join(dir.build, "worker")),
      buildSidecar(join(dir.build, "sidecar")),
    ]);
    // It is awaited below, after what may fail before it.
    building.catch(() => undefined);
    const broker = await openBroker(dir, ports.simulator_port, options, endings);
    const [bundle, cli] = await building;
    options.signal.throwIfAborted();
    const gateway = await openWorker(dir, bundle, ports.port);
    endings.push(() => gateway.close());
    options.signal.throwIfAborted();
    const { url } = gateway;
    await writeState(dir.path, { version: 1, ...ports, url, pid: process.pid });
    endings.push(() => writeState(dir.path, { version: 1, ...ports, url: null, pid: null }));
    const ownerToken = dir.secrets.OWNER_TOKEN;
    const sidecar = await startLocalSidecar({
      cli,
      gateway: { url, ownerToken },
      configDir: dir.sidecar,
      clientPortal: broker.url,
      broker: options.broker.kind,
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

async function chosenPorts({ port, broker }: LocalOptions, last: GatewayState) {
  const chosen = await choosePort("PORT", port, last.port);
  if (broker.kind === "own") return { port: chosen, simulator_port: null };
  const simulatorPort = await choosePort("SIMULATOR_PORT", broker.port, last.simulator_port);
  if (chosen === simulatorPort) {
    throw new Sorry(
      `PORT and SIMULATOR_PORT are both ${chosen}; set one of them to another (0 for any).`,
    );
  }
  return { port: chosen, simulator_port: simulatorPort };
}

/** Starts the simulator with the book that is kept; the owner's own gateway is there or comes later. */
async function openBroker(
  dir: DataDir,
  port: number | null,
  { broker, onFailure }: LocalOptions,
  endings: (() => Promise<void>)[],
): Promise<{ url: string }> {
  if (broker.kind === "own") return { url: broker.clientPortal };
  const [{ startSimulator }, { brokenBook, openSimulatedBook }] = await Promise.all([
    import("@ibkr-edge-gateway/simulator/start.ts"),
    import("./simulated-book.ts"),
  ]);
  const book = await openSimulatedBook(dir.path, onFailure);
  endings.push(() => book.saved());
  const simulator = await startSimulator({
    book,
    port: port ?? 0,
    clock: "real",
    marketHours: broker.marketHours,
  }).catch((error: unknown) => {
    throw error instanceof RangeError ? brokenBook(dir.path, error.message) : error;
  });
  endings.push(() => simulator.close());
  return simulator;
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

/** A PC that served the demo must not be the one that sends real orders, nor the other way round. */
function refuseOtherBroker({ path, sidecar }: DataDir, { kind }: LocalBroker): void {
  const { pairing } = sidecarStatus(sidecar);
  if (pairing === null || (pairing.simulated === true) === (kind === "simulator")) return;
  throw new Sorry(
    kind === "own"
      ? `The data in ${path} belong to the demo. Name another folder for your own broker: DATA_DIR.`
      : `The data in ${path} belong to your own broker. Add --client-portal <url>, or name another folder for the demo: DATA_DIR.`,
  );
}

function firstLine(error: unknown): string {
  return (error instanceof Error ? error.message : String(error)).split("\n")[0] ?? "";
}
