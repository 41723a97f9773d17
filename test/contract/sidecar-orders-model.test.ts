import { messageOf } from "@ibkr-edge-gateway/protocol/orders/broker-question.ts";
import { isInDoubt, isTerminal } from "@ibkr-edge-gateway/protocol/orders/order-state.ts";
import type { FaultInput } from "@ibkr-edge-gateway/simulator/control/injected-faults.ts";
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { OrderStore } from "../../sidecar/src/orders/journal/order-store.ts";
import { AAPL_CONID, limitOrder, type OrderRig, startOrderRig } from "../support/order-rig.ts";

/**
 * At most one broker order per job and approval, whatever dies, drops or repeats; and in the end the
 * journal says of every order what the broker's own book says. The sidecar is killed between any two
 * of its effects (each write of its journal, each request it sends), restarted, and asked again.
 */
const ORDERS = "/^/iserver/account/[^/]+/orders$/";
const REPLY = "/^/iserver/reply/.*$/";

const FAULTS: Record<string, FaultInput["do"]> = {
  none: { action: "delay", ms: 0 },
  "503 but landed": { action: "applyThenFail", how: "503" },
  "reset but landed": { action: "applyThenFail", how: "reset" },
  "timeout but landed": { action: "applyThenFail", how: "timeout" },
  "reset mid-answer": { action: "reset", when: "mid-body", applied: true },
  "reset, not landed": { action: "reset", when: "before-headers", applied: false },
  dropped: { action: "dropRequest" },
  "lands a minute late": { action: "applyLate", ms: 60_000, how: "timeout" },
  "silently dropped": { action: "silentDrop" },
  "hidden for a while": { action: "hideFromOrders", ms: 45_000 },
  "empty 200": { action: "emptyOk", applied: true },
  "empty 200, not landed": { action: "emptyOk", applied: false },
  "500": { action: "respond", status: 500, body: "" },
};

class Crash extends Error {}

/** Burns down with every effect; from zero on nothing has any effect any more, as after a kill. */
interface Fuse {
  left: number;
  burn(): void;
}

function fuse(): Fuse {
  return {
    left: Number.POSITIVE_INFINITY,
    burn() {
      if (this.left <= 0) throw new Crash("killed here");
      this.left -= 1;
    },
  };
}

const burning = (store: OrderStore, line: Fuse): OrderStore => ({
  ...store,
  insert(record) {
    line.burn();
    return store.insert(record);
  },
  save(...records) {
    line.burn();
    store.save(...records);
  },
});

const scenario = fc.record({
  fault: fc.constantFrom(...Object.keys(FAULTS)),
  on: fc.constantFrom("order" as const, "reply" as const),
  /** Effects after which the process dies; null lives on. */
  killAfter: fc.option(fc.nat({ max: 14 }), { nil: null }),
  questions: fc.nat({ max: 2 }),
  repeats: fc.nat({ max: 3 }),
  /** The repeats come at once, or after the restart. */
  repeatWhen: fc.constantFrom("at once" as const, "afterwards" as const),
  newIds: fc.boolean(),
  bracket: fc.boolean(),
});
type Scenario = typeof scenario extends fc.Arbitrary<infer T> ? T : never;

const TEXTS = ["Is that so?", "Is it really so?"];

