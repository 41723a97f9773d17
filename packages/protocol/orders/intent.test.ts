import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  aDraft,
  aLeg,
  anIntent,
  anOrder,
  anyOrder,
  aTicket,
} from "../../../test/support/orders.ts";
import { canonicalOrder } from "./canonical-order.ts";
import {
  ClientOrderId,
  clientOrderId,
  coidBelongs,
  economicHash,
  Intent,
  intentHash,
  intentOf,
  memberOrderId,
  newNonce,
} from "./intent.ts";

describe("the intent hash", () => {
  it("is what an outsider computes from the document", async () => {
    const { createHash } = await import("node:crypto");
    const intent = anIntent();
    // RFC 8785 for this data: keys sorted, no white space, strings and integers as JSON has them.
    const jcs = (value: unknown): string => {
      if (Array.isArray(value)) return `[${value.map(jcs).join(",")}]`;
      if (typeof value !== "object" || value === null) return JSON.stringify(value);
      const entries = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
      return `{${entries.map(([key, item]) => `${JSON.stringify(key)}:${jcs(item)}`).join(",")}}`;
    };
    const expected = createHash("sha256")
      .update(`ibkr-order/v1${jcs(intent)}`)
      .digest("hex");
    expect(intentHash(intent)).toBe(expected);
  });

  it("does not depend on the spelling of a number or the order of a set", () => {
    const a = aDraft({ ticket: aTicket(anOrder({ legs: [aLeg({ limit_price: "187.250" })] })) });
    expect(intentHash(intentOf(a))).toBe(intentHash(anIntent()));
    const one = { message_id: "o163", fingerprint: "1".repeat(64) };
    const two = { message_id: "o354", fingerprint: "2".repeat(64) };
    expect(intentHash(anIntent({ accepted_warnings: [one, two] }))).toBe(
      intentHash(anIntent({ accepted_warnings: [two, one] })),
    );
  });

  it("changes when any leaf of the intent changes by the least amount", () => {
    const intent = anIntent();
    const before = intentHash(intent);
    let leaves = 0;
    const visit = (value: unknown, path: (string | number)[]) => {
      if (typeof value === "object" && value !== null) {
        for (const [key, item] of Object.entries(value)) {
          visit(item, [...path, Array.isArray(value) ? Number(key) : key]);
        }
        return;
      }
      leaves += 1;
      const changed: unknown = structuredClone(intent);
      let at: unknown = changed;
      for (const key of path.slice(0, -1)) at = Reflect.get(Object(at), key);
      const other =
        typeof value === "string"
          ? /^[\d.]+$/.test(value)
            ? `${value}${value.includes(".") ? "" : "."}1`
            : `${value}x`
          : typeof value === "number"
            ? value + 1
            : typeof value === "boolean"
              ? !value
              : "x";
      Reflect.set(Object(at), path[path.length - 1] ?? "", other);
      expect(intentHash(changed as Intent), path.join(".")).not.toBe(before);
    };
    // A null price changed to text would not pass the schema; the hash must change all the same.
    visit(
      JSON.parse(
        JSON.stringify(intent, (_key, value: unknown) => (value === null ? undefined : value)),
      ),
      [],
    );
    expect(leaves).toBeGreaterThan(45);
  });

  it("refuses to be computed from a number that is not in the grammar", () => {
    expect(() =>
      anIntent({ ticket: aTicket(anOrder({ legs: [aLeg({ quantity: "1e3" })] })) }),
    ).toThrow(RangeError);
  });
});

describe("the client order id", () => {
  it("is short, plain, and follows from the rest of the intent alone", () => {
    fc.assert(
      fc.property(anyOrder, fc.uint8Array({ minLength: 16, maxLength: 16 }), (order, bytes) => {
        const draft = aDraft({ ticket: aTicket(order), nonce: newNonce(() => bytes) });
        const intent = intentOf(draft);
        expect(Intent.parse(intent)).toEqual(intent);
        expect(intent.coid).toMatch(/^[A-Za-z0-9-]{1,40}$/);
        expect(memberOrderId(intent.coid, 5)).toMatch(/^[A-Za-z0-9-]{1,40}$/);
        expect(coidBelongs(intent)).toBe(true);
        expect(clientOrderId(draft)).toBe(intent.coid);
        expect(coidBelongs({ ...intent, generation: intent.generation + 1 })).toBe(false);
      }),
    );
  });

  it("differs with the nonce, so a new approval is a new order to the broker", () => {
    expect(anIntent().coid).not.toBe(anIntent({ nonce: "f".repeat(32) }).coid);
  });

  it("refuses a 27th member and what the broker would not take", () => {
    expect(() => memberOrderId("x", 26)).toThrow(RangeError);
    expect(ClientOrderId.safeParse("a".repeat(41)).success).toBe(false);
    expect(ClientOrderId.safeParse("a_b").success).toBe(false);
  });
});

describe("the economic hash", () => {
  it("is equal for the same order asked again and unequal for any other", () => {
    fc.assert(
      fc.property(anyOrder, anyOrder, (a, b) => {
        expect(economicHash(canonicalOrder(a))).toBe(economicHash(structuredClone(a)));
        const same =
          JSON.stringify({ ...a.legs[0], time_in_force: 0, outside_rth: 0 }) ===
          JSON.stringify({ ...b.legs[0], time_in_force: 0, outside_rth: 0 });
        expect(economicHash(a) === economicHash(b)).toBe(same);
      }),
    );
  });
});
