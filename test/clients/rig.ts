import { mkdir, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { startSimulator } from "@ibkr-edge-gateway/simulator/start.ts";
import { inject } from "vitest";
import { Browser } from "../../scripts/lib/browser.ts";
import { startLocalSidecar } from "../../scripts/lib/local-sidecar.ts";
import { signIn } from "../../scripts/lib/oauth-client.ts";
import { fromRoot } from "../../scripts/lib/paths.ts";
import { type Gateway, startGateway } from "../support/gateway.ts";
import { type Person, startPerson } from "./person.ts";
import { Wire } from "./wire.ts";

/**
 * The whole product for one test file: the production bundle in workerd, a paired sidecar, the
 * simulated broker, the owner at a browser, a recorder of what clients send, and an internet that
 * holds only what the test publishes.
 */
export interface Rig {
  gateway: Gateway;
  /** What is typed into a client. */
  mcp: string;
  owner: Browser;
  person: Person;
  wire: Wire;
  /** Puts a JSON document on the internet that the Worker can reach. */
  publish(url: string, document: unknown): void;
  /** Addresses that the Worker fetched from that internet. */
  fetched: string[];
  /** A new empty home folder. */
  home(): Promise<string>;
  close(): Promise<void>;
}

const RECORDER = "https://recorder.invalid/";

export async function startRig(): Promise<Rig> {
  const directory = await mkdtemp(join(tmpdir(), "ibkr-edge-gateway-clients-"));
  const endings: (() => Promise<void>)[] = [
    () => rm(directory, { recursive: true, force: true, maxRetries: 3 }),
  ];
  const close = async () => {
    for (const end of endings.splice(0).reverse()) await end();
  };
  try {
    const world = new Map<string, unknown>();
    const fetched: string[] = [];
    const wire = new Wire();
    const cli = inject("sidecarCli");
    const simulator = await startSimulator({ clock: "real", marketHours: "always" });
    endings.push(() => simulator.close());
    const gateway = await startGateway({
      entry: fromRoot("test/clients/recording-worker.js"),
      outbound: async (request) => {
        if (request.url === RECORDER) return wire.take(request);
        fetched.push(request.url);
        const document = world.get(request.url);
        return document === undefined
          ? new Response("not found", { status: 404 })
          : Response.json(document);
      },
    });
    endings.push(() => gateway.close());
    const sidecar = await startLocalSidecar({
      cli,
      gateway: { url: gateway.url, ownerToken: gateway.secrets.OWNER_TOKEN },
      configDir: join(directory, "sidecar"),
      clientPortal: simulator.url,
      log: () => undefined,
      onFailure: (why) => console.error(why),
    });
    endings.push(() => sidecar.stop());
    const owner = new Browser(gateway.url);
    await signIn(owner, gateway.secrets.OWNER_TOKEN);
    const person = await startPerson(owner, join(directory, "person"));
    endings.push(() => person.close());
    let homes = 0;
    return {
      gateway,
      mcp: `${gateway.url}/mcp`,
      owner,
      person,
      wire,
      publish: (url, document) => void world.set(url, document),
      fetched,
      async home() {
        homes += 1;
        const path = join(directory, `home-${homes}`);
        await mkdir(path);
        return path;
      },
      close,
    };
  } catch (error) {
    await close();
    throw error;
  }
}

/**
 * Makes every access token that was issued so far as unknown as an expired one, so that a client has
 * to refresh. The Worker itself must delete them: it takes its own word for a token for some seconds,
 * and would not notice a deletion behind its back. Its hourly cleaning does, where a token's grant is
 * gone; so the grants are put aside for as long as that takes.
 */
export async function expireAccessTokens({ gateway }: Rig): Promise<void> {
  const kv = await gateway.kv();
  const named = async (prefix: string) => (await kv.list({ prefix })).keys.map(({ name }) => name);
  if ((await named("token:")).length === 0) throw new Error("no access token was ever issued");
  const grants = await Promise.all(
    (await named("grant:")).map(async (name) => ({
      name,
      value: (await kv.get(name, "text")) ?? "",
    })),
  );
  for (const { name } of grants) await kv.delete(name);
  const worker = await gateway.miniflare.getWorker();
  await worker.scheduled({ scheduledTime: new Date(), cron: "" });
  for (const { name, value } of grants) await kv.put(name, value);
  if ((await named("token:")).length > 0) throw new Error("an access token was left");
}
