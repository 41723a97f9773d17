import { beforeEach, describe, expect, it } from "vitest";
import { anIntentRecord } from "../../../../test/support/intent-record.ts";
import { anOrder } from "../../../../test/support/orders.ts";
import {
  ACCOUNT,
  bookRow,
  json,
  type PcOrders,
  pcOrders,
} from "../../../../test/support/pc-orders.ts";
import { TransportError } from "../../client-portal/transport.ts";
import { resolveAccount } from "../../operation-handlers/resolve-account.ts";
import { DEFAULT_CAPS } from "../../trust/limits/caps.ts";
import { isNonceUsed } from "../../trust/tables/nonces.ts";
import { notShownMark } from "../journal/intent-record.ts";
import { ORDER_LIMITS } from "../limits.ts";
import { readTarget } from "../preview/read-target-order.ts";
import { placeOrder } from "./place-order.ts";
import type { SubmitInput } from "./submit-context.ts";

let pc: PcOrders;
beforeEach(() => {
  pc = pcOrders();
});

const taken = (input: SubmitInput, orderId = "11") =>
  json([{ order_id: orderId, local_order_id: input.coid, order_status: "Submitted" }]);
const place = (input: SubmitInput, more: Parameters<PcOrders["request"]>[0] = {}) =>
  pc.finish(placeOrder(pc.submit, pc.request(more), pc.context(), "place", input));
const nonceSpent = (input: SubmitInput) => isNonceUsed(pc.store.db, input.approval.nonce);

describe("an approved order", () => {
  it("leaves this PC once, after its nonce and its intent are in the journal", async () => {
    const input = pc.approved();
    const events: string[] = [];
    pc.broker.replies.push(taken(input));
    pc.broker.onDial = () => {
      const { state, sent } = pc.store.intent(input.coid) ?? {};
      events.push(`dialled: nonce ${nonceSpent(input)}, ${state}, sent ${sent}`);
    };
    const outcome = await place(input, { begin: () => void events.push("begun") });
    expect(outcome).toMatchObject({ state: "accepted", proved_by: "submit_answer" });
    expect(outcome.orders[0]?.order_id).toBe("11");
    expect(events).toEqual(["dialled: nonce true, submitting, sent false", "begun"]);
    expect(pc.broker.sent).toHaveLength(1);
    expect(pc.broker.sent[0]).toMatchObject({
      method: "POST",
      path: `/v1/api/iserver/account/${ACCOUNT}/orders`,
      fresh: true,
      body: { orders: [{ cOID: input.coid }] },
    });
    expect(pc.store.intent(input.coid)).toMatchObject({ sent: true, job_id: "job-1" });
    expect(pc.submit.mutex.busy()).toBe(false);
  });

  it("is refused the second time, and nothing more is sent", async () => {
    const input = pc.approved();
    pc.broker.replies.push(taken(input));
    await place(input);
    const again = await place(input, { jobId: "job-2" });
    expect(again.refusals.map(({ code }) => code)).toEqual(["APPROVAL_CONSUMED"]);
    expect(pc.broker.sent).toHaveLength(1);
  });

  it("is told at this PC before it leaves", async () => {
    const input = pc.approved();
    pc.broker.replies.push(taken(input));
    pc.broker.onDial = () => expect(pc.shown.join()).toContain("Your approval is being used");
    await place(input);
    expect(pc.shown).toHaveLength(1);
  });
});

