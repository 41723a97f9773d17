/**
 * The OAuth library binds consent to the browser with `__Host-` cookies, which need https. Browsers
 * differ in whether http on loopback counts as secure (Safari does not keep such a cookie), so a
 * gateway at `http://localhost` drops the prefix on the way out and puts it back on the way in.
 * Nothing else is touched, and an https gateway never comes here.
 */
const PREFIX = "__Host-oauth-";
const PLAIN = "ibkr-oauth-";

export function relaxForLoopback(headers: Headers): Headers {
  const relaxed = new Headers(headers);
  relaxed.delete("Set-Cookie");
  for (const cookie of headers.getSetCookie()) {
    relaxed.append(
      "Set-Cookie",
      cookie.startsWith(PREFIX)
        ? PLAIN + cookie.slice(PREFIX.length).replace(/;\s*Secure(?=;|$)/i, "")
        : cookie,
    );
  }
  return relaxed;
}

export function restoreFromLoopback(request: Request): Request {
  const cookies = request.headers.get("Cookie");
  if (cookies === null) return request;
  const headers = new Headers(request.headers);
  headers.set(
    "Cookie",
    cookies
      .split(/;\s*/)
      .map((pair) => (pair.startsWith(PLAIN) ? PREFIX + pair.slice(PLAIN.length) : pair))
      .join("; "),
  );
  return new Request(request.url, { method: request.method, headers });
}
