import { Hono } from "hono";
import { probeAccounts } from "../durable-objects/d1/tables/accounts.ts";
import { ownerTokenState } from "./owner/owner-token.ts";
import type { PageEnv } from "./web/page-env.ts";

/**
 * `/healthz`: the Worker answers. `/readyz`: what it needs is there. Neither says more than a
 * stranger may know.
 */
export const healthRoutes = new Hono<PageEnv>();

healthRoutes.get("/healthz", (c) => c.json({ status: "ok" }));

healthRoutes.get("/readyz", async (c) => {
  const checks = {
    database: await answers(() => probeAccounts(c.env.DB)),
    tokens: await answers(() => c.env.OAUTH_KV.get("readyz")),
    secrets:
      ownerTokenState(c.env.OWNER_TOKEN) === "ready" && (c.env.EDGE_IDENTITY_KEY ?? "") !== "",
  };
  const ready = Object.values(checks).every(Boolean);
  return c.json({ status: ready ? "ready" : "not_ready", checks }, ready ? 200 : 503);
});

async function answers(probe: () => Promise<unknown>): Promise<boolean> {
  try {
    await probe();
    return true;
  } catch {
    return false;
  }
}
