import { readFile } from "node:fs/promises";
import type { D1Database } from "@cloudflare/workers-types";
import {
  convertV4MiniflareOptions,
  Log,
  LogLevel,
  Miniflare,
  type Request as MiniflareRequest,
  Response as MiniflareResponse,
} from "miniflare";
import {
  type Unstable_Config,
  unstable_getMiniflareWorkerOptions,
  unstable_readConfig,
} from "wrangler";
import type { WorkerBundle } from "./bundle.ts";
import { applyMigrations } from "./migrations.ts";
import { fromRoot } from "./paths.ts";
import { freePort } from "./ports.ts";
import { type GatewaySecrets, generateSecrets } from "./secrets.ts";

const WORKER = "ibkr-edge-gateway";
const PORT_TRIES = 3;

export interface GatewayOptions {
  bundle: WorkerBundle;
  /** Any free one when 0 or absent. */
  port?: number;
  /** Where KV, D1 and the Durable Objects persist; in memory when absent. */
  dataDir?: string;
  vars?: Record<string, string>;
  secrets?: Partial<GatewaySecrets>;
  /** Calls per period of a rate-limit binding of wrangler.toml, in place of the one there. */
  rateLimits?: Record<string, number>;
  /** The caller ends the gateway on a signal; else Miniflare ends the process at once. */
  ownSignals?: boolean;
  /**
   * Listens with workerd's own socket, without Miniflare's entry Worker in front, which no deployment
   * has. For measurements: it also leaves out what Cloudflare says of a request's origin.
   */
  direct?: boolean;
  /**
   * A module to load in front of the Worker's own `index.js`, for measurements. One that lays another
   * clock stands in front of that, where `GATEWAY_ENTRY` in the environment names it.
   */
  entry?: string;
  /** Answers what the Worker fetches from outside, in place of the network. */
  outbound?: (request: Request) => Promise<Response>;
  /** Called for every line that the Worker or workerd itself logs. */
  onLog?: (line: LogLine) => void;
}

export interface LogLine {
  level: string;
  message: string;
}

export interface Gateway {
  /** `http://localhost:<port>`, without a trailing slash; PUBLIC_ORIGIN unless vars say otherwise. */
  url: string;
  port: number;
  secrets: GatewaySecrets;
  /** Everything the Worker logged so far. */
  logs: LogLine[];
  d1(): Promise<D1Database>;
  kv(): ReturnType<Miniflare["getKVNamespace"]>;
  /** Throws the account's object out of memory: its sockets survive (hibernate) or break (close). */
  evict(accountId: string, webSockets: "hibernate" | "close"): Promise<void>;
  /** SQL inside an object's own storage; starts the object when it sleeps. */
  sql<Row extends SqlRow = SqlRow>(
    className: "Account" | "Pairing",
    name: string,
    query: string,
    ...bindings: (string | number | null)[]
  ): Promise<Row[]>;
  miniflare: Miniflare;
  close(): Promise<void>;
}

export type SqlRow = Record<string, string | number | null | ArrayBuffer>;

/**
 * Runs the production bundle in real workerd with the bindings of wrangler.toml. `npm start`, the
 * contract tests, the benchmarks and the chaos run all start it here, so they run the same thing.
 */
export async function launchGateway(options: GatewayOptions): Promise<Gateway> {
  if (options.port) return launchOn(options.port, options);
  for (let more = PORT_TRIES - 1; ; more--) {
    try {
      return await launchOn(await freePort(), options);
    } catch (error) {
      // Somebody else got the free port first.
      const taken =
        error instanceof Error && "code" in error && error.code === "ERR_ADDRESS_IN_USE";
      if (!taken || more === 0) throw error;
    }
  }
}

