import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { WorkerBundle } from "../../../scripts/lib/bundle.ts";
import { fromRoot } from "../../../scripts/lib/paths.ts";
import { freePort } from "../../../scripts/lib/ports.ts";
import { generateSecrets } from "../../../scripts/lib/secrets.ts";
import { type LineProcess, startLines } from "../lines.ts";
import type { Client } from "./client.ts";
import { type FastTime, nextMarketMorning } from "./fast-time.ts";
import { type FrameProxy, startFrameProxy } from "./frame-proxy.ts";
import type { GatewayArgs } from "./gateway-process.ts";
import { type Owner, signInOwner } from "./owner.ts";
import { acceptApprover, type Pc, pairPc } from "./pc.ts";

/** Everything of one round: a broker, an edge, a line, a PC, an owner and an agent, all real. */
export interface World {
  readonly time: FastTime;
  readonly proxy: FrameProxy;
  readonly pc: Pc;
  readonly owner: Owner;
  readonly agent: Client;
  /** The paper accounts of the login. */
  readonly accounts: string[];
  /** A command of the simulator's control port. */
  broker<T>(command: string, body?: object): Promise<T>;
  /** SQL inside the account's object. */
  sql<Row>(query: string): Promise<Row[]>;
  /** SIGKILL of the Worker's whole process, and a new one on the same disk. */
  restartGateway(): Promise<void>;
  /** The object's next effects burn a fuse of this length. */
  layFuse(effects: number, how: "abort" | "kill"): Promise<void>;
  /** Where the object's fuses burnt down so far. */
  readonly burnt: Record<string, number>;
  /** The whole chain answers, and paper is proved. */
  ready(): Promise<boolean>;
  close(): Promise<void>;
}

export interface WorldArgs {
  folder: string;
  bundle: WorkerBundle;
  cli: string;
  seed: number;
  speed: number;
  /** Unix milliseconds of the run's clock; null for a market's morning that lies ahead. */
  starts: number | null;
}

const SCOPES = [
  ...["ibkr:health:read", "ibkr:accounts:read", "ibkr:positions:read", "ibkr:orders:read"],
  ...["ibkr:risk:read", "ibkr:orders:preview", "ibkr:approvals:create"],
  ...["ibkr:orders:paper:submit", "ibkr:orders:paper:cancel", "ibkr:orders:paper:modify"],
];

/** Limits that so many orders would meet for no reason of this run's. */
const LOOSE = Object.fromEntries(
  [
    ...["max_orders_per_second", "max_orders_per_minute", "max_orders_per_hour"],
    ...["max_orders_per_day", "max_messages_per_minute", "max_buy_notional_per_day"],
    ...["max_turnover_per_day", "max_open_orders", "max_open_notional", "repeat_times"],
  ]
    .map((name) => [`cumulative.${name}`, ""])
    .concat(
      ["max_orders_per_day", "max_notional_per_day", "max_approvals_per_hour"].map((name) => [
        `clients.${name}`,
        "",
      ]),
      ["max_position_notional", "max_position_nlv_percent", "max_gross_percent"].map((name) => [
        `portfolio.${name}`,
        "",
      ]),
      ["max_notional", "max_nlv_percent", "max_buying_power_percent"].map((name) => [
        `order.${name}`,
        "",
      ]),
      ["daily_loss_soft", "daily_loss_hard", "duplicate_window_seconds", "stop_after_errors"].map(
        (name) => [`behaviour.${name}`, ""],
      ),
      ["fat_finger_quantity_times", "fat_finger_notional_times"].map((name) => [
        `data.${name}`,
        "",
      ]),
    ),
);