describe("what refuses an order before its approval is spent", () => {
  it.each([
    [
      "the kill switch",
      () => {
        pc.local.engaged = true;
      },
      "LOCAL_KILL_SWITCH",
    ],
    [
      "a preview that this PC did not make",
      () => void pc.store.db.exec("DELETE FROM previews"),
      "APPROVAL_PREVIEW_MISMATCH",
    ],
    [
      "a cap of this PC's",
      () => {
        pc.local.caps = {
          ...DEFAULT_CAPS,
          paper: { ...DEFAULT_CAPS.paper, max_notional: "100" },
        };
      },
      "LOCAL_CAP_EXCEEDED",
    ],
  ])("%s", async (_what, breakIt, code) => {
    const input = pc.approved();
    breakIt();
    const outcome = await place(input);
    expect(outcome.refusals.map((one) => one.code)).toContain(code);
    expect(outcome).toMatchObject({ state: "rejected", proved_by: "sidecar_not_sent" });
    expect(pc.broker.sent).toEqual([]);
    expect(nonceSpent(input)).toBe(false);
    expect(pc.store.intent(input.coid)).toBeNull();
    expect(pc.submit.mutex.busy()).toBe(false);
  });

  it("a grant for another account or another mode", async () => {
    const input = pc.approved();
    for (const grant of [
      { capability: "orders.paper" as const, brokerAccount: "DU7654321" },
      { capability: "orders.live" as const, brokerAccount: ACCOUNT },
      undefined,
    ]) {
      const { grant: _own, ...request } = pc.request();
      const given = grant === undefined ? request : { ...request, grant };
      await expect(placeOrder(pc.submit, given, pc.context(), "place", input)).rejects.toThrow();
    }
    expect(pc.broker.asked).toEqual([]);
    expect(nonceSpent(input)).toBe(false);
  });

  it("a session that is not ready", async () => {
    pc.broker.session = { ...pc.broker.session, state: "login_required" };
    await expect(place(pc.approved())).rejects.toMatchObject({
      failure: { code: "BROKER_SESSION_REQUIRED" },
    });
    expect(pc.broker.sent).toEqual([]);
  });
});

describe("what stops an order at its last look", () => {
  it.each([
    [
      "the kill switch",
      () => {
        pc.local.engaged = true;
      },
      "LOCAL_KILL_SWITCH",
    ],
    [
      "another broker session",
      () => {
        pc.broker.session = { ...pc.broker.session, generation: 2 };
      },
      "GENERATION_CHANGED",
    ],
  ])("%s: nothing left, and the journal can prove it", async (_what, change, code) => {
    const input = pc.approved();
    pc.broker.onDial = change;
    const outcome = await place(input);
    expect(outcome).toMatchObject({ state: "rejected", proved_by: "sidecar_not_sent" });
    expect(outcome.refusals.map((one) => one.code)).toContain(code);
    expect(pc.broker.sent).toEqual([]);
    expect(pc.store.intent(input.coid)?.sent).toBe(false);
    // The approval is of no use a second time all the same.
    expect(nonceSpent(input)).toBe(true);
    expect(pc.submit.mutex.busy()).toBe(false);
  });

  it("a job that was cancelled meanwhile", async () => {
    const input = pc.approved();
    const begin = () => {
      throw new Error("the job was cancelled");
    };
    await expect(place(input, { begin })).rejects.toThrow("the job was cancelled");
    expect(pc.broker.sent).toEqual([]);
    expect(pc.store.intent(input.coid)).toMatchObject({ state: "rejected", sent: false });
  });
});