async function launchOn(port: number, options: GatewayOptions): Promise<Gateway> {
  const url = `http://localhost:${port}`;
  const secrets = { ...(await generateSecrets()), ...options.secrets };
  const logs: LogLine[] = [];
  const onLog = (line: LogLine) => {
    logs.push(line);
    options.onLog?.(line);
  };

  const configPath = fromRoot("wrangler.toml");
  const config: Unstable_Config = unstable_readConfig({ config: configPath });
  const { modulesRules: _bundled, ...bindings } =
    unstable_getMiniflareWorkerOptions(configPath).workerOptions;
  const before = signalListeners();
  const miniflare = new Miniflare(
    convertV4MiniflareOptions({
      host: "127.0.0.1",
      port: options.direct ? 0 : port,
      log: new Log(LogLevel.ERROR),
      logRequests: false,
      // For `sql` below.
      unsafeInspectDurableObjects: true,
      handleStructuredLogs: ({ level, message }) => onLog({ level, message }),
      ...(options.dataDir === undefined ? {} : { resourcePersistencePath: options.dataDir }),
      workers: [
        {
          ...bindings,
          name: WORKER,
          ...(options.direct ? { unsafeDirectSockets: [{ host: "127.0.0.1", port }] } : {}),
          modules: await modules(options),
          ratelimits: Object.fromEntries(
            config.ratelimits.map(({ name, namespace_id, simple }) => [
              name,
              {
                namespace_id,
                simple: { ...simple, limit: options.rateLimits?.[name] ?? simple.limit },
              },
            ]),
          ),
          bindings: { ...config.vars, PUBLIC_ORIGIN: url, ...secrets, ...options.vars },
          ...(options.outbound === undefined
            ? {}
            : { outboundService: outboundOf(options.outbound) }),
        },
      ],
    }),
  );
  if (options.ownSignals) dropListenersSince(before);
  try {
    await miniflare.ready;
    await applyMigrations(await miniflare.getD1Database("DB"));
  } catch (error) {
    await miniflare.dispose().catch(notEnded);
    throw error;
  }

  return {
    url,
    port,
    secrets,
    logs,
    miniflare,
    d1: () => miniflare.getD1Database("DB"),
    kv: () => miniflare.getKVNamespace("OAUTH_KV"),
    evict: (accountId, webSockets) =>
      miniflare.unsafeEvictDurableObject(WORKER, "Account", { name: accountId, webSockets }),
    async sql<Row extends SqlRow>(
      className: "Account" | "Pairing",
      name: string,
      query: string,
      ...values: (string | number | null)[]
    ): Promise<Row[]> {
      const storage = await miniflare.unsafeGetDurableObjectStorage(WORKER, className, { name });
      return storage.exec<Row>(query, ...values);
    },
    close: () => miniflare.dispose(),
  };
}

const SIGNALS = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

function signalListeners() {
  return new Set(SIGNALS.flatMap((signal) => process.listeners(signal)));
}

function dropListenersSince(before: ReturnType<typeof signalListeners>): void {
  for (const signal of SIGNALS) {
    for (const listener of process.listeners(signal)) {
      if (!before.has(listener)) process.off(signal, listener);
    }
  }
}

/** Each front in a folder of its own, where `./index.js` is what it stands in front of. */
async function modules({ bundle, entry }: GatewayOptions) {
  let first = "index.js";
  const texts = [[first, await readFile(bundle.main, "utf8")]];
  for (const file of [entry, process.env.GATEWAY_ENTRY]) {
    if (file === undefined) continue;
    const folder = `front-${texts.length}`;
    const behind = `"../${first}"`;
    texts.unshift([
      `${folder}/index.js`,
      `export * from ${behind};export { default } from ${behind};`,
    ]);
    first = `${folder}/entry.js`;
    texts.unshift([first, await readFile(file, "utf8")]);
  }
  return texts.map(([path = "", contents = ""]) => ({
    type: "ESModule" as const,
    path,
    contents,
  }));
}

/** Requests and answers are those of Node on this side, and Miniflare's own on the other. */
function outboundOf(answer: (request: Request) => Promise<Response>) {
  return async (request: MiniflareRequest): Promise<MiniflareResponse> => {
    const body =
      request.method === "GET" || request.method === "HEAD" ? null : await request.text();
    const headers = new Headers([...request.headers].filter(([name]) => name !== "host"));
    const response = await answer(
      new Request(request.url, { method: request.method, headers, body }),
    );
    return new MiniflareResponse(await response.arrayBuffer(), {
      status: response.status,
      headers: [...response.headers],
    });
  };
}

/** Said beside why it did not start, which is what the caller is told. */
function notEnded(failure: unknown): void {
  console.error(`The gateway that did not start could not be ended either: ${failure}`);
}