export async function startWorld(args: WorldArgs): Promise<World> {
  const { folder } = args;
  mkdirSync(join(folder, "worker"), { recursive: true });
  const wallStart = Date.now();
  const start = args.starts ?? nextMarketMorning(wallStart);
  const time: FastTime = { wallStart, start, speed: args.speed };
  const clock = JSON.stringify(time);
  const port = await freePort();
  const url = `http://localhost:${port}`;
  const proxy = await startFrameProxy(port);
  const secrets = await generateSecrets();
  const simulator = startLines(
    fromRoot("test/chaos/orders/simulator-process.ts"),
    { seed: args.seed, accounts: 2 },
    {
      env: { PATH: process.env.PATH, CHAOS_TIME: clock },
      flags: ["--import", fromRoot("test/chaos/orders/fast-node.ts")],
    },
  );
  const { url: clientPortal, controlUrl } = await simulator.hear<{
    url: string;
    controlUrl: string;
  }>("ready");

  const burnt: Record<string, number> = {};
  const stage = (name: string): void => {
    if (process.env.CHAOS_VERBOSE) console.error(`${Date.now() - wallStart} ms: ${name}`);
  };
  const queries = new Map<string, (rows: unknown[] | null) => void>();
  let asked = 0;
  let closing = false;
  let gateway: LineProcess;
  let restarting: Promise<void> | null = null;
  const answered = (message: { kind: string; id?: string; rows?: unknown[] }): void => {
    const { id = "", rows } = message;
    queries.get(id)?.(rows ?? null);
    queries.delete(id);
  };
  /** While it is down, another socket of this machine may hold its port for a moment. */
  const startGateway = async (): Promise<LineProcess> => {
    for (let tries = 1; ; tries += 1) {
      const started = launch();
      const up = await Promise.race([
        started.hear("ready", 60_000).then(
          () => true,
          () => false,
        ),
        new Promise<boolean>((resolve) => started.child.once("close", () => resolve(false))),
      ]);
      if (up) return started;
      await started.kill();
      if (tries === 10) throw new Error("the Worker could not be started again");
      await sleep(500);
    }
  };
  const launch = (): LineProcess => {
    const given: GatewayArgs = {
      bundle: args.bundle,
      port,
      proxyPort: proxy.port,
      dataDir: join(folder, "worker"),
      secrets,
      time: clock,
    };
    const started = startLines(fromRoot("test/chaos/orders/gateway-process.ts"), given);
    started.on((message) => {
      if (message.kind === "fuse" && "label" in message && "how" in message) {
        const name = `${message.how} at ${message.label}`;
        burnt[name] = (burnt[name] ?? 0) + 1;
        if (message.how === "kill") void restartGateway();
      }
      if (message.kind === "rows") answered(message);
      if (message.kind === "log" && process.env.CHAOS_VERBOSE) console.error(message);
    });
    return started;
  };
  const restartGateway = (): Promise<void> => {
    restarting ??= (async () => {
      await gateway.kill();
      if (!closing) gateway = await startGateway();
    })().finally(() => {
      restarting = null;
    });
    return restarting;
  };
  stage(`the broker is up at ${controlUrl}`);
  gateway = await startGateway();
  stage("the edge is up");

  const pc = await pairPc({
    cli: args.cli,
    folder,
    gateway: { url, ownerToken: secrets.OWNER_TOKEN },
    proxyPort: proxy.port,
    clientPortal,
    time: clock,
  });
  pc.start();
  stage("the PC is paired");
  const owner = await signInOwner(url, secrets.OWNER_TOKEN);
  const sql = async <Row>(query: string): Promise<Row[]> => {
    for (const end = Date.now() + 60_000; Date.now() < end; await sleep(200)) {
      if (restarting !== null) await restarting;
      asked += 1;
      const id = `q${asked}`;
      const told = new Promise<unknown[] | null>((resolve) => {
        queries.set(id, resolve);
        // Also when the process dies meanwhile.
        setTimeout(resolve, 5_000, null).unref();
      });
      gateway.tell({ id, account: owner.accountId, query });
      const rows = await told;
      // The columns are those of the query, which stands beside the type.
      if (rows !== null) return rows as Row[];
    }
    throw new Error(`the object could not be asked: ${query}`);
  };
  const [known] = await sql<{ credential_id: string; public_key: string }>(
    "SELECT credential_id, public_key FROM passkeys",
  );
  if (known === undefined) throw new Error("the passkey was not enrolled");
  await acceptApprover(
    { cli: args.cli, configDir: pc.configDir, time: clock },
    { credentialId: known.credential_id, publicKey: known.public_key },
  );
  await owner.confirm();
  await owner.form("/trading/switch", { mode: "paper", on: "yes" });
  stage("the owner has a passkey");
  const agent = await owner.admit("Chaos agent", SCOPES);
  const ready = async (): Promise<boolean> => {
    const told = await agent.call("ibkr_backend_status");
    return told.ok && told.answer.broker?.state === "ready" && told.answer.broker.mode === "paper";
  };
  for (const end = Date.now() + 180_000; !(await ready()); await sleep(200)) {
    if (Date.now() > end) throw new Error("the chain was not ready in time");
  }
  stage("the chain is ready");
  const listed = await agent.call("ibkr_accounts_list");
  if (!listed.ok) throw new Error(`no accounts: ${listed.code}`);
  const accounts: string[] = listed.answer.accounts.map(
    ({ account_id }: { account_id: string }) => account_id,
  );
  for (const account_id of accounts) {
    // The first order that is prepared gives an account its policy.
    await agent.call("ibkr_order_preview", {
      ...{ account_id, conid: 265598, side: "BUY", order_type: "LMT" },
      ...{ quantity: "1", limit_price: "1" },
    });
    await owner.limits(account_id, LOOSE);
  }

  return {
    time,
    proxy,
    pc,
    owner,
    agent,
    accounts,
    burnt,
    ready,
    sql,
    restartGateway,
    async broker<T>(command: string, body?: object): Promise<T> {
      const [method = "GET", path = "/"] = command.split(" ");
      const response = await fetch(`${controlUrl}${path}`, {
        method,
        ...(body === undefined
          ? {}
          : { body: JSON.stringify(body), headers: { "Content-Type": "application/json" } }),
      });
      // It was written by our own simulator, in a form that whoever asks knows.
      const answer = (await response.json()) as T;
      if (!response.ok) throw new Error(`${command}: ${JSON.stringify(answer)}`);
      return answer;
    },
    async layFuse(after, how) {
      await fetch(`${url}/__test`, {
        method: "POST",
        body: JSON.stringify({ account: owner.accountId, after, how }),
      }).catch(() => undefined);
    },
    async close() {
      closing = true;
      await pc.stop();
      await restarting;
      await gateway.kill();
      await simulator.stop();
      await proxy.close();
    },
  };
}
