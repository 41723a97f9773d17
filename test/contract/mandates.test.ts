import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { formFields } from "../../scripts/lib/html-forms.ts";
import { type OrderChain, small, startOrderChain } from "../support/order-chain.ts";
import { type MandateOwner, mandateOwner } from "../support/owner-mandates.ts";
import { ceremonyOn } from "../support/software-passkey.ts";

/**
 * Orders without a tap, with every part real: the owner signs bounds in the console, the PC verifies
 * and shows them with a number, and what is inside goes out; what is not, or is no more, does not.
 */
let chain: OrderChain;
let owner: MandateOwner;
let market: number;
let serial = 0;

beforeAll(async () => {
  chain = await startOrderChain();
  owner = mandateOwner(chain);
  const probe = await chain.agent.call(
    "ibkr_order_preview",
    small(chain.broker, { limit_price: "1" }),
  );
  const { bid, last, prior_close } = probe.preview.market;
  market = Number(bid ?? last ?? prior_close);
  await chain.limits({
    "cumulative.max_orders_per_second": "",
    "cumulative.max_orders_per_minute": "",
    "cumulative.repeat_times": "",
  });
}, 240_000);
afterAll(() => chain?.close());

const price = () => {
  serial += 1;
  return (Math.round(market * 0.98 * 100) / 100 - serial / 100).toFixed(2);
};
const ask = async (order: Record<string, unknown> = {}, by = chain.agent) => {
  const { preview } = await by.call(
    "ibkr_order_preview",
    small(chain.broker, { limit_price: price(), ...order }),
  );
  return by.call("ibkr_approvals_create", {
    account_id: chain.broker,
    preview_id: preview.preview_id,
  });
};
const submit = (approval_id: string) => {
  serial += 1;
  return chain.agent.call("ibkr_paper_order_submit", {
    account_id: chain.broker,
    approval_id,
    idempotency_key: `mandate-${serial}-key`,
  });
};
const leaves = async (type: string): Promise<{ meta: Record<string, string> }[]> =>
  (
    await chain.gateway.sql<{ event: string }>(
      "Account",
      chain.accountId,
      "SELECT event FROM audit_log ORDER BY seq",
    )
  )
    .map(({ event }) => JSON.parse(event))
    .filter((event) => event.type === type);

