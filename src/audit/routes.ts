import { type Context, Hono } from "hono";
import type { LogFile } from "../../durable-objects/account/audit/log-files.ts";
import { accountOfLog } from "../../durable-objects/d1/tables/audit-logs.ts";
import { erasedLog } from "../../durable-objects/d1/tables/joint/delete-account-rows.ts";
import { accountObject, type Env } from "../web/env.ts";
import { tooManyRequests } from "../web/rate-limits.ts";
import { sourceOf } from "../web/source-address.ts";

type Asked = Context<{ Bindings: Env }>;

/** A head is a moment old at most; what a tile's path names never changes. */
const HEAD_CACHE = "public, max-age=5";
const TILE_CACHE = "public, max-age=31536000, immutable";

/**
 * The signed audit logs as anybody may read them (C2SP tlog-tiles): heads, keys and hashes. Nothing
 * of what was done is in them but how much, and the addresses are listed nowhere.
 */
export const auditLogRoutes = new Hono<{ Bindings: Env }>();

auditLogRoutes.get("/audit/:log/checkpoint", (c) => answer(c, "checkpoint"));
auditLogRoutes.get("/audit/:log/vkey", (c) => answer(c, "vkey"));
auditLogRoutes.get("/audit/:log/tile/*", (c, next) => {
  const path = new URL(c.req.url).pathname.slice(`/audit/${c.req.param("log")}/`.length);
  // Entries are a page of the owner's.
  return path.startsWith("tile/entries/") ? next() : answer(c, path);
});

async function answer(c: Asked, path: string): Promise<Response> {
  const { success } = await c.env.RELAY_LIMIT.limit({ key: `audit ${sourceOf(c.req.raw)}` });
  if (!success) return tooManyRequests();
  const logId = c.req.param("log") ?? "";
  const file = /^[0-9a-f]{32}$/.test(logId) ? await fileOf(c, logId, path) : null;
  if (file === null) return c.text("not found\n", 404);
  switch (file.kind) {
    case "owner_only":
      return c.text("not found\n", 404);
    case "text":
      return c.body(file.text, 200, {
        "Content-Type": "text/plain; charset=utf-8",
        "Cache-Control": HEAD_CACHE,
      });
    case "tile":
      return c.body(Uint8Array.from(file.bytes), 200, {
        "Content-Type": "application/octet-stream",
        "Cache-Control": TILE_CACHE,
      });
  }
}

/** Of a deleted account its log's last head and key are left. */
async function fileOf(c: Asked, logId: string, path: string): Promise<LogFile | null> {
  const account = await accountOfLog(c.env.DB, logId);
  if (account !== null) return accountObject(c.env, account).gateway.auditFile(logId, path);
  if (path !== "checkpoint" && path !== "vkey") return null;
  const last = await erasedLog(c.env.DB, logId);
  if (last === null) return null;
  return { kind: "text", text: path === "vkey" ? `${last.vkey}\n` : last.checkpoint };
}