describe("an order that waits for an answer", () => {
  const question = json([{ id: "q-1", message: ["Are you sure?"], messageIds: ["o163"] }]);

  it("keeps the broker session: another entry is turned away in time", async () => {
    const first = pc.approved();
    pc.broker.replies.push(question);
    expect((await place(first)).state).toBe("awaiting_confirmation");
    expect(pc.submit.mutex.busy()).toBe(true);
    const second = pc.approved(
      anOrder({ legs: anOrder().legs.map((leg) => ({ ...leg, limit_price: "180" })) }),
      2,
    );
    const startedAt = pc.clock.now();
    await expect(place(second, { jobId: "job-2" })).rejects.toMatchObject({
      failure: { code: "RATE_LIMITED", retryable: true },
    });
    expect(pc.clock.now() - startedAt).toBeLessThanOrEqual(ORDER_LIMITS.mutexWaitMs + 1_000);
    expect(pc.broker.sent).toHaveLength(1);
    expect(nonceSpent(second)).toBe(false);
  });

  it("makes room for an exit: the entry's question is declined", async () => {
    const entry = pc.approved();
    pc.broker.replies.push(question);
    await place(entry);
    pc.broker.answers["portfolio2.positions"] = [
      {
        conid: 265598,
        position: 5,
        marketPrice: 187,
        marketValue: 935,
        currency: "USD",
        secType: "STK",
      },
    ];
    const exit = pc.approved(
      anOrder({ legs: anOrder().legs.map((leg) => ({ ...leg, side: "SELL" as const })) }),
      2,
    );
    pc.broker.replies.push(json([{ error: "declined" }]), taken(exit, "12"));
    const outcome = await place(exit, { jobId: "job-2" });
    expect(outcome.state).toBe("accepted");
    expect(pc.broker.sent.map(({ path, body }) => [path.split("/").at(-2), body])).toEqual([
      [ACCOUNT, expect.anything()],
      ["reply", { confirmed: false }],
      [ACCOUNT, expect.anything()],
    ]);
  });
});

describe("an exit that waits for the broker session", () => {
  const question = json([{ id: "q-1", message: ["Are you sure?"], messageIds: ["o163"] }]);
  const until = async (holds: () => boolean) => {
    for (let turn = 0; turn < 1_000 && !holds(); turn += 1) {
      await new Promise((resolve) => setTimeout(resolve, 1));
      pc.clock.run(1);
    }
    expect(holds()).toBe(true);
  };
  const anExit = (): SubmitInput => {
    pc.broker.answers["portfolio2.positions"] = [
      {
        conid: 265598,
        position: 5,
        marketPrice: 187,
        marketValue: 935,
        currency: "USD",
        secType: "STK",
      },
    ];
    const legs = anOrder().legs.map((leg) => ({ ...leg, side: "SELL" as const }));
    return pc.approved(anOrder({ legs }), 2);
  };

  it("has a question declined that an entry is asked meanwhile", async () => {
    const entry = pc.approved();
    let answer = (_reply: typeof question): void => {};
    pc.broker.replies.push(
      new Promise<typeof question>((resolve) => {
        answer = resolve;
      }),
    );
    const entering = place(entry);
    await until(() => pc.broker.sent.length === 1);
    const exit = anExit();
    const leaving = place(exit, { jobId: "job-2" });
    await until(() => pc.submit.mutex.wantedBy() === "exit");
    pc.broker.replies.push(json([{ error: "declined" }]), taken(exit, "12"));
    answer(question);
    await entering;
    expect((await leaving).state).toBe("accepted");
    expect(pc.broker.sent.map(({ path }) => path.split("/").at(-2))).toEqual([
      ACCOUNT,
      "reply",
      ACCOUNT,
    ]);
  });

  it("goes before an entry that waits already, when it has an open question declined", async () => {
    const asked = pc.approved();
    pc.broker.replies.push(question);
    await place(asked);
    const sentBefore = pc.submit.mutex.acquire(60_000).then((release) => {
      release?.();
      return pc.broker.sent.length;
    });
    const exit = anExit();
    pc.broker.replies.push(json([{ error: "declined" }]), taken(exit, "12"));
    expect((await place(exit, { jobId: "job-2" })).state).toBe("accepted");
    // The question's order, the no, and the exit.
    expect(await sentBefore).toBe(3);
  });

  it("has a question declined that the change of another exit is asked meanwhile", async () => {
    const exit = anExit();
    pc.broker.answers["iserver.orders"] = {
      orders: [bookRow({ side: "SELL", totalSize: 1, remainingQuantity: 1, price: 190 })],
      snapshot: true,
    };
    const context = pc.context();
    const account = await resolveAccount(context, ACCOUNT);
    const read = await readTarget(context, account, pc.store, "11", "modify");
    if (!read.ok) throw new Error("the order was not read");
    const legs = anOrder().legs.map((leg) => ({
      ...leg,
      side: "SELL" as const,
      quantity: "1",
      limit_price: "189",
    }));
    const change = pc.approved(anOrder({ action: "modify", target: read.target, legs }), 3);
    let answer = (_reply: typeof question): void => {};
    pc.broker.replies.push(
      new Promise<typeof question>((resolve) => {
        answer = resolve;
      }),
    );
    const changing = pc.finish(placeOrder(pc.submit, pc.request(), pc.context(), "modify", change));
    await until(() => pc.broker.sent.length === 1);
    const leaving = place(exit, { jobId: "job-2" });
    await until(() => pc.submit.mutex.newExitWaits());
    pc.broker.replies.push(json([{ error: "declined" }]), taken(exit, "12"));
    answer(question);
    expect((await changing).state).not.toBe("accepted");
    expect((await leaving).state).toBe("accepted");
    expect(pc.broker.sent.map(({ path, body }) => [path.split("/").at(-2), body])).toEqual([
      ["order", expect.anything()],
      ["reply", { confirmed: false }],
      [ACCOUNT, expect.anything()],
    ]);
  });

  it("is refused while its job still has time for the answer, and not looked for as lost", async () => {
    const exit = anExit();
    await pc.submit.mutex.acquire(0);
    const context = pc.context();
    await expect(
      pc.finish(placeOrder(pc.submit, pc.request(), context, "place", exit)),
    ).rejects.toMatchObject({ failure: { code: "RATE_LIMITED", retryable: true } });
    expect(context.deadlineAt - pc.clock.now()).toBeGreaterThanOrEqual(2_000);
    expect(nonceSpent(exit)).toBe(false);
  });

  it("goes before the entries that waited longer", async () => {
    const exit = anExit();
    const release = await pc.submit.mutex.acquire(0);
    const entry = pc.approved();
    const entering = place(entry);
    await until(() => pc.submit.mutex.wantedBy() === "entry");
    const leaving = place(exit, { jobId: "job-2" });
    await until(() => pc.submit.mutex.wantedBy() === "exit");
    pc.broker.replies.push(taken(exit, "12"), taken(entry, "13"));
    release?.();
    await Promise.all([leaving, entering]);
    expect(pc.broker.sent.map(({ body }) => JSON.stringify(body).includes("SELL"))).toEqual([
      true,
      false,
    ]);
  });
});

