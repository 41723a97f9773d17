import { type Mandate, mandateHash } from "@ibkr-edge-gateway/protocol/approval/mandate.ts";
import { statementHash } from "@ibkr-edge-gateway/protocol/approval/statement.ts";
import { beforeEach, describe, expect, it } from "vitest";
import { aMandate } from "../../../../test/support/orders.ts";
import { type PcOrders, pcOrders } from "../../../../test/support/pc-orders.ts";
import { softwareAuthenticator } from "../../../../test/support/software-authenticator.ts";
import { DEFAULT_CAPS } from "../../trust/limits/caps.ts";
import {
  mandateAtFirstUse,
  receiveConfirmation,
  receiveMandate,
  receiveRevocation,
} from "./receive-mandates.ts";

let pc: PcOrders;
beforeEach(() => {
  pc = pcOrders();
});
const signed = (mandate: Mandate = aMandate(), phone = pc.phone) => ({
  mandate,
  assertion: phone.approve(statementHash({ act: "mandate", mandate })),
});
const hash = mandateHash(aMandate());
const confirm = (number: number) => receiveConfirmation(pc.submit, { mandate_hash: hash, number });
const codes = (refusals: { code: string }[]) => refusals.map(({ code }) => code);

describe("a mandate that the gateway brings", () => {
  it("waits for the number that is shown here, and never goes out by the network", async () => {
    expect(await receiveMandate(pc.submit, signed())).toMatchObject({
      state: "waiting",
      shown: ["terminal"],
    });
    expect(pc.shown.join()).toContain("Number for the mandate's page: 42");
    expect(pc.pushed.join()).not.toMatch(/\b42\b/);
    // Brought again, it is shown again, under the same number.
    await receiveMandate(pc.submit, signed());
    expect(pc.shown).toHaveLength(2);
    expect(confirm(42)).toMatchObject({ state: "confirmed", refusals: [] });
    expect(await receiveMandate(pc.submit, signed())).toMatchObject({
      state: "confirmed",
      shown: [],
    });
  });

  it("is void after a wrong number, and whoever sits here is told", async () => {
    await receiveMandate(pc.submit, signed());
    expect(confirm(41)).toMatchObject({ state: "revoked" });
    expect(confirm(42)).toMatchObject({ state: "revoked" });
    expect(pc.shown.at(-1)).toContain("wrong number");
  });

  it("is refused when no approver of this PC signed it, or this PC takes none", async () => {
    const stranger = softwareAuthenticator();
    expect(await receiveMandate(pc.submit, signed(aMandate(), stranger))).toMatchObject({
      state: "refused",
    });
    pc.local.caps = { ...DEFAULT_CAPS, paper: { ...DEFAULT_CAPS.paper, mandates: false } };
    expect(await receiveMandate(pc.submit, signed())).toMatchObject({ state: "refused" });
    expect(pc.shown).toEqual([]);
  });
});

describe("an order's first use of a mandate", () => {
  it("shows a mandate that was not brought before, and refuses until it is confirmed", async () => {
    const refusals = await mandateAtFirstUse(pc.submit, signed());
    expect(refusals).toHaveLength(1);
    expect(pc.shown).toHaveLength(1);
    // Not once for every order.
    await mandateAtFirstUse(pc.submit, signed());
    expect(pc.shown).toHaveLength(1);
    confirm(42);
    expect(await mandateAtFirstUse(pc.submit, signed())).toEqual([]);
  });

  it("is refused after the mandate was revoked", async () => {
    await receiveMandate(pc.submit, signed());
    confirm(42);
    receiveRevocation(pc.submit, { mandate_hash: hash });
    expect(codes(await mandateAtFirstUse(pc.submit, signed()))).not.toEqual([]);
  });
});

describe("a revocation", () => {
  it("is told once, and knows no mandate that was never here", async () => {
    expect(receiveRevocation(pc.submit, { mandate_hash: hash }).state).toBe("unknown");
    expect(receiveConfirmation(pc.submit, { mandate_hash: hash, number: 42 }).state).toBe(
      "unknown",
    );
    await receiveMandate(pc.submit, signed());
    expect(receiveRevocation(pc.submit, { mandate_hash: hash }).state).toBe("revoked");
    expect(receiveRevocation(pc.submit, { mandate_hash: hash }).state).toBe("revoked");
    expect(pc.shown.filter((text) => text.includes("revoked by the gateway"))).toHaveLength(1);
    expect(confirm(42).state).toBe("revoked");
  });
});
