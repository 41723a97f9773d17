import { type Statement, statementHash } from "@ibkr-edge-gateway/protocol/approval/statement.ts";
import { beforeEach, describe, expect, it } from "vitest";
import { type PcOrders, pcOrders } from "../../../../test/support/pc-orders.ts";
import { softwareAuthenticator } from "../../../../test/support/software-authenticator.ts";
import { isNonceUsed } from "../../trust/tables/nonces.ts";
import { ownerSigned } from "./owner-signature.ts";

let pc: PcOrders;
beforeEach(() => {
  pc = pcOrders();
});
const nonce = "f".repeat(32);
const statement = (reply_id = "q-1"): Statement => ({
  act: "question",
  question: {
    intent_hash: "a".repeat(64),
    reply_id,
    fingerprints: ["b".repeat(64)],
    confirm: true,
    nonce,
    not_after: until(60_000),
  },
});
const until = (ms: number) => new Date(pc.clock.now() + ms).toISOString();
const signed = (over: { ms?: number; phone?: typeof pc.phone; of?: Statement } = {}) => ({
  nonce,
  not_after: until(over.ms ?? 60_000),
  assertion: (over.phone ?? pc.phone).approve(statementHash(over.of ?? statement())),
});
const rule = async (given: ReturnType<typeof signed>) => {
  const { db } = pc.store;
  const { relyingParty, simulator } = pc.submit;
  const parts = { db, relyingParty, simulator, nowMs: pc.clock.now() };
  const { refusals, key } = await ownerSigned(parts, statement(), given);
  return refusals[0]?.rule ?? key?.credentialId;
};

describe("the owner's signature under a statement", () => {
  it("counts once, by an enrolled passkey, in time", async () => {
    const given = signed();
    expect(await rule(given)).toBe(pc.phone.credentialId);
    expect(isNonceUsed(pc.store.db, nonce)).toBe(true);
    expect(await rule(given)).toBe("one_use");
    expect(await rule(signed())).toBe("one_use");
  });

  it("does not count from the moment at which it ends", async () => {
    expect(await rule(signed({ ms: 0 }))).toBe("not_expired");
    expect(await rule({ ...signed(), not_after: "never" })).toBe("not_expired");
    expect(await rule(signed({ ms: 1 }))).toBe(pc.phone.credentialId);
  });

  it("with a counter that was seen counts for an exit alone; a lower one counts and is told", async () => {
    const { db } = pc.store;
    const { relyingParty, simulator } = pc.submit;
    const parts = { db, relyingParty, simulator, nowMs: pc.clock.now() };
    const sign = (n: number, counter: number, ofExit = false) => {
      const given = { nonce: String(n).padStart(32, "0"), not_after: until(60_000) };
      const question = { ...statement(), nonce: given.nonce };
      const assertion = pc.phone.approve(statementHash(question), { counter });
      return ownerSigned({ ...parts, ofExit }, question, { ...given, assertion });
    };
    expect(await sign(1, 7)).toMatchObject({ refusals: [], counter: "new" });
    expect((await sign(2, 7)).refusals.map(({ rule }) => rule)).toEqual(["counter_unseen"]);
    expect(await sign(3, 7, true)).toMatchObject({ refusals: [], counter: "seen" });
    expect(await sign(4, 5)).toMatchObject({ refusals: [], counter: "lower" });
  });

  it("spends nothing when it does not hold", async () => {
    expect(await rule(signed({ phone: softwareAuthenticator() }))).toBe("enrolled_key");
    expect(await rule(signed({ of: statement("q-2") }))).not.toBe(pc.phone.credentialId);
    expect(isNonceUsed(pc.store.db, nonce)).toBe(false);
    expect(await rule(signed())).toBe(pc.phone.credentialId);
  });
});
