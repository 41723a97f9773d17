import { defaultPolicy } from "@ibkr-edge-gateway/policy/defaults.ts";
import type { PolicyDocument } from "@ibkr-edge-gateway/policy/document.ts";
import { describe, expect, it } from "vitest";
import { ACCOUNT } from "../../../../test/support/order-desk.ts";
import { ownerVerbs } from "../../../../test/support/owner-verbs.ts";
import { Refused, type TradingRig, tradingRig } from "../../../../test/support/trading-rig.ts";
import { openOwnerSession } from "../../access/session-lifecycle.ts";
import { LOOSENING_DELAY_MS } from "../transactions/policy-transaction.ts";
import { policyInForce } from "./policies.ts";

describe("a looser policy without a signature", () => {
  const change = (rig: TradingRig, edit: (policy: PolicyDocument) => void) => {
    const document = defaultPolicy(ACCOUNT, "paper");
    edit(document);
    const source = { source: "s", method: "passkey", label: "" } as const;
    const { secret } = openOwnerSession(rig.parts.storage.sql, source, rig.clock.now);
    const basedOn = policyInForce(rig.parts.storage.sql, ACCOUNT, rig.clock.now)?.hash ?? "";
    return ownerVerbs(rig, { orders: rig.desk, secret }).trading.changePolicy({
      document,
      basedOn,
      signed: null,
    });
  };
  const ask = (rig: TradingRig, quantity: string) =>
    rig.approved({ quantity }).then(
      () => "asked",
      (thrown: unknown) => (thrown instanceof Refused ? thrown.codes.join() : String(thrown)),
    );

  it("takes effect after its day and not a moment before; a tighter one at once, for approved orders too", async () => {
    const rig = tradingRig();
    // Eleven are worth 2,059.75; the limit is 2,000.
    expect(await ask(rig, "11")).toBe("NOTIONAL_LIMIT_REFUSED");
    const loosened = await change(rig, (policy) => {
      policy.order.max_notional = "3000";
    });
    expect(loosened).toMatchObject({ ok: true, waits: true });
    rig.clock.now += LOOSENING_DELAY_MS - 1;
    rig.copied();
    expect(await ask(rig, "11")).toBe("NOTIONAL_LIMIT_REFUSED");
    rig.clock.now += 1;
    expect(await ask(rig, "11")).toBe("asked");

    const approval = await rig.approved({ quantity: "10" });
    const tightened = await change(rig, (policy) => {
      policy.order.max_notional = "1000";
    });
    expect(tightened).toMatchObject({ ok: true, waits: false });
    const refused = await rig.submit(approval);
    expect(refused.refusals.map(({ code }) => code)).toEqual(["NOTIONAL_LIMIT_REFUSED"]);
    expect(await ask(rig, "6")).toBe("NOTIONAL_LIMIT_REFUSED");
  });

  it("is undone by a tightening that comes before its day", async () => {
    const rig = tradingRig();
    await change(rig, (policy) => {
      policy.order.max_notional = "9000";
    });
    await change(rig, (policy) => {
      policy.order.max_notional = "1500";
    });
    rig.clock.now += 2 * LOOSENING_DELAY_MS;
    rig.copied();
    expect(await ask(rig, "9")).toBe("NOTIONAL_LIMIT_REFUSED");
    expect(await ask(rig, "8")).toBe("asked");
  });
});
