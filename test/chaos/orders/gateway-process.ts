import { createInterface } from "node:readline";
import type { WorkerBundle } from "../../../scripts/lib/bundle.ts";
import { launchGateway } from "../../../scripts/lib/gateway.ts";
import type { GatewaySecrets } from "../../../scripts/lib/secrets.ts";

/** The built Worker of an order run in a process of its own, so that it can be killed like one. */
export interface GatewayArgs {
  bundle: WorkerBundle;
  port: number;
  proxyPort: number;
  dataDir: string;
  secrets: GatewaySecrets;
  /** The run's clock, as JSON. */
  time: string;
}

/** High enough never to be what refuses an order. */
const NO_LIMIT = "1000000";

const args: GatewayArgs = JSON.parse(process.argv[2] ?? "{}");
const gateway = await launchGateway({
  bundle: args.bundle,
  port: args.port,
  dataDir: args.dataDir,
  secrets: args.secrets,
  vars: {
    ALLOWED_HOSTS: `localhost:${args.proxyPort}`,
    CLIENT_CALLS_PER_MINUTE: NO_LIMIT,
    ACCOUNT_CALLS_PER_MINUTE: NO_LIMIT,
    CHAOS_TIME: args.time,
  },
  rateLimits: {
    SIGN_IN_LIMIT: 1_000_000,
    RELAY_LIMIT: 1_000_000,
    REFUSED_LIMIT: 1_000_000,
    REGISTER_LIMIT: 1_000_000,
  },
  onLog: ({ level, message }) => {
    if (message.startsWith('{"event":"chaos.fuse"')) {
      const { how, label } = JSON.parse(message);
      say({ kind: "fuse", how, label });
    } else if (level === "error" || level === "warn") {
      say({ kind: "log", level, message: message.slice(0, 500) });
    }
  },
});
say({ kind: "ready" });

for await (const line of createInterface({ input: process.stdin })) {
  const { id, account, query } = JSON.parse(line);
  try {
    say({ kind: "rows", id, rows: await gateway.sql("Account", account, query) });
  } catch (error) {
    say({ kind: "rows", id, error: String(error) });
  }
}
await gateway.close();

function say(message: object): void {
  process.stdout.write(`${JSON.stringify(message)}\n`);
}
