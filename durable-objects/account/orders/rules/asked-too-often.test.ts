import { expect, it } from "vitest";
import { admit } from "../../../../test/support/order-desk.ts";
import { Refused, SCOPES, tradingRig } from "../../../../test/support/trading-rig.ts";

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

it("all clients together are bounded too, and none takes another's exit away", async () => {
  const { rig, ask } = startRig();
  admit(rig, "client-2", SCOPES);
  admit(rig, "client-3", SCOPES);
  for (let n = 0; n < 6; n += 1) await ask(265598);
  for (let n = 0; n < 6; n += 1) await ask(265598, "client-2");
  expect(await ask(265598, "client-3")).toEqual([]);
  expect(await ask(265598, "client-3")).toEqual(CODE);
});
