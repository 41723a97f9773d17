import { describe, expect, it } from "vitest";
import { ACCOUNT, pcOrders } from "../../../../test/support/pc-orders.ts";
import { isNonceUsed } from "../../trust/tables/nonces.ts";
import { checkAtPc } from "./approval-dry-run.ts";

const codes = ({ refusals }: { refusals: { code: string }[] }) => refusals.map(({ code }) => code);

describe("an approval that is checked beforehand", () => {
  it("holds, and its nonce is not spent by it", async () => {
    const pc = pcOrders();
    const { approval } = pc.approved();
    if (approval.kind !== "passkey") throw new Error("a passkey");
    const input = { account_id: ACCOUNT, approval };
    for (let turn = 0; turn < 2; turn += 1) {
      expect(await checkAtPc(pc.submit, pc.options.reach, input)).toMatchObject({
        holds: true,
        refusals: [],
      });
    }
    expect(isNonceUsed(pc.store.db, approval.nonce)).toBe(false);
    expect(pc.shown).toEqual([]);
  });

  it("does not hold for the ticket of another account", async () => {
    const pc = pcOrders();
    const { approval } = pc.approved();
    if (approval.kind !== "passkey") throw new Error("a passkey");
    const answer = await checkAtPc(pc.submit, pc.options.reach, {
      account_id: "DU7654321",
      approval,
    });
    expect(answer.holds).toBe(false);
    expect(codes(answer)).toContain("APPROVAL_PREVIEW_MISMATCH");
  });

  it("tells whoever sits here of a wrong number, and counts the tries that are left", async () => {
    const pc = pcOrders();
    const { approval } = pc.approved();
    if (approval.kind !== "passkey") throw new Error("a passkey");
    pc.store.setEcho(approval.preview_id, 42);
    const wrong = { ...approval, tier: 2 as const, echo: 43 };
    const answer = await checkAtPc(pc.submit, pc.options.reach, {
      account_id: ACCOUNT,
      approval: wrong,
    });
    expect(codes(answer)).toContain("APPROVAL_ECHO_MISMATCH");
    expect(answer.tries_left).toBe(0);
    expect(pc.shown.join()).toContain("wrong number");
    expect(pc.shown.join()).not.toMatch(/\b42\b/);
  });
});
