import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { sqlStorage } from "../../../../test/support/sql-storage.ts";
import { AUDIT_LOG_SCHEMA, AUDIT_SALTS_SCHEMA } from "../../audit/tables/schema.ts";
import type { WaitEnd } from "../../rpc/account-types.ts";
import {
  ACCOUNT_WAITS_MAX,
  CLIENT_WAITS_MAX,
  changeWaits,
  stepSince,
  WAIT_AT_ONCE_MS,
} from "./change-waits.ts";

describe("waiting for a change", () => {
  beforeEach(() => vi.useFakeTimers());
  afterEach(() => vi.useRealTimers());

  it("ends with the change, for everybody who waits", async () => {
    const waits = changeWaits();
    const both = Promise.all([waits.wait("a", 5_000), waits.wait("b", 5_000)]);
    waits.poke();
    expect(await both).toEqual(["changed", "changed"]);
  });

  it("ends by itself, never later than a caller who is gone may keep its place", async () => {
    const waits = changeWaits();
    const ends: WaitEnd[] = [];
    void waits.wait("a", 3_600_000).then((end) => ends.push(end));
    await vi.advanceTimersByTimeAsync(WAIT_AT_ONCE_MS - 1);
    expect(ends).toEqual([]);
    await vi.advanceTimersByTimeAsync(1);
    expect(ends).toEqual(["unchanged"]);
    expect(vi.getTimerCount()).toBe(0);
  });

  it("gives back at once the place of a caller who is gone, and nobody else's", async () => {
    const waits = changeWaits();
    const ends: string[] = [];
    const hold = (clientId: string, place?: string) =>
      void waits.wait(clientId, 10_000, place).then((end) => ends.push(`${clientId} ${end}`));
    hold("a", "p-1");
    hold("b", "p-1");
    hold("c");
    waits.leave("a", "p-1");
    waits.leave("a", "p-1");
    waits.leave("c", "undefined");
    await vi.advanceTimersByTimeAsync(0);
    expect(ends).toEqual(["a unchanged"]);
    waits.poke();
    await vi.advanceTimersByTimeAsync(0);
    expect(ends).toEqual(["a unchanged", "b changed", "c changed"]);
    expect(vi.getTimerCount()).toBe(0);
  });

  it("has a bounded number of places for one client and for all, and gives each back", async () => {
    const waits = changeWaits();
    const held = Array.from({ length: CLIENT_WAITS_MAX }, () => waits.wait("a", 5_000));
    expect(await waits.wait("a", 5_000)).toBe("full");
    for (let n = held.length; n < ACCOUNT_WAITS_MAX; n += 1) {
      held.push(waits.wait(`client-${n}`, 5_000));
    }
    expect(await waits.wait("another", 5_000)).toBe("full");
    waits.poke();
    expect(new Set(await Promise.all(held))).toEqual(new Set(["changed"]));
    const again = waits.wait("a", 5_000);
    waits.poke();
    expect(await again).toBe("changed");
    expect(vi.getTimerCount()).toBe(0);
  });
});

it("a step of an approval or an order is told from the calls beside it", () => {
  const sql = sqlStorage(AUDIT_LOG_SCHEMA, AUDIT_SALTS_SCHEMA);
  const add = (seq: number, type: string) =>
    sql.exec(
      "INSERT INTO audit_log (seq, nodes, event, appended_at) VALUES (?, x'', ?, 0)",
      seq,
      JSON.stringify({ type }),
    );
  add(1, "approval.decided");
  add(2, "tool.call");
  add(3, "order.refused");
  expect([stepSince(sql, 1), stepSince(sql, 0)]).toEqual([false, true]);
  add(4, "order.state");
  expect(stepSince(sql, 2)).toBe(true);
});
