import { failure, GatewayError } from "@ibkr-edge-gateway/protocol/errors.ts";
import { describe, expect, it } from "vitest";
import { handClock } from "../../../../test/support/intent-record.ts";
import type { Answer, Ask } from "../../client-portal/portal-interface.ts";
import { readBook, readStatus } from "./order-book-read.ts";

const row = { orderId: 11, order_ref: "ieg1-x", status: "Submitted" };

const many = (rows: number) =>
  Array.from({ length: rows }, (_, n) => ({ ...row, orderId: n + 1, order_ref: `ieg1-${n}` }));

/** Answers the forced read, then the given lists in turn, the last one for ever, then the trades. */
function rig(lists: { orders: unknown[]; snapshot?: boolean; joined?: boolean }[]) {
  const asked: string[] = [];
  const clock = handClock();
  const queue = [...lists];
  const portal = {
    ask: async <T>(ask: Ask<T>): Promise<Answer<T>> => {
      const forced = ask.query?.force === "true";
      asked.push(forced ? "forced" : ask.name);
      const list: (typeof lists)[number] | undefined = forced
        ? { orders: [] }
        : queue.length > 1
          ? queue.shift()
          : queue[0];
      const json = ask.name === "iserver.trades" ? [] : list;
      const at = clock.now();
      const begunAt = list?.joined === true ? at - 1 : at;
      return { value: ask.decode(json), at, begunAt, from: "broker", proved: true };
    },
  };
  return { asked, parts: { portal, clock, accounts: () => ["DU1234567"] } };
}

describe("a read of the broker's book", () => {
  it("proves nothing of an account that the login does not hold", async () => {
    const { parts } = rig([{ orders: [row], snapshot: true }]);
    expect((await readBook(parts, "U1234567")).proved).toBe(false);
  });

  it.each([
    ["two reads agree", [{ orders: [row] }, { orders: [row] }], true],
    ["the list says that it is whole", [{ orders: [row], snapshot: true }], true],
    ["an empty list was seen three times", [{ orders: [] }], true],
    [
      "no two reads agree",
      [{ orders: [row] }, { orders: [] }, { orders: [row] }, { orders: [] }],
      false,
    ],
    ["a row could not be read", [{ orders: [row, { status: "Submitted" }] }], false],
    [
      "the list is as long as the broker makes one",
      [{ orders: many(1_000), snapshot: true }],
      false,
    ],
    [
      "a list that somebody had asked for before says that it is whole",
      [
        { orders: [row], snapshot: true, joined: true },
        { orders: [row] },
        { orders: [] },
        { orders: [row] },
      ],
      false,
    ],
    ["the list is one shorter than that", [{ orders: many(999), snapshot: true }], true],
  ])("of which %s is proved or not", async (_name, lists, proved) => {
    const { parts, asked } = rig(lists);
    const book = await readBook(parts, "DU1234567");
    expect(book.proved).toBe(proved);
    expect(asked[0]).toBe("forced");
    expect(asked.at(-1)).toBe("iserver.trades");
  });
});

describe("a look at one order's status", () => {
  it("is null when the broker does not know it, and fails when it does not answer", async () => {
    const failing = (code: "NOT_FOUND" | "BROKER_BACKEND_UNAVAILABLE") => ({
      portal: { ask: () => Promise.reject(new GatewayError(failure(code, "no"))) },
      clock: handClock(),
      accounts: () => [],
    });
    expect(await readStatus(failing("NOT_FOUND"), "11")).toBeNull();
    await expect(readStatus(failing("BROKER_BACKEND_UNAVAILABLE"), "11")).rejects.toThrow();
  });
});
