import { createMiddleware } from "hono/factory";
import type { PageEnv } from "./page-env.ts";

/**
 * Nothing runs but the pages' one script, where a passkey is used, a command is copied or the page
 * keeps itself up to date; it speaks with this gateway alone. Nothing is framed, nothing loads from
 * elsewhere. Browsers apply `form-action` to the redirect that answers a
 * form as well, so the consent page names its client's origin.
 */
export function contentSecurityPolicy(
  more: { script?: boolean | undefined; formTarget?: string | undefined } = {},
): string {
  const { script, formTarget } = more;
  return [
    "default-src 'none'",
    ...(script === true ? ["script-src 'self'", "worker-src 'self'", "connect-src 'self'"] : []),
    "style-src 'self'",
    "img-src 'self'",
    "manifest-src 'self'",
    `form-action 'self'${formTarget === undefined ? "" : ` ${formTarget}`}`,
    "frame-ancestors 'none'",
    "base-uri 'none'",
  ].join("; ");
}

/**
 * On every answer of the pages. No `Cross-Origin-Opener-Policy`: hosts open the consent page in a
 * popup and wait for it to come back to them.
 */
export const pageHeaders = createMiddleware<PageEnv>(async (c, next) => {
  await next();
  const { headers } = c.res;
  const set = (name: string, value: string) => {
    if (!headers.has(name)) headers.set(name, value);
  };
  set("Content-Security-Policy", contentSecurityPolicy());
  set("X-Frame-Options", "DENY");
  set("X-Content-Type-Options", "nosniff");
  set("Referrer-Policy", "same-origin");
  set("Permissions-Policy", "camera=(), geolocation=(), microphone=(), payment=(), usb=()");
  set("Cache-Control", "no-store");
  if (!c.get("settings").loopback) set("Strict-Transport-Security", "max-age=31536000");
});
