import {
  dataDirPath,
  dataDirPaths,
  type GatewayState,
  readSecrets,
  readState,
} from "./data-dir.ts";
import { OwnerTokenRefused } from "./oauth-client.ts";
import { Sorry } from "./say.ts";

const LOOPBACK = new Set(["localhost", "127.0.0.1", "[::1]"]);

export interface RunningGateway {
  url: string;
  ownerToken: string;
}

/**
 * The local gateway to talk to as its owner: the one that `npm start` left its address of in the
 * data directory, or GATEWAY_URL. The owner's token goes to loopback and nowhere else.
 */
export async function findGateway(env: NodeJS.ProcessEnv): Promise<RunningGateway> {
  const path = await folderOf(env);
  const state = await readState(path);
  const named = env.GATEWAY_URL;
  const url = named || state?.url;
  if (!url) {
    throw new Sorry(`No gateway runs on ${path}. Start one with npm start, or set GATEWAY_URL.`);
  }
  if (!URL.canParse(url)) throw new Sorry(`GATEWAY_URL is not an address: ${url}`);
  const { origin, hostname, protocol } = new URL(url);
  if (!LOOPBACK.has(hostname) || !/^https?:$/.test(protocol)) {
    throw new Sorry(
      `${origin} is not on this machine; this command only talks to a local gateway.`,
    );
  }
  const ownerToken =
    env.OWNER_TOKEN || (state === null ? undefined : (await readSecrets(path)).OWNER_TOKEN);
  if (!ownerToken) {
    throw new Sorry(`No owner token: there is none in ${path}, and OWNER_TOKEN is not set.`);
  }
  return { url: origin, ownerToken };
}

/** The folder of the gateway that runs; without one the demo's. */
async function folderOf(env: NodeJS.ProcessEnv): Promise<string> {
  const demo = dataDirPath(env, "simulator");
  const others = dataDirPaths(env).filter((path) => path !== demo);
  for (const path of others) {
    const state = await readState(path).catch(() => null);
    if (state === null || !(await isAnswering(state))) continue;
    const both = await readState(demo).catch(() => null);
    if (both !== null && (await isAnswering(both))) {
      throw new Sorry(
        `Two gateways run here: ${demo} (the demo) and ${path} (your own broker). Name one of the two folders in DATA_DIR.`,
      );
    }
    return path;
  }
  return demo;
}

/** Whether the gateway that wrote this state runs still. */
export async function isAnswering({
  pid,
  url,
}: Pick<GatewayState, "pid" | "url">): Promise<boolean> {
  if (pid === null || url === null || !isAlive(pid)) return false;
  const answer = await fetch(`${url}/healthz`, { signal: AbortSignal.timeout(2_000) }).catch(
    () => null,
  );
  return answer !== null;
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

/**
 * Runs a request against the gateway as its owner; one that does not answer, or an owner token that
 * opens nothing any more, is said in one line.
 */
export async function reach<T>(gateway: RunningGateway, act: () => Promise<T>): Promise<T> {
  try {
    return await act();
  } catch (error) {
    if (error instanceof TypeError && error.message === "fetch failed") {
      throw new Sorry(`No gateway answers at ${gateway.url}. Start it with npm start.`);
    }
    if (error instanceof OwnerTokenRefused) throw new Sorry(tokenRefused(gateway));
    throw error;
  }
}

function tokenRefused({ url }: RunningGateway): string {
  return `The owner token was refused: since you have a passkey, it does not sign in. Connect the MCP client to ${url}/mcp by itself (it opens your browser), or let the token sign in again: ${url}/security, Owner token.`;
}