async function play(one: Scenario): Promise<void> {
  const line = fuse();
  const rig: OrderRig = await startOrderRig({
    burn: {
      store: (store) => burning(store, line),
      send: () => line.burn(),
    },
    behaviours: {
      questions: {
        riskWarnings: false,
        extra: TEXTS.slice(0, one.questions).map((text, n) => ({ id: `o99${n}`, text })),
      },
    },
  });
  try {
    rig.sim.control.pin(AAPL_CONID, { last: 180, bid: 179.9, ask: 180.1, data: "R" });
    // Met before, so that the ticket shows them and the approval can accept them.
    for (const [n, text] of TEXTS.entries()) {
      for (const kind of ["place LMT", "place LMT+STP"]) {
        rig.store().noteQuestion(kind, messageOf(`o99${n}`, text), rig.now());
      }
    }
    const preview = await rig.preview(
      one.bracket
        ? {
            kind: "bracket",
            bracket: {
              account_id: rig.account,
              conid: AAPL_CONID,
              side: "BUY",
              order_type: "LMT",
              quantity: "2",
              limit_price: "176",
              take_profit_price: "190",
              stop_loss_price: "170",
            },
          }
        : limitOrder(rig.account, "176"),
    );
    const warnings = preview.ticket.warnings.map(({ message_id, fingerprint }) => ({
      message_id,
      fingerprint,
    }));
    const submission = rig.approve(preview, { warnings });
    const action = FAULTS[one.fault];
    if (action !== undefined) {
      rig.sim.control.addFault({
        match: { method: "POST", path: one.on === "order" ? ORDERS : REPLY },
        do: action,
      });
    }
    line.left = one.killAfter ?? Number.POSITIVE_INFINITY;
    const told = [rig.start("order.place", submission, { jobId: "job-original" })];
    const repeat = (n: number) =>
      rig.start("order.place", submission, { jobId: one.newIds ? `again-${n}` : "job-original" });
    if (one.repeatWhen === "at once") {
      for (let n = 0; n < one.repeats; n++) told.push(repeat(n));
    }
    await rig.until(() => told.every(({ done }) => done) || line.left <= 0, 300_000);
    if (line.left <= 0) await rig.advance(500);
    // Killed: what was under way is gone, what was written stays, and a new process takes over.
    line.left = Number.POSITIVE_INFINITY;
    if (one.killAfter !== null) {
      await rig.restart();
      await rig.until(() => rig.broker.session().mode === "paper", 300_000);
    }
    if (one.repeatWhen === "afterwards") {
      for (let n = 0; n < one.repeats; n++) {
        const again = repeat(n);
        await rig.until(() => again.done, 300_000);
      }
    }
    await rig.advance(8 * 60_000);
    judge(rig, submission.coid, one);
  } finally {
    await rig.close();
  }
}

function judge(rig: OrderRig, coid: string, one: Scenario): void {
  const sent = rig.posts().filter(({ body }) => body.includes(coid));
  expect(sent.length).toBeLessThanOrEqual(1);
  const parents = rig.sim.control.orders().filter(({ ref }) => ref === coid);
  expect(parents.length).toBeLessThanOrEqual(1);
  expect(rig.sim.control.orders().length).toBeLessThanOrEqual(one.bracket ? 3 : 1);

  const record = rig.store().intent(coid);
  if (record === null) {
    // Killed before the intent was written: then nothing can have left.
    expect(sent).toEqual([]);
    return;
  }
  expect(record.state === "needs_owner" || !isInDoubt(record.state)).toBe(true);
  if (!record.sent) {
    expect(sent).toEqual([]);
    expect(record.state).toBe("rejected");
  }
  const [parent] = parents.filter(({ lost }) => !lost);
  if (parent === undefined) {
    // Nothing there: the journal must not claim that there is.
    expect(["rejected", "needs_owner"]).toContain(record.state);
  } else if (parent.status === "Inactive" || parent.status === "Cancelled") {
    expect(isTerminal(record.state)).toBe(true);
  } else {
    expect(["working", "partially_filled", "filled"]).toContain(record.state);
  }
}

describe("at most one broker order per approval", () => {
  it("under kills between any two effects, faults of every kind, and repeats", {
    timeout: 600_000,
  }, async () => {
    await fc.assert(fc.asyncProperty(scenario, play), {
      numRuns: Number(process.env.ORDER_MODEL_RUNS ?? 20),
      seed: Number(process.env.ORDER_MODEL_SEED ?? 20261120),
      endOnFailure: true,
    });
  });

  it("when killed after each effect in turn, with the order landed and the answer lost", {
    timeout: 600_000,
  }, async () => {
    for (let killAfter = 0; killAfter <= 12; killAfter++) {
      await play({
        fault: "timeout but landed",
        on: "order",
        killAfter,
        questions: 0,
        repeats: 2,
        repeatWhen: "afterwards",
        newIds: true,
        bracket: false,
      });
    }
  });
});
