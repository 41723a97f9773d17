import * as fc from "fast-check";
import { beforeEach, describe, expect, it } from "vitest";
import { ACCOUNT, json, type PcOrders, pcOrders } from "../../../../test/support/pc-orders.ts";
import { DEFAULT_CAPS } from "../../trust/limits/caps.ts";
import { isNonceUsed } from "../../trust/tables/nonces.ts";
import { placeOrder } from "./place-order.ts";
import { rehearseOrder } from "./rehearse-order.ts";
import type { SubmitInput } from "./submit-context.ts";

let pc: PcOrders;
beforeEach(() => {
  pc = pcOrders();
});

const rehearse = (input: SubmitInput, on = pc) =>
  on.finish(rehearseOrder(on.submit, on.request(), on.context(), input));
const place = (input: SubmitInput, on = pc) =>
  on.finish(placeOrder(on.submit, on.request(), on.context(), "place", input));
const taken = (input: SubmitInput) =>
  json([{ order_id: "11", local_order_id: input.coid, order_status: "Submitted" }]);
const codes = ({ refusals }: { refusals: readonly { code: string }[] }) =>
  refusals.map(({ code }) => code);

/** Nothing was sent or kept of it. */
function asItWas(input: SubmitInput, on = pc): void {
  expect(on.broker.sent).toEqual([]);
  expect(isNonceUsed(on.store.db, input.approval.nonce)).toBe(false);
  expect(on.store.intent(input.coid)).toBeNull();
  expect(on.submit.mutex.busy()).toBe(false);
}

describe("a rehearsal at the PC", () => {
  it("says what would be sent, and the same approval then sends exactly that", async () => {
    const input = pc.approved();
    const rehearsed = await rehearse(input);
    expect(rehearsed).toMatchObject({ refusals: [], would_wait: false });
    asItWas(input);
    expect(await rehearse(input)).toMatchObject({ refusals: [] });
    pc.broker.replies.push(taken(input));
    expect(await place(input)).toMatchObject({ state: "accepted" });
    expect(pc.broker.sent).toHaveLength(1);
    expect(pc.broker.sent[0]).toMatchObject({
      path: `/v1/api${rehearsed.would_send?.path}`,
      body: rehearsed.would_send?.body,
    });
  });

  it("of an order that went out is refused as that order would be", async () => {
    const input = pc.approved();
    pc.broker.replies.push(taken(input));
    await place(input);
    expect(codes(await rehearse(input))).toEqual(["APPROVAL_CONSUMED"]);
    expect(pc.broker.sent).toHaveLength(1);
  });

  it("lets no order wait, and says where it would wait itself", async () => {
    const input = pc.approved();
    const release = await pc.submit.mutex.acquire(0);
    expect(await rehearse(input)).toMatchObject({ refusals: [], would_wait: true });
    release?.();
    asItWas(input);
  });

  it("with a forged signature is refused, and uses up nothing of the true one", async () => {
    const forged = pc.approved();
    const { approval } = forged;
    if (approval.kind !== "passkey") throw new Error("no passkey");
    const other = { ...approval.assertion, signature: "AAAA" };
    const answer = await rehearse({ ...forged, approval: { ...approval, assertion: other } });
    expect(answer.would_send).toBeNull();
    asItWas(forged);
  });

  it("never reaches the broker's order path, and finds what the order would find", async () => {
    const obstacles: Record<string, (on: PcOrders, input: SubmitInput) => SubmitInput> = {
      "the kill switch": (on, input) => {
        on.local.engaged = true;
        return input;
      },
      "a cap": (on, input) => {
        on.local.caps = { ...DEFAULT_CAPS, paper: { ...DEFAULT_CAPS.paper, max_notional: "100" } };
        return input;
      },
      "a torn policy": (on, input) => {
        on.local.policyFault = "policy.json is torn";
        return input;
      },
      "another broker session": (on, input) => {
        on.broker.session = { ...on.broker.session, generation: 2 };
        return input;
      },
      "a foreign preview": (on, input) => {
        on.store.db.exec("DELETE FROM previews");
        return input;
      },
      "another hash": (_on, input) => ({ ...input, intent_hash: "0".repeat(64) }),
      "another mode": (on, input) => {
        on.broker.session = { ...on.broker.session, mode: "unknown" };
        return input;
      },
      "a forged signature": (_on, input) =>
        input.approval.kind === "passkey"
          ? {
              ...input,
              approval: {
                ...input.approval,
                assertion: { ...input.approval.assertion, signature: "AAAA" },
              },
            }
          : input,
      "an approval that is over": (on, input) => {
        on.clock.run(301_000);
        return input;
      },
    };
    await fc.assert(
      fc.asyncProperty(fc.subarray(Object.keys(obstacles)), async (names) => {
        const on = pcOrders();
        const input = names.reduce(
          (given, name) => obstacles[name]?.(on, given) ?? given,
          on.approved(),
        );
        const rehearsed = await rehearse(input, on);
        asItWas(input, on);
        expect(rehearsed.would_send === null).toBe(rehearsed.refusals.length > 0);
        on.broker.replies.push(taken(input));
        const placed = await place(input, on);
        expect(codes(rehearsed)).toEqual(codes(placed));
        expect(on.broker.sent.length).toBe(rehearsed.refusals.length > 0 ? 0 : 1);
      }),
      { numRuns: 25 },
    );
  });

  it("asks for the same grant as the order", async () => {
    const input = pc.approved();
    const grant = { capability: "orders.live" as const, brokerAccount: ACCOUNT };
    await expect(
      rehearseOrder(pc.submit, pc.request({ grant }), pc.context(), input),
    ).rejects.toThrow();
    asItWas(input);
  });
});
