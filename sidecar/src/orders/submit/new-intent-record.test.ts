import { messageOf } from "@ibkr-edge-gateway/protocol/orders/broker-question.ts";
import { expect, it } from "vitest";
import { anIntentRecord, START_MS } from "../../../../test/support/intent-record.ts";
import { aTicket } from "../../../../test/support/orders.ts";
import { IntentRecord } from "../journal/intent-record.ts";
import { newRecord } from "./new-intent-record.ts";

it("journals an intent that was approved, and of which nothing was sent", () => {
  const [read, unread] = [messageOf("o163", "Beyond 3 %?"), messageOf("o163", "Beyond 300 %?")];
  const approval = {
    preview_id: "pv_1",
    accepted_warnings: [read, unread].map(({ message_id, fingerprint }) => ({
      message_id,
      fingerprint,
    })),
  };
  const ticket = aTicket(undefined, { warnings: [read] });
  const record = newRecord({
    input: { coid: anIntentRecord().coid, account_id: "DU1234567", approval },
    jobId: "job-1",
    intentHash: "b".repeat(64),
    mandateHash: null,
    preview: { ticket, generation: 4, echo: null, madeAt: START_MS, usage: null },
    facts: {
      market: null,
      hours: { tradable_now: null },
      effect: null,
      notional: null,
      missing: null,
      units: "1",
      rate: null,
      dailyPnl: null,
    },
    action: "place",
    nowMs: START_MS,
  });
  expect(record).toMatchObject({
    state: "submitting",
    sent: false,
    generation: 4,
    // What could not be read stays unknown.
    effect: null,
    notional: null,
    // Of what the gateway says was accepted, only what this PC's own ticket shows.
    accepted_warnings: approval.accepted_warnings.slice(0, 1),
    orders: [{ role: "single", order_id: null, state: "submitting", remaining: "1" }],
  });
  expect(IntentRecord.parse(record)).toEqual(record);
});
