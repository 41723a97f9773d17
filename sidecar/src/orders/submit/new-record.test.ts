import { expect, it } from "vitest";
import { anIntentRecord, START_MS } from "../../../../test/support/intent-record.ts";
import { aTicket } from "../../../../test/support/orders.ts";
import { IntentRecord } from "../journal/record.ts";
import { newRecord } from "./new-record.ts";

it("journals an intent that was approved, and of which nothing was sent", () => {
  const approval = {
    preview_id: "pv_1",
    accepted_warnings: [{ message_id: "o163", fingerprint: "c".repeat(64) }],
  };
  const record = newRecord({
    input: { coid: anIntentRecord().coid, account_id: "DU1234567", approval },
    jobId: "job-1",
    intentHash: "b".repeat(64),
    mandateHash: null,
    preview: { ticket: aTicket(), generation: 4, echo: null, madeAt: START_MS, usage: null },
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
    accepted_warnings: approval.accepted_warnings,
    orders: [{ role: "single", order_id: null, state: "submitting", remaining: "1" }],
  });
  expect(IntentRecord.parse(record)).toEqual(record);
});
