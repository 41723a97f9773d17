import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { cursorCodec } from "./cursor.ts";

const scope = {
  accountId: "acct_1",
  tool: "ibkr_positions_list",
  query: { limit: 50, feed: "auto" },
};
const at = (now: number, secret = "secret-1") =>
  cursorCodec(secret, { ttlMs: 1_000, now: () => now });

describe("a cursor", () => {
  it("gives its position back to the question it was made for", async () => {
    await fc.assert(
      fc.asyncProperty(fc.nat(1_000_000_000), async (position) => {
        const cursor = await at(5_000).mint(scope, position);
        expect(await at(5_999).read(scope, cursor)).toBe(position);
        expect(cursor.length).toBeLessThan(400);
      }),
      { seed: 20261120, numRuns: 100 },
    );
  });

  it("does not depend on the order in which arguments were written", async () => {
    const cursor = await at(0).mint(scope, 50);
    const reordered = { ...scope, query: { feed: "auto", limit: 50 } };
    expect(await at(1).read(reordered, cursor)).toBe(50);
  });

  it.each([
    ["another account", { ...scope, accountId: "acct_2" }],
    ["another tool", { ...scope, tool: "ibkr_orders_list" }],
    ["other arguments", { ...scope, query: { limit: 50, feed: "settled" } }],
    ["one argument less", { ...scope, query: { limit: 50 } }],
  ])("is worth nothing for %s", async (_, other) => {
    const cursor = await at(0).mint(scope, 50);
    expect(await at(1).read(other, cursor)).toBeNull();
  });

  it("ends, and is worth nothing under another secret", async () => {
    const cursor = await at(0).mint(scope, 50);
    expect(await at(999).read(scope, cursor)).toBe(50);
    expect(await at(1_000).read(scope, cursor)).toBeNull();
    expect(await at(1, "secret-2").read(scope, cursor)).toBeNull();
  });

  it("is worth nothing with any character changed, added or taken away", async () => {
    const cursor = await at(0).mint(scope, 50);
    for (let index = 0; index < cursor.length; index++) {
      const changed = cursor[index] === "1" ? "2" : "1";
      const forged = cursor.slice(0, index) + changed + cursor.slice(index + 1);
      expect(await at(1).read(scope, forged), forged).toBeNull();
      expect(await at(1).read(scope, cursor.slice(0, index)), cursor.slice(0, index)).toBeNull();
    }
    for (const last of "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_") {
      const forged = cursor.slice(0, -1) + last;
      expect(await at(1).read(scope, forged)).toBe(forged === cursor ? 50 : null);
    }
    expect(await at(1).read(scope, `${cursor}A`)).toBeNull();
    expect(await at(1).read(scope, ` ${cursor}`)).toBeNull();
  });

  it("is never read out of arbitrary text", async () => {
    await fc.assert(
      fc.asyncProperty(fc.string(), async (text) => {
        expect(await at(0).read(scope, text)).toBeNull();
      }),
      { seed: 20261120, numRuns: 300 },
    );
  });
});
