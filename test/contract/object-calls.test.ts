import { afterAll, beforeAll, expect, it } from "vitest";
import { fromRoot } from "../../scripts/lib/paths.ts";
import { callMcp, ownerOf } from "../support/access.ts";
import { type Gateway, startGateway } from "../support/gateway.ts";
import { type Browser, connect } from "../support/oauth-client.ts";

/**
 * How often a page or a tool call asks the account's object, counted in front of the product's own
 * bundle. A request is what Cloudflare bills; a round trip is what somebody waits for.
 */
let gateway: Gateway;
let owner: Browser;
beforeAll(async () => {
  gateway = await startGateway({ entry: fromRoot("test/bench/counting-worker.js") });
  owner = await ownerOf(gateway);
});
afterAll(() => gateway.close());

interface Counts {
  object_requests: number;
  object_round_trips: number;
}

async function counted(act: () => Promise<{ status: number }>): Promise<[number, number]> {
  await fetch(`${gateway.url}/__counts`);
  expect((await act()).status).toBe(200);
  const counts = (await (await fetch(`${gateway.url}/__counts`)).json()) as Counts;
  return [counts.object_requests, counts.object_round_trips];
}

/**
 * Round trips of each page: its session is looked up in one, and what it shows in the rest. Each was
 * a request of its own before the owner's verbs were a capability. The overview asks for its seventh,
 * the PCs that stand by, side by side with the others: nobody waits longer for it. The log asks for its
 * third, the agents' names, in the same way.
 */
const PAGES: Readonly<Record<string, number>> = {
  "/": 7,
  "/approvals": 2,
  "/audit": 3,
  "/clients": 2,
  "/mandates": 3,
  "/mandates/new": 2,
  "/orders": 3,
  "/security": 6,
  "/sidecars": 3,
  "/trading": 2,
  "/trading/flatten": 2,
};

it("every page of the owner's is one request to the object, and no more round trips than it was", async () => {
  const found: Record<string, [number, number]> = {};
  for (const page of Object.keys(PAGES)) found[page] = await counted(() => owner.get(page));
  const wanted = Object.entries(PAGES).map(([page, trips]) => [page, [1, trips]]);
  expect(found).toEqual(Object.fromEntries(wanted));
});

it("a tool call is one request and one round trip", async () => {
  const { tokens } = await connect(owner, { scope: "ibkr:health:read" });
  const call = JSON.stringify({
    jsonrpc: "2.0",
    id: 1,
    method: "tools/call",
    params: { name: "ibkr_health", arguments: {} },
  });
  const headers = { Authorization: `Bearer ${tokens.access_token}` };
  expect(await counted(() => callMcp(gateway, headers, call))).toEqual([1, 1]);
});
