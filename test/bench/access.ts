import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Browser } from "../../scripts/lib/browser.ts";
import { buildWorker, type WorkerBundle } from "../../scripts/lib/bundle.ts";
import { type Gateway, launchGateway } from "../../scripts/lib/gateway.ts";
import {
  connect,
  type OAuthConnection,
  registerClient,
  signIn,
  tokenRequest,
} from "../../scripts/lib/oauth-client.ts";
import { fromRoot } from "../../scripts/lib/paths.ts";
import { measure, round, type Target } from "./load.ts";
import { toolCall } from "./targets.ts";

/** Enough for a p99 of each endpoint without making the report long. */
const CALLS = 300;
const NO_LIMIT = 10_000_000;
const UNLIMITED = {
  direct: true,
  vars: {
    CLIENT_CALLS_PER_MINUTE: String(NO_LIMIT),
    ACCOUNT_CALLS_PER_MINUTE: String(NO_LIMIT),
  },
  rateLimits: { SIGN_IN_LIMIT: NO_LIMIT, REGISTER_LIMIT: NO_LIMIT, REFUSED_LIMIT: NO_LIMIT },
};

/**
 * What access costs: a tool call with the bearer check and the same one without it, both answered
 * by the account's object alone; and the OAuth endpoints, warm.
 */
export async function benchAccess(bundle: WorkerBundle, calls: number): Promise<object> {
  const folder = await mkdtemp(join(tmpdir(), "ibkr-edge-gateway-access-"));
  const dataDir = join(folder, "worker");
  const unguarded = await buildWorker(
    join(folder, "build"),
    fromRoot("test/bench/worker/unguarded.ts"),
  );
  let gateway: Gateway | undefined;
  try {
    gateway = await launchGateway({ bundle, dataDir, ...UNLIMITED });
    const { port, secrets, url } = gateway;
    const owner = new Browser(url);
    await signIn(owner, secrets.OWNER_TOKEN);
    const client = await connect(owner, { scope: "ibkr:health:read" });
    const call = health(url, client);
    await measure(call, 1, calls);
    const guardedCall = await measure(call, 1, calls);
    const { whole_connection, ...endpoints } = await measureEndpoints(url, owner, client);
    await gateway.close();

    gateway = await launchGateway({ bundle: unguarded, dataDir, port, secrets, ...UNLIMITED });
    await measure(call, 1, calls);
    const bareCall = await measure(call, 1, calls);
    return {
      tool_call: guardedCall,
      tool_call_without_bearer_check: bareCall,
      bearer_check_p50_ms: round(guardedCall.p50_ms - bareCall.p50_ms, 3),
      endpoints,
      whole_connection,
    };
  } finally {
    await gateway?.close();
    await rm(folder, { recursive: true, force: true });
  }
}

/** A call that no PC is needed for. */
function health(url: string, client: OAuthConnection): Target {
  const target = toolCall(url, client.tokens.access_token, "ibkr_health", {});
  return { ...target, headers: { ...target.headers, "X-Bench-Client": client.clientId } };
}

async function measureEndpoints(url: string, owner: Browser, client: OAuthConnection) {
  const get = (path: string, headers: Record<string, string> = {}): Target => ({
    url: `${url}${path}`,
    method: "GET",
    headers,
    check(status) {
      if (status !== 200) throw new Error(`${path} answered ${status}`);
    },
  });
  const cookie = `ibkr-owner=${owner.cookie("ibkr-owner") ?? ""}`;
  const { client_id } = await registerClient(url);
  const authorize = new URLSearchParams({
    response_type: "code",
    client_id,
    redirect_uri: "http://127.0.0.1:9/callback",
    scope: "ibkr:health:read",
    state: "s",
    code_challenge: "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM",
    code_challenge_method: "S256",
  });
  return {
    resource_metadata: await measure(get("/.well-known/oauth-protected-resource/mcp"), 1, CALLS),
    server_metadata: await measure(get("/.well-known/oauth-authorization-server"), 1, CALLS),
    register: await sequence(CALLS, () => registerClient(url)),
    authorize_page: await measure(get(`/authorize?${authorize}`, { Cookie: cookie }), 1, CALLS),
    whole_connection: await sequence(CALLS / 5, () =>
      connect(owner, { scope: "ibkr:health:read" }),
    ),
    refresh: await refreshes(url, client),
  };
}

/** Every refresh needs the token that the one before it gave. */
async function refreshes(url: string, client: OAuthConnection): Promise<object> {
  let token = client.tokens.refresh_token ?? "";
  return sequence(CALLS, async () => {
    const response = await tokenRequest(url, {
      grant_type: "refresh_token",
      refresh_token: token,
      client_id: client.clientId,
    });
    const answer = (await response.json()) as { refresh_token?: string };
    if (answer.refresh_token === undefined) throw new Error(`refresh answered ${response.status}`);
    token = answer.refresh_token;
  });
}

async function sequence(times: number, act: () => Promise<unknown>): Promise<object> {
  for (let i = 0; i < times / 10; i += 1) await act();
  const durations: number[] = [];
  for (let i = 0; i < times; i += 1) {
    const began = performance.now();
    await act();
    durations.push(performance.now() - began);
  }
  durations.sort((a, b) => a - b);
  const at = (share: number) => round(durations[Math.floor((times - 1) * share)] ?? Number.NaN, 3);
  return { calls: times, p50_ms: at(0.5), p99_ms: at(0.99) };
}
