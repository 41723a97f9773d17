import type { AuditEvent } from "@ibkr-edge-gateway/protocol/audit/event.ts";
import { canonicalJson, sha256Hex } from "@ibkr-edge-gateway/protocol/digest.ts";
import { isTerminal, type OrderState } from "@ibkr-edge-gateway/protocol/orders/order-state.ts";
import { findPasskey } from "../../access/tables/passkeys.ts";
import { auditRowsAfter, auditSize } from "../../audit/tables/log.ts";
import { statedOf } from "../evidence/pc-statements-of-order.ts";
import { submittedLeaf } from "../evidence/submitted-leaf.ts";
import type { OrderLog } from "../order-log.ts";
import { findApproval } from "../tables/approvals.ts";
import { findEvidence, keepEvidence } from "../tables/evidence.ts";
import { findIntent, type IntentRow } from "../tables/intents/rows.ts";
import { findMandate } from "../tables/mandates.ts";

/**
 * An order has ended, or its end turned out to be another: one entry of the log names, by their
 * hashes, everything that shows how it came about, and what is named is kept from here on. In the
 * transaction that ends the order. Nothing for a cancel, which nobody approves, and nothing where the
 * approval is not there any more.
 */
export function noteSettled(
  sql: SqlStorage,
  intent: IntentRow,
  state: OrderState,
  nowMs: number,
  log: OrderLog,
): void {
  if (!isTerminal(state) || intent.intent_hash === null || intent.approval_id === null) return;
  const approval = findApproval(sql, intent.approval_id, nowMs);
  if (approval === null || approval.intentHash !== intent.intent_hash) return;
  const { mandateId } = approval;
  const assertion =
    mandateId === null ? approval.assertion : (findMandate(sql, mandateId)?.assertion ?? null);
  if (assertion === null) return;
  const passkey = findPasskey(sql, assertion.id);
  const submitted = submittedLeaf(sql, intent.coid, intent.created_at);
  log({
    type: isTerminal(intent.state) ? "order.amended" : "order.settled",
    kind: "gateway",
    clientId: intent.client_id,
    sidecarId: approval.intent.sidecar_id,
    brokerAccount: intent.broker_account,
    decision: "allow",
    errorCode: null,
    requestId: "",
    meta: {
      coid: intent.coid,
      intent_hash: intent.intent_hash,
      assertion_sha256: sha256Hex(canonicalJson(assertion)),
      // What the PC states later amends this.
      statements_sha256: statementHashes(sql, intent.coid),
      submitted_index: submitted === null ? "" : String(submitted.seq - 1),
      outcome: state,
    },
  });
  keepEvidence(sql, {
    coid: intent.coid,
    seq: auditSize(sql),
    brokerAccount: intent.broker_account,
    policyVersion: approval.intent.policy_version,
    mandateId,
    intent: canonicalJson(approval.intent),
    assertion,
    approver:
      passkey === null
        ? null
        : {
            credential_id: passkey.credentialId,
            cose_key: passkey.publicKey,
            enrolled_at: new Date(passkey.addedAt).toISOString(),
          },
  });
}

/**
 * The PC has stated something of an order that has ended: another entry names it, with all that the one
 * before it named. Nothing where the order has not ended, or nothing is kept of it.
 */
export function noteStated(sql: SqlStorage, coid: string, log: OrderLog): void {
  const kept = findEvidence(sql, coid);
  const intent = findIntent(sql, coid);
  const [row] = kept === null ? [] : auditRowsAfter(sql, kept.seq - 1, 1);
  if (kept === null || intent === null || row === undefined) return;
  const before: AuditEvent = JSON.parse(row.event);
  const statements = statementHashes(sql, coid);
  if (statements === before.meta.statements_sha256) return;
  log({
    type: "order.amended",
    kind: "gateway",
    clientId: intent.client_id,
    sidecarId: before.who.sidecar_id,
    brokerAccount: kept.brokerAccount,
    decision: "allow",
    errorCode: null,
    requestId: "",
    meta: { ...before.meta, statements_sha256: statements },
  });
  keepEvidence(sql, { ...kept, seq: auditSize(sql) });
}

function statementHashes(sql: SqlStorage, coid: string): string {
  return statedOf(sql, coid)
    .map(({ hash }) => hash)
    .join(",");
}
