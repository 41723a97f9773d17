import { failure, type GatewayFailure } from "@ibkr-edge-gateway/protocol/errors.ts";
import type { JsonValue } from "@ibkr-edge-gateway/protocol/json.ts";
import {
  auditExport,
  orderEvidence as orderEvidenceOperation,
} from "@ibkr-edge-gateway/protocol/operation-schemas/edge-operations.ts";
import { exportPart } from "../audit/export.ts";
import { notGranted } from "../clients/client-accounts.ts";
import { type OrderProof, orderProof } from "../orders/evidence/order-proof.ts";
import { findEvidence } from "../orders/tables/evidence.ts";
import { findMandate } from "../orders/tables/mandates.ts";
import type { ToolCall } from "../rpc/account-types.ts";

type Answer = { ok: true; result: JsonValue } | { ok: false; failure: GatewayFailure };

/** A part of the log for an agent that may export it; see `exportPart` for what it is not shown. */
export function exported(call: ToolCall, sql: SqlStorage): Answer {
  const query = auditExport.input.safeParse(call.input);
  if (!query.success) return no("INPUT_INVALID", "The part asked for is not valid.");
  const { accountId: account } = call.principal;
  const part = exportPart({ sql, account, brokerAccounts: () => [] }, query.data, "others");
  return part === null ? NO_HEAD : { ok: true, result: plain(part) };
}

/**
 * One order's proof file, for a client that may use every account that is named in it: that of the
 * order, and all of the mandate that it was sent under, which cannot be left out of a proof.
 */
export function orderEvidence(
  call: ToolCall,
  { sql, origin }: { sql: SqlStorage; origin: string },
  accounts: readonly string[] | null,
): Answer {
  const asked = orderEvidenceOperation.input.safeParse(call.input);
  if (!asked.success) return no("INPUT_INVALID", "The order_ref asked for is not valid.");
  const { order_ref } = asked.data;
  const party = { id: new URL(origin).hostname, origin: new URL(origin).origin };
  const found = orderProof({ sql, account: call.principal.accountId, party }, order_ref);
  if (found.kind === "unknown_order") return no("NOT_FOUND", SAYS.unknown_order);
  if (accounts !== null && !accounts.includes(found.brokerAccount)) {
    return { ok: false, failure: notGranted() };
  }
  if (
    accounts !== null &&
    !mandateAccounts(sql, order_ref).every((one) => accounts.includes(one))
  ) {
    const { code, user_action } = notGranted();
    return { ok: false, failure: failure(code, SAYS_MANDATE, { user_action }) };
  }
  if (found.kind !== "proof") {
    const retryable = found.kind !== "not_kept";
    return { ok: false, failure: failure("NOT_FOUND", SAYS[found.kind], { retryable }) };
  }
  const { brokerAccount, outcome, seq, witnesses, text, policy, keys } = found;
  return {
    ok: true,
    result: {
      account_id: brokerAccount,
      order_ref,
      outcome,
      seq,
      witnesses,
      proof: text,
      trust_policy: policy,
      trusted_keys: keys,
    },
  };
}

/** The accounts of the mandate that an order was sent under; none where its owner approved it. */
function mandateAccounts(sql: SqlStorage, coid: string): readonly string[] {
  const mandateId = findEvidence(sql, coid)?.mandateId ?? null;
  return mandateId === null ? [] : (findMandate(sql, mandateId)?.mandate.accounts ?? []);
}

const SAYS_MANDATE =
  "The order was sent under a mandate for more accounts than this connection may use, and its proof names them all.";

/** Why an order has no proof file, for a caller or a page. */
export const SAYS: Readonly<Record<Exclude<OrderProof["kind"], "proof">, string>> = {
  unknown_order: "No order of this gateway has that reference, or its record was removed.",
  not_settled: "The order has not ended yet, so its proof is not complete. Ask again when it has.",
  not_kept:
    "The order has ended, and no proof of it is kept: its owner erased it, or nobody approved the order here. The log's entries of it stay.",
  not_signed: "No signed head of the log covers the order's end yet. Ask again in a minute.",
  no_key:
    "The PC has not told of the passkey that approved the order yet. Ask again when it has been connected.",
};

const NO_HEAD: Answer = {
  ok: false,
  failure: failure("NOT_FOUND", "The log has no signed head yet. Ask again in a minute.", {
    retryable: true,
  }),
};

const no = (code: "INPUT_INVALID" | "NOT_FOUND", says: string): Answer => ({
  ok: false,
  failure: failure(code, says),
});

/** Our own plain data, as JSON sees it. */
const plain = (value: unknown): JsonValue => JSON.parse(JSON.stringify(value));
