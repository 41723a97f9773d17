import { expect, it } from "vitest";
import { anOrder, NOW } from "../../../../test/support/orders.ts";
import { capFaults } from "./cap-faults.ts";
import { DEFAULT_CAPS } from "./caps.ts";

/** Prepared as an exit; by the submit somebody else closed the position, so that it is an entry. */
it("a refusal does not say that the caps file changed when it did not", () => {
  const usage = { ordersLastMinute: 0, ordersToday: 0, dailyPnl: "0" };
  const caps = { ...DEFAULT_CAPS, paper: { ...DEFAULT_CAPS.paper, enabled: false } };
  const judged = (kept: { effect?: "exit" | "entry" }) =>
    capFaults(
      { ok: true, caps },
      anOrder(),
      {
        notional: "187.25",
        missing: null,
        units: "1",
        effect: { kind: "entry", position: "0", working_same_side: "0", at: NOW },
        usage,
      },
      { notional: "187.25", usage: { ...usage, ...kept } },
    )[0];
  const fault = judged({});
  expect(fault?.message).not.toContain("has changed since the preview");
  expect(judged({ effect: "exit" })?.message).toContain("now it opens or adds to one");
  expect(judged({ effect: "entry" })?.message).toContain("The caps file has changed");
});
