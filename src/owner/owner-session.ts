import { isAccountId } from "@ibkr-edge-gateway/protocol/account-id.ts";
import type { Context } from "hono";
import { deleteCookie, getCookie, setCookie } from "hono/cookie";
import { createMiddleware } from "hono/factory";
import { accountExists } from "../../durable-objects/d1/tables/accounts.ts";
import { accountObject } from "../web/env.ts";
import type { PageEnv } from "../web/page-env.ts";
import { signInPath } from "../web/return-path.ts";
import type { Owner } from "../web/signed-in-owner.ts";

/**
 * The cookie names the account and carries the session's secret; what the secret is worth is known
 * only to the account's object. `__Host-` needs https, so plain http on loopback goes without it.
 */
const COOKIE = "ibkr-owner";

export function setOwnerCookie(
  c: Context<PageEnv>,
  session: { accountId: string; secret: string; expiresAt: string },
): void {
  const { loopback } = c.get("settings");
  setCookie(c, COOKIE, `${session.accountId}.${session.secret}`, {
    path: "/",
    httpOnly: true,
    sameSite: "Lax",
    expires: new Date(session.expiresAt),
    ...(loopback ? {} : { prefix: "host", secure: true }),
  });
}

export function clearOwnerCookie(c: Context<PageEnv>): void {
  const { loopback } = c.get("settings");
  deleteCookie(c, loopback ? COOKIE : `__Host-${COOKIE}`, { path: "/", secure: !loopback });
}

/**
 * The owner whom the cookie signs in, with the capability for what this request does; or null. The
 * object gives it back with the end of the request, so it is not kept.
 */
export async function currentOwner(c: Context<PageEnv>): Promise<Owner | null> {
  const named = ownerCookie(c);
  if (named === null) return null;
  const { accountId, secret } = named;
  if (!(await accountExists(c.env.DB, accountId))) return null;
  const entry = await accountObject(c.env, accountId).owner(secret, c.get("requestId"));
  if (entry === null) return null;
  const { owner: account, session, attention = [], change = 0 } = entry;
  return { accountId, account, session, attention, change };
}

/** What the browser's cookie says; whether it is worth anything is for the object to say. */
export function ownerCookie(c: Context<PageEnv>): { accountId: string; secret: string } | null {
  const cookie = getCookie(c, COOKIE, c.get("settings").loopback ? undefined : "host");
  const [accountId, secret, ...rest] = cookie?.split(".") ?? [];
  if (accountId === undefined || secret === undefined || rest.length > 0) return null;
  return isAccountId(accountId) && secret.length <= 64 ? { accountId, secret } : null;
}

/** Lets only the owner through; anyone else is sent to sign in and comes back afterwards. */
export const requireOwner = createMiddleware<PageEnv>(async (c, next) => {
  const owner = await currentOwner(c);
  if (owner === null) {
    const url = new URL(c.req.url);
    return c.redirect(signInPath(c.req.method === "GET" ? url.pathname + url.search : "/"), 303);
  }
  c.set("owner", owner);
  return next();
});
