import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { READ_SCOPES } from "@ibkr-edge-gateway/protocol/scopes.ts";
import { Browser } from "../../scripts/lib/browser.ts";
import { buildWorker, type WorkerBundle } from "../../scripts/lib/bundle.ts";
import { type Gateway, launchGateway } from "../../scripts/lib/gateway.ts";
import { type LocalSidecar, startLocalSidecar } from "../../scripts/lib/local-sidecar.ts";
import { connect, signIn } from "../../scripts/lib/oauth-client.ts";
import { fromRoot } from "../../scripts/lib/paths.ts";
import { buildSidecar } from "../../scripts/lib/sidecar-build.ts";
import { sidecarStatus } from "../../scripts/lib/sidecar-status.ts";
import { type BenchProcess, startProcess } from "./processes.ts";

/** The whole chain with its parts in processes of their own, as the report measures it. */
export interface Bench {
  bundle: WorkerBundle;
  simulatorUrl: string;
  gateway: Gateway;
  token: string;
  sidecarPid: number;
  /** The sidecar's built command line, and the folder it runs on. */
  cli: string;
  configDir: string;
  /** Starts the Worker again on the same data, with or without the meter in front of it. */
  restart(metered: boolean): Promise<void>;
  close(): Promise<void>;
}

/** Calls a minute: high enough never to be the thing that is measured. */
const NO_LIMIT = 10_000_000;

export async function setUp(): Promise<Bench> {
  const folder = await mkdtemp(join(tmpdir(), "ibkr-edge-gateway-bench-"));
  const [bundle, cli] = await Promise.all([
    buildWorker(join(folder, "build", "worker")),
    buildSidecar(join(folder, "build", "sidecar")),
  ]);
  const configDir = join(folder, "sidecar");
  let gateway: Gateway | undefined;
  let simulator: BenchProcess | undefined;
  let sidecar: LocalSidecar | undefined;

  const launch = async (metered: boolean) => {
    const previous = gateway;
    await previous?.close();
    gateway = await launchGateway({
      bundle,
      direct: true,
      dataDir: join(folder, "worker"),
      ...(previous === undefined ? {} : { port: previous.port, secrets: previous.secrets }),
      ...(metered ? { entry: fromRoot("test/bench/counting-worker.js") } : {}),
      vars: {
        CLIENT_CALLS_PER_MINUTE: String(NO_LIMIT),
        ACCOUNT_CALLS_PER_MINUTE: String(NO_LIMIT),
      },
    });
    return gateway;
  };
  const connected = async () => {
    for (;;) {
      const { running } = sidecarStatus(configDir);
      if (running?.relay.state === "connected" && running.broker?.state === "ready") {
        return running.pid;
      }
      await new Promise((resolve) => setTimeout(resolve, 200));
    }
  };
  const close = async () => {
    await sidecar?.stop();
    await gateway?.close();
    await simulator?.stop();
    await rm(folder, { recursive: true, force: true });
  };

  try {
    const current = await launch(true);
    simulator = await startProcess("simulator-process.ts");
    sidecar = await startLocalSidecar({
      cli,
      gateway: { url: current.url, ownerToken: current.secrets.OWNER_TOKEN },
      configDir,
      clientPortal: simulator.said,
      log: () => undefined,
      onFailure: (why) => {
        throw new Error(why);
      },
    });
    const browser = new Browser(current.url);
    await signIn(browser, current.secrets.OWNER_TOKEN);
    const { tokens } = await connect(browser, { scope: READ_SCOPES.join(" ") });
    const bench: Bench = {
      bundle,
      simulatorUrl: simulator.said,
      gateway: current,
      token: tokens.access_token,
      sidecarPid: await connected(),
      cli,
      configDir,
      async restart(metered) {
        bench.gateway = await launch(metered);
        bench.sidecarPid = await connected();
      },
      close,
    };
    return bench;
  } catch (error) {
    await close();
    throw error;
  }
}
