import { expect, it } from "vitest";
import { ACCOUNT, admit } from "../../../../../test/support/order-desk.ts";
import { AAPL, aLeg, anOrder, aTicket } from "../../../../../test/support/orders.ts";
import { factsAt } from "../../../../../test/support/policy.ts";
import { Refused, SCOPES, tradingRig } from "../../../../../test/support/trading-rig.ts";
import { findApproval, insertApproval } from "../../tables/approvals.ts";
import { askedTooOften } from "./asked-too-often.ts";

const CODE = ["APPROVAL_RATE_LIMITED"];

const startRig = () => {
  const rig = tradingRig((policy) => {
    policy.portfolio.short = true;
    policy.clients.max_approvals_per_hour = 3;
    policy.behaviour.duplicate_window_seconds = null;
  });
  rig.pc.effect = "exit";
  let n = 0;
  const ask = async (conid: number, clientId = "client-1"): Promise<string[]> => {
    n += 1;
    try {
      await rig.approved({ side: "SELL", conid, limit_price: `187.${10 + n}` }, clientId);
      return [];
    } catch (thrown) {
      if (thrown instanceof Refused) return thrown.codes;
      throw thrown;
    }
  };
  return { rig, ask };
};

it("exits count among a client's requests, and each position's exit can still be asked for once", async () => {
  const { rig, ask } = startRig();
  for (let n = 0; n < 6; n += 1) expect(await ask(265598)).toEqual([]);
  expect(await ask(265598)).toEqual(CODE);
  expect(await ask(756733)).toEqual([]);
  expect(await ask(756733)).toEqual(CODE);
  rig.clock.now += 10 * 60_000 + 1;
  expect(await ask(265598)).toEqual([]);
  expect(await ask(265598)).toEqual(CODE);
});

it("requests are bounded where the limits set no bound, and however many positions there are", async () => {
  const { rig } = startRig();
  const { sql } = rig.parts.storage;
  const at = new Date(rig.clock.now).toISOString();
  const effect = { kind: "exit", position: "5", working_same_side: "0", at } as const;
  const asked = (limit: number | null) =>
    askedTooOften(
      sql,
      {
        clientId: "client-1",
        brokerAccount: ACCOUNT,
        facts: { ...factsAt(at), effect },
        // A position that nobody has asked for.
        ticket: aTicket(anOrder({ legs: [aLeg({ contract: { ...AAPL, conid: 4 } })] })),
      },
      limit,
      rig.clock.now,
    );
  const approvalId = await rig.approved({ side: "SELL", conid: 265598 });
  const one = findApproval(sql, approvalId, rig.clock.now);
  if (one === null) throw new Error("nobody was asked");
  let copies = 1;
  const until = (many: number) => {
    for (; copies < many; copies += 1) {
      insertApproval(sql, { ...one, approvalId: `ap_${copies}`, intentHash: `${copies}` }, null);
    }
  };
  until(239);
  expect([asked(3), asked(null)]).toEqual([null, null]);
  until(240);
  expect([asked(3)?.code, asked(null)?.code]).toEqual([...CODE, ...CODE]);
});

it("all clients together are bounded too, and none takes another's exit away", async () => {
  const { rig, ask } = startRig();
  admit(rig, "client-2", SCOPES);
  admit(rig, "client-3", SCOPES);
  for (let n = 0; n < 6; n += 1) await ask(265598);
  for (let n = 0; n < 6; n += 1) await ask(265598, "client-2");
  expect(await ask(265598, "client-3")).toEqual([]);
  expect(await ask(265598, "client-3")).toEqual(CODE);
});
