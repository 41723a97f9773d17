import type { Context } from "hono";
import { getCookie, setCookie } from "hono/cookie";
import { FORM_BODY_MAX_BYTES, FORM_BODY_READ_MS } from "./limits.ts";
import type { PageEnv } from "./page-env.ts";
import { readBody } from "./read-body.ts";
import { sameSecret } from "./same-secret.ts";

/** A form's fields as text; files and bodies that are too large or of another kind are refused. */
export async function readForm(c: Context<PageEnv>): Promise<URLSearchParams | null> {
  const type = c.req.header("Content-Type")?.split(";")[0]?.trim().toLowerCase();
  if (type !== "application/x-www-form-urlencoded") return null;
  const body = await readBody(c.req.raw, {
    maxBytes: FORM_BODY_MAX_BYTES,
    deadlineMs: FORM_BODY_READ_MS,
  });
  return body.ok ? new URLSearchParams(body.text) : null;
}

/**
 * A form shown before anyone is signed in is bound to the browser by a cookie that the form's own
 * hidden field must repeat; a page elsewhere can neither read nor set it.
 */
const FORM_COOKIE = "ibkr-form";

export function beginAnonymousForm(c: Context<PageEnv>): string {
  const { loopback } = c.get("settings");
  const known = getCookie(c, FORM_COOKIE, loopback ? undefined : "host");
  const token = known !== undefined && /^[0-9a-f-]{36}$/.test(known) ? known : crypto.randomUUID();
  setCookie(c, FORM_COOKIE, token, {
    path: "/",
    httpOnly: true,
    sameSite: "Lax",
    maxAge: 3600,
    ...(loopback ? {} : { prefix: "host", secure: true }),
  });
  return token;
}

export function isAnonymousForm(c: Context<PageEnv>, form: URLSearchParams): boolean {
  const cookie = getCookie(c, FORM_COOKIE, c.get("settings").loopback ? undefined : "host");
  return cookie !== undefined && sameSecret(cookie, form.get("form") ?? "");
}
