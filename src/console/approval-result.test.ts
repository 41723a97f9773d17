import { expect, it } from "vitest";
import type { ApprovalView } from "../../durable-objects/account/rpc/order-views.ts";
import { resultInWords } from "./approval-result.tsx";

const UNTIL = "2026-11-30T14:30:00.000Z";
const view = (state: string, action = "place"): ApprovalView =>
  ({
    state: "consumed",
    mandateId: null,
    filledAt: null,
    ticket: {
      order: { action },
      waits: { until: UNTIL, time_zone: "America/New_York", session: "2026-11-30" },
    },
    order: { state, orders: [{}], refusals: [] },
    // No more of a view is read for its heading.
  }) as unknown as ApprovalView;
const before = new Date(Date.parse(UNTIL) - 1);

it.each(["accepted", "working"])(
  "an order that is %s and waits says so, and until when",
  (state) => {
    expect(resultInWords(view(state), before).words).toBe(
      "Sent; it waits at the broker for the open, Mon 30 Nov 09:30 New York",
    );
    expect(resultInWords(view(state, "modify"), before).words).toContain("the order waits");
  },
);

it("says what it is from the open on, and of an order that ended or cancels another", () => {
  expect(resultInWords(view("working"), new Date(UNTIL)).words).toBe("Working at the broker");
  expect(resultInWords(view("cancelled"), before).words).toBe("Cancelled");
  expect(resultInWords(view("working", "cancel"), before).words).toBe("Working at the broker");
});
