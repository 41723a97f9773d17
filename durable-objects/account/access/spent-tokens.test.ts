import { describe, expect, it } from "vitest";
import { sqlStorage } from "../../../test/support/sql-storage.ts";
import { noteRedeemed, spendOnce, takeCode } from "./spent-tokens.ts";
import { SPENT_TOKENS_SCHEMA } from "./tables/schema.ts";
import { isRedeemed } from "./tables/spent-tokens.ts";

const fresh = () => sqlStorage(SPENT_TOKENS_SCHEMA);
const DAY = 86_400_000;

describe("codes and tokens that were used", () => {
  it("a code is taken once; redeemed, every later use is a replay", () => {
    const sql = fresh();
    expect(takeCode(sql, "a", 0)).toBe("first");
    expect(takeCode(sql, "a", 1)).toBe("again");
    noteRedeemed(sql, "code", "a", 2);
    expect(takeCode(sql, "a", 3)).toBe("replayed");
    expect(takeCode(sql, "b", 3)).toBe("first");
  });

  it("a refresh token that never worked was never used", () => {
    const sql = fresh();
    expect(isRedeemed(sql, "r")).toBe(false);
    noteRedeemed(sql, "refresh", "r", 0);
    expect(isRedeemed(sql, "r")).toBe(true);
    takeCode(sql, "other", 30 * DAY);
    expect(isRedeemed(sql, "r")).toBe(true);
  });

  it("what has long been of no use is forgotten", () => {
    const sql = fresh();
    takeCode(sql, "a", 0);
    noteRedeemed(sql, "refresh", "r", 0);
    takeCode(sql, "b", 32 * DAY);
    expect(sql.exec("SELECT COUNT(*) AS n FROM spent_tokens").one()).toEqual({ n: 1 });
  });

  it("what opens one thing opens it once", () => {
    const sql = fresh();
    expect([spendOnce(sql, "s", 1000, 0), spendOnce(sql, "s", 1000, 999)]).toEqual([true, false]);
  });
});
