import { mkdtemp, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { loginStore } from "./login-store.ts";

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "ibkr-logins-"));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const ONE = "https://one.example/mcp";
const TWO = "https://two.example/mcp";
const withToken = (access_token: string) => ({
  client: null,
  tokens: { access_token, token_type: "bearer" },
  access_expires_at: null,
});

describe("the sign-ins of a computer", () => {
  it("are kept by gateway, readable by their user alone, and the latest is known", async () => {
    const store = loginStore(folder);
    expect(await store.latest()).toBeNull();
    await store.change(ONE, () => withToken("a"));
    await store.change(TWO, () => withToken("b"));
    expect((await loginStore(folder).read(ONE)).tokens?.access_token).toBe("a");
    expect(await store.latest()).toBe(TWO);
    expect((await stat(store.path)).mode & 0o777).toBe(0o600);
    await store.forget(TWO);
    expect([await store.latest(), (await store.read(TWO)).tokens]).toEqual([null, null]);
  });

  it("lose nothing when many write at once, and leave no other files", async () => {
    const store = loginStore(folder);
    const names = Array.from({ length: 20 }, (_, n) => `https://${n}.example/mcp`);
    await Promise.all(names.map((name) => store.change(name, () => withToken(name))));
    for (const name of names) expect((await store.read(name)).tokens?.access_token).toBe(name);
    expect((await readdir(folder)).sort()).toEqual(["logins.json", "logins.lock"]);
  });

  it("that cannot be read are told as such, and not written over", async () => {
    const store = loginStore(folder);
    await writeFile(store.path, "{");
    await expect(store.read(ONE)).rejects.toMatchObject({ code: "SIGN_IN_REQUIRED" });
    await expect(store.change(ONE, () => withToken("a"))).rejects.toMatchObject({
      userAction: expect.stringContaining("sign in again"),
    });
    expect(await readFile(store.path, "utf8")).toBe("{");
  });
});