describe("an exit beside another one that is in doubt", () => {
  const sells = (quantity: string) =>
    anOrder({ legs: anOrder().legs.map((leg) => ({ ...leg, side: "SELL" as const, quantity })) });
  const leaves = async (looked: boolean): Promise<boolean> => {
    pc.broker.answers["portfolio2.positions"] = [
      {
        ...{ conid: 265598, position: 5, marketPrice: 187, marketValue: 935 },
        ...{ currency: "USD", secType: "STK" },
      },
    ];
    const doubt = { sent: true, sent_at: 1, doubt_since: 1, claimed: true };
    const other = anIntentRecord(9, { ...doubt, state: "needs_owner" }, sells("5"));
    pc.store.insert({ ...other, told: looked ? [notShownMark(other)] : [] });
    const exit = pc.approved(sells("1"), 2);
    pc.broker.replies.push(taken(exit, "12"));
    await place(exit);
    return pc.store.intent(exit.coid)?.effect === "exit";
  };

  it("does not leave as an exit while that one is looked for", async () => {
    expect(await leaves(false)).toBe(false);
  });

  it("leaves once proved books have looked for it in vain", async () => {
    expect(await leaves(true)).toBe(true);
  });
});

describe("an answer that does not come", () => {
  it("leaves the order unknown: it is looked for, and never sent again", async () => {
    const input = pc.approved();
    pc.broker.replies.push(new TransportError("timeout", true));
    const outcome = await place(input);
    expect(outcome.state).toBe("unknown");
    expect((await place(input)).refusals[0]?.code).toBe("APPROVAL_CONSUMED");
    expect(pc.broker.sent).toHaveLength(1);
  });
});
