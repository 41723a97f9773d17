import { createInterface } from "node:readline";
import type { GatewaySecrets } from "../../scripts/lib/secrets.ts";
import { startRelayGateway, TEST_ACCOUNT } from "../support/relay/gateway.ts";

/** The Worker in a process of its own, so that it can be killed like one. */
export interface GatewayArgs {
  bundle: { directory: string; main: string };
  port: number;
  proxyPort: number;
  dataDir: string;
  secrets: GatewaySecrets;
}

const args: GatewayArgs = JSON.parse(process.argv[2] ?? "{}");
const gateway = await startRelayGateway(args.bundle, {
  port: args.port,
  dataDir: args.dataDir,
  secrets: args.secrets,
  vars: { ALLOWED_HOSTS: `localhost:${args.proxyPort}` },
  onLog: ({ level, message }) => {
    if (level === "error") say({ kind: "log", level, message: message.slice(0, 500) });
  },
});
say({ kind: "ready" });

for await (const line of createInterface({ input: process.stdin })) {
  const message = JSON.parse(line);
  try {
    if (message.kind === "evict") {
      await gateway.evict(TEST_ACCOUNT, message.sockets);
      say({ kind: "evicted", ok: true });
    }
    if (message.kind === "sql") {
      say({ kind: "rows", rows: await gateway.sql("Account", TEST_ACCOUNT, message.query) });
    }
    if (message.kind === "pair") {
      say({ kind: "paired", pairing: await gateway.pairKey(message.publicKey) });
    }
  } catch (error) {
    if (message.kind === "evict") say({ kind: "evicted", ok: false });
    say({ kind: "log", level: "error", message: `${message.kind}: ${String(error)}` });
  }
}
await gateway.close();

function say(message: object): void {
  process.stdout.write(`${JSON.stringify(message)}\n`);
}
