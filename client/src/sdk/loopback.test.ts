import { afterEach, describe, expect, it } from "vitest";
import { type Loopback, listenOnLoopback } from "./loopback.ts";

let loopback: Loopback | undefined;
afterEach(() => loopback?.close());

const never = new AbortController().signal;

describe("the browser's way back", () => {
  it("takes the one answer with the state, on one path, and shows a page without script", async () => {
    loopback = await listenOnLoopback();
    const { redirectUrl } = loopback;
    expect((await fetch(`${redirectUrl}?state=early&code=1`)).status).toBe(400);
    const answer = loopback.answer("the-state", never);
    expect((await fetch(redirectUrl.replace("callback", "elsewhere"))).status).toBe(404);
    expect((await fetch(`${redirectUrl}?state=another&code=stolen`)).status).toBe(400);
    expect((await fetch(`${redirectUrl}?code=stolen`)).status).toBe(400);
    expect((await fetch(`${redirectUrl}?state=the-state`, { method: "POST" })).status).toBe(404);
    const page = await fetch(`${redirectUrl}?state=the-state&code=mine&iss=x`);
    expect(page.headers.get("content-security-policy")).toBe("default-src 'none'");
    expect(await page.text()).not.toMatch(/<script|mine/);
    expect(Object.fromEntries(await answer)).toMatchObject({ code: "mine", iss: "x" });
    expect((await fetch(`${redirectUrl}?state=the-state&code=second`)).status).toBe(400);
  });

  it("listens on this computer alone, and no longer than it is needed", async () => {
    loopback = await listenOnLoopback();
    const { redirectUrl } = loopback;
    expect(redirectUrl).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/callback$/);
    await loopback.close();
    await expect(fetch(redirectUrl)).rejects.toThrow();
  });

  it("is waited for as long as the signal lets it", async () => {
    loopback = await listenOnLoopback();
    const end = new AbortController();
    const answer = loopback.answer("s", end.signal);
    end.abort();
    await expect(answer).rejects.toMatchObject({ code: "SIGN_IN_REQUIRED" });
    await expect(loopback.answer("s", end.signal)).rejects.toMatchObject({
      code: "SIGN_IN_REQUIRED",
    });
  });
});