describe("a mandate", () => {
  it("counts only when it is signed, its number is brought back, and the limits let it in", async () => {
    const mandateId = await owner.sign();
    expect(await chain.page(`/mandates/${mandateId}`)).toContain("Waits for the number at your PC");
    expect(await ask()).toMatchObject({ outcome: "asked", approval: { state: "pending" } });

    const told = await owner.atPc(mandateId);
    expect(told).toMatchObject({ state: "waiting", number: expect.any(Number) });
    expect((await owner.bringBack(mandateId, told.number ?? 0)).status).toBe(303);
    expect(await owner.atPc(mandateId)).toMatchObject({ state: "confirmed" });
    expect(await ask()).toMatchObject({ outcome: "asked", approval: { state: "pending" } });

    expect((await owner.switchLimits()).status).toBe(303);
    const before = chain.posts();
    const granted = await ask();
    expect(granted).toMatchObject({
      outcome: "granted",
      approval: { state: "approved", tier: 0, mandate_id: mandateId },
      next_step: expect.stringContaining(mandateId),
    });
    const sent = await submit(granted.approval.approval_id);
    expect(sent).toMatchObject({ outcome: "answered", refusals: [] });
    expect(chain.posts() - before).toBe(1);

    const id = granted.approval.approval_id;
    const decided = (await leaves("approval.decided")).filter((e) => e.meta.approval_id === id);
    expect(decided).toMatchObject([
      { meta: { said: "mandate", mandate_id: mandateId, tier: "0" }, who: { kind: "gateway" } },
    ]);
    const out = (await leaves("order.submitted")).filter((e) => e.meta.approval_id === id);
    expect(out).toMatchObject([{ meta: { mandate: mandateId } }]);
    expect(await chain.page(`/mandates/${mandateId}`)).toContain("1 of 10 orders");
    for (const type of ["mandate.signed", "mandate.confirmed"]) {
      expect(await leaves(type)).toMatchObject([{ meta: { mandate_id: mandateId } }]);
    }

    // Used once; and what lies outside, or comes from another agent, asks as ever.
    const again = await submit(id);
    expect(again.refusals.map(({ code }: { code: string }) => code)).toContain("APPROVAL_CONSUMED");
    expect(await ask({ quantity: "3" })).toMatchObject({ outcome: "asked", approval: { tier: 1 } });
    const stranger = await chain.newAgent("Another agent");
    expect(await ask({}, stranger)).toMatchObject({ outcome: "asked" });

    // Engaged means engaged, for what was granted as well.
    const standing = await ask();
    expect(standing.outcome).toBe("granted");
    await chain.agent.call("ibkr_kill_switch_engage", { reason: "test" });
    const posts = chain.posts();
    const killed = await submit(standing.approval.approval_id);
    expect(killed.refusals.map(({ code }: { code: string }) => code)).toContain(
      "KILL_SWITCH_CLOSED",
    );
    expect((await chain.lift()).status).toBe(303);

    // Revoked in one tap, without a passkey: on the very next call, here and at the PC.
    expect((await owner.revoke(mandateId)).status).toBe(303);
    const late = await submit(standing.approval.approval_id);
    expect(late.order).toBeNull();
    expect(await ask()).toMatchObject({ outcome: "asked" });
    expect(chain.posts()).toBe(posts);
    await expect
      .poll(async () => (await owner.atPc(mandateId)).state, { timeout: 15_000, interval: 300 })
      .toBe("revoked");
    expect((await leaves("mandate.revoked")).at(-1)).toMatchObject({
      meta: { mandate_id: mandateId, by: "owner" },
    });
  }, 90_000);

  it("is void after a wrong number, and one that was ended at the PC passes nothing more", async () => {
    const wrong = await owner.sign();
    const { number = 10 } = await owner.atPc(wrong);
    expect((await owner.bringBack(wrong, number === 99 ? 10 : number + 1)).status).toBe(409);
    expect(await owner.atPc(wrong)).toMatchObject({ state: "revoked" });
    expect(await chain.page(`/mandates/${wrong}`)).toContain("at your PC");
    expect(await ask()).toMatchObject({ outcome: "asked" });

    const ended = await owner.inForce();
    const granted = await ask();
    expect(granted.outcome).toBe("granted");
    expect((await chain.pc("mandates", "revoke", ended)).code).toBe(0);
    const before = chain.posts();
    const refused = await submit(granted.approval.approval_id);
    expect(refused.refusals).toMatchObject([{ code: "MANDATE_NOT_COVERING", rule: "not_revoked" }]);
    expect(chain.posts()).toBe(before);
    // The PC said so once: from then on the owner is asked again.
    expect(await ask()).toMatchObject({ outcome: "asked" });
    expect(await chain.page(`/mandates/${ended}`)).toContain("Revoked");
  }, 60_000);

  it("never lets out more than its bounds, however many ask and submit at once", async () => {
    const mandateId = await owner.inForce({ max_orders_per_day: "3" });
    const before = chain.posts();
    const asked = await Promise.all(Array.from({ length: 6 }, () => ask()));
    const granted = asked.filter(({ outcome }) => outcome === "granted");
    expect(granted).toHaveLength(3);
    const answers = await Promise.all(
      granted.flatMap(({ approval }) => [
        submit(approval.approval_id),
        submit(approval.approval_id),
      ]),
    );
    expect(answers.filter(({ order }) => order !== null)).toHaveLength(3);
    expect(chain.posts() - before).toBe(3);
    expect(await ask()).toMatchObject({ outcome: "asked" });
    await owner.revoke(mandateId);
  }, 90_000);

  it("is exactly what the review showed: a signature carries over to no other bounds, and once", async () => {
    const review = await (await chain.form("/mandates/review", owner.bounds)).text();
    const { mandate = "" } = formFields(review.slice(review.indexOf("data-passkey")));
    const response = chain.passkey.use(ceremonyOn(review));
    const shown = JSON.parse(mandate);
    const count = async () =>
      (
        await chain.gateway.sql<{ n: number }>(
          "Account",
          chain.accountId,
          "SELECT COUNT(*) AS n FROM order_mandates",
        )
      )[0]?.n;
    const before = await count();
    for (const changed of [
      { ...shown, max_notional_per_order: "2000" },
      { ...shown, max_orders_per_day: 1_000 },
      { ...shown, conids: null },
      { ...shown, not_after: new Date(Date.parse(shown.not_after) + 86_400_000).toISOString() },
      { ...shown, gateway_account_id: "acc_other" },
      {},
    ]) {
      const signing = { mandate: JSON.stringify(changed), response };
      expect((await chain.form("/mandates/sign", signing)).status).toBe(409);
    }
    expect(await count()).toBe(before);
    expect((await chain.form("/mandates/sign", { mandate, response })).status).toBe(303);
    expect((await chain.form("/mandates/sign", { mandate, response })).status).toBe(409);
    expect(await count()).toBe((before ?? 0) + 1);
    expect((await owner.revoke(shown.mandate_id)).status).toBe(303);
  }, 60_000);

  it.each([
    ["max_notional_per_order", "1e3"],
    ["max_notional_per_order", "-1"],
    ["max_notional_per_order", "0"],
    ["max_notional_per_day", "999.99"],
    ["max_quantity_per_order", "NaN"],
    ["max_orders_per_day", "1.5"],
    ["days", "91"],
    ["account", "DU0000000"],
    ["client", "somebody"],
    ["conid", "x"],
  ])("is not made of a %s of %s", async (field, value) => {
    const answer = await chain.form("/mandates/review", { ...owner.bounds, [field]: value });
    expect(answer.status).toBe(400);
    expect(await answer.text()).not.toContain("data-passkey");
  });
});
