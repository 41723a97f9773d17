import { beforeEach, describe, expect, it } from "vitest";
import { anOrder } from "../../../../test/support/orders.ts";
import { type PcOrders, pcOrders } from "../../../../test/support/pc-orders.ts";
import { requestsSince } from "../../trust/tables/approval-requests.ts";
import { revokeApprover } from "../../trust/tables/approvers.ts";
import { showApprovalRequest } from "./announce-approval.ts";

describe("a request for approval", () => {
  let pc: PcOrders;
  beforeEach(() => {
    pc = pcOrders();
    pc.approved(anOrder());
  });
  const announce = (
    tier: 1 | 2,
    requested_by = "Claude",
    preview_id = "pv_1",
    simulator = true,
  ) => {
    const { store, options, submit, clock } = pc;
    const parts = { store, reach: options.reach, echo: submit.echo, simulator, nowMs: clock.now() };
    return showApprovalRequest(parts, { preview_id, tier, requested_by });
  };

  it("is shown in all words of this PC's own ticket, with a number where the tier asks for one", async () => {
    expect(await announce(1)).toEqual({ known: true, shown: ["terminal", "push"], number: false });
    expect(await announce(2)).toMatchObject({ number: true });
    expect(pc.shown[0]).not.toContain("Number");
    expect(pc.shown[1]).toContain("Number for the approval page: 42");
    expect(pc.pushed.join()).toContain("Buy 1 AAPL");
    expect(pc.pushed.join()).not.toMatch(/\b42\b/);
  });

  it("has a number at every tier while a passkey of the gateway's pages is on probation", async () => {
    expect(await announce(1, "Claude", "pv_1", false)).toMatchObject({ number: true });
    expect(pc.shown[0]).toContain("Number for the approval page: 42");
    revokeApprover(pc.store.db, pc.phone.credentialId, 2);
    pc.approved(anOrder(), 2);
    expect(await announce(1, "Claude", "pv_2", false)).toMatchObject({ number: false });
  });

  it("keeps its first number, and stands in the list of requests", async () => {
    pc.store.setEcho("pv_1", 77);
    await announce(2);
    expect(pc.shown[0]).toContain(": 77");
    expect(requestsSince(pc.store.db, 0)).toMatchObject([{ previewId: "pv_1", tier: 2 }]);
  });

  it("of a preview that this PC did not make shows nothing", async () => {
    expect(await announce(2, "Claude", "pv_9")).toEqual({ known: false, shown: [], number: false });
    expect([pc.shown, pc.pushed]).toEqual([[], []]);
  });

  it("takes no control characters from the name of whoever asks", async () => {
    await announce(1, `evil\u001b[2J${"x".repeat(200)}`);
    const [line = ""] = pc.shown[0]?.split("\n") ?? [];
    expect(line).toContain('"evil[2Jx');
    expect(line).not.toMatch(/\p{Cc}/u);
    expect(line.length).toBeLessThan(120);
  });
});
