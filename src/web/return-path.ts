import { RETURN_PATH_MAX_CHARS } from "./limits.ts";

/** The sign-in page, told where to go on afterwards. */
export function signInPath(next: string): string {
  return next === "/" ? "/sign-in" : `/sign-in?next=${encodeURIComponent(next)}`;
}

/**
 * Where to go after sign-in: a path of this gateway, or the front page. What a browser would take
 * for another site (`//host`, `/\host`, control characters) is not a path.
 */
export function returnPath(next: string | undefined, origin: string): string {
  if (next === undefined || next.length > RETURN_PATH_MAX_CHARS) return "/";
  if (!/^\/(?![/\\])[\x21-\x7e]*$/.test(next) || !URL.canParse(next, origin)) return "/";
  const url = new URL(next, origin);
  if (url.origin !== origin || url.pathname.startsWith("/sign-")) return "/";
  return url.pathname + url.search;
}
