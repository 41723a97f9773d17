import { expect, it } from "vitest";
import { relaxForLoopback, restoreFromLoopback } from "./loopback-cookies.ts";

it("carries the consent cookie over plain http and back, and touches no other", () => {
  const headers = new Headers({ "Cache-Control": "no-store" });
  headers.append("Set-Cookie", "__Host-oauth-consent-ab=v; HttpOnly; Secure; Path=/; SameSite=Lax");
  headers.append("Set-Cookie", "other=1; Secure");
  const relaxed = relaxForLoopback(headers);
  expect(relaxed.getSetCookie()).toEqual([
    "ibkr-oauth-consent-ab=v; HttpOnly; Path=/; SameSite=Lax",
    "other=1; Secure",
  ]);
  expect(relaxed.get("Cache-Control")).toBe("no-store");

  const request = restoreFromLoopback(
    new Request("http://localhost/authorize", {
      method: "POST",
      headers: { Cookie: "a=1; ibkr-oauth-consent-ab=v; __Host-oauth-x=forged" },
    }),
  );
  expect(request.headers.get("Cookie")).toBe(
    "a=1; __Host-oauth-consent-ab=v; __Host-oauth-x=forged",
  );
  expect(request.method).toBe("POST");
});
