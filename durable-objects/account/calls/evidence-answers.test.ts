import { expect, it } from "vitest";
import { ASSERTION, orderBook } from "../../../test/support/order-book.ts";
import { aMandate } from "../../../test/support/orders.ts";
import { AUDIT_SIGNED_SCHEMA, AUDIT_WITNESS_SCHEMA } from "../audit/tables/schema.ts";
import { keepEvidence } from "../orders/tables/evidence.ts";
import { storeMandate } from "../orders/tables/mandates.ts";
import type { ToolCall } from "../rpc/account-types.ts";
import { orderEvidence } from "./evidence-answers.ts";

it("gives no proof that names an account which the client may not use, not even in its mandate", () => {
  const { storage, now } = orderBook();
  const { sql } = storage;
  for (const schema of [AUDIT_SIGNED_SCHEMA, AUDIT_WITNESS_SCHEMA]) sql.exec(schema);
  const mandate = aMandate({ accounts: ["DU1234567", "DU7654321"] });
  storeMandate(sql, { mandate, assertion: ASSERTION }, now);
  const kept = {
    seq: 1,
    brokerAccount: "DU1234567",
    policyVersion: 1,
    intent: "{}",
    assertion: ASSERTION,
    approver: { credential_id: "AAAA", cose_key: "AAAA", enrolled_at: "2026-11-20T00:00:00.000Z" },
  };
  keepEvidence(sql, { ...kept, coid: "under", mandateId: mandate.mandate_id });
  keepEvidence(sql, { ...kept, coid: "tapped", mandateId: null });
  const ask = (order_ref: string, accounts: readonly string[] | null) => {
    const call: ToolCall = {
      tool: "ibkr_order_evidence",
      operation: "order.evidence",
      input: { order_ref },
      scope: "ibkr:audit:export",
      principal: { accountId: "acc_7d3f", clientId: "c", grantId: "g", scopes: [] },
      requestId: "r",
      deadlineMs: 1_000,
    };
    const answer = orderEvidence(call, { sql, origin: "https://gateway.example" }, accounts);
    expect(JSON.stringify(answer)).not.toContain("DU7654321");
    return answer.ok ? "proof" : answer.failure.code;
  };
  expect(ask("under", ["DU1234567"])).toBe("INPUT_UNAUTHORIZED_ACCOUNT");
  // Nothing is in the way of these but that no head is signed here.
  expect(ask("under", ["DU1234567", "DU7654321"])).toBe("NOT_FOUND");
  expect(ask("under", null)).toBe("NOT_FOUND");
  expect(ask("tapped", ["DU1234567"])).toBe("NOT_FOUND");
  expect(ask("tapped", ["DU7654321"])).toBe("INPUT_UNAUTHORIZED_ACCOUNT");
});
