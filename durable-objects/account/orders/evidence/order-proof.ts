import { fromBase64Url, fromHex, toHex } from "@ibkr-edge-gateway/evidence/bytes.ts";
import { canonicalJson } from "@ibkr-edge-gateway/evidence/canonical-json.ts";
import { parseCheckpointNote } from "@ibkr-edge-gateway/evidence/checkpoint/checkpoint.ts";
import { formatEntry } from "@ibkr-edge-gateway/evidence/event/entry.ts";
import { inclusionProof } from "@ibkr-edge-gateway/evidence/merkle/proofs.ts";
import {
  formatOrderEvidence,
  ORDER_EVIDENCE,
  OrderEvidence,
} from "@ibkr-edge-gateway/evidence/order/order-evidence.ts";
import { formatProofFile } from "@ibkr-edge-gateway/evidence/proof/proof-file.ts";
import { isTerminal } from "@ibkr-edge-gateway/protocol/orders/order-state.ts";
import { sha256 } from "@noble/hashes/sha2.js";
import { suggestedPolicy } from "../../audit/export.ts";
import { storedNodes } from "../../audit/log.ts";
import { headOver } from "../../audit/log-files.ts";
import { auditRowsAfter, storedSalts } from "../../audit/tables/log.ts";
import { readSignedLog } from "../../audit/tables/signed.ts";
import { findEvidence, type KeptEvidence } from "../tables/evidence.ts";
import { findIntent } from "../tables/intents/rows.ts";
import { findMandate } from "../tables/mandates.ts";
import { pcApprover } from "../tables/pc-approvers.ts";
import { policyDocument } from "../tables/policies.ts";
import { statedOf } from "./pc-statements-of-order.ts";

/** An order's proof file, or why there is none. */
export type OrderProof =
  | {
      readonly kind: "proof";
      /** A C2SP tlog-proof; see packages/evidence/SPEC.md, section 9. */
      readonly text: string;
      readonly brokerAccount: string;
      readonly outcome: string;
      /** Of the entry in the log, and how many PCs have cosigned the head that covers it. */
      readonly seq: number;
      readonly witnesses: number;
      /** A suggestion of whom to trust, and of whose keys. */
      readonly policy: string;
      readonly keys: string;
    }
  | { readonly kind: "unknown_order" }
  /** It has not ended. */
  | { readonly kind: "not_settled"; readonly brokerAccount: string }
  /** It has ended, and nothing is kept of it: nobody approved it here, or what was kept was erased. */
  | { readonly kind: "not_kept"; readonly brokerAccount: string }
  /** It was approved with a passkey that only the PC knows, and the PC has not vouched for it. */
  | { readonly kind: "no_key"; readonly brokerAccount: string }
  /** A head that covers its end is about to be signed, or cannot be. */
  | { readonly kind: "not_signed"; readonly brokerAccount: string };

export interface ProofParts {
  readonly sql: SqlStorage;
  /** The gateway's own account id. */
  readonly account: string;
  /** Where passkeys of this gateway belong. */
  readonly party: { readonly id: string; readonly origin: string };
}

/** The proof of one order: everything that shows how it came about, led to the newest signed head. */
export function orderProof(parts: ProofParts, coid: string): OrderProof {
  const { sql } = parts;
  const kept = findEvidence(sql, coid);
  if (kept === null) {
    const intent = findIntent(sql, coid);
    if (intent === null) return { kind: "unknown_order" };
    const kind = isTerminal(intent.state) ? "not_kept" : "not_settled";
    return { kind, brokerAccount: intent.broker_account };
  }
  const { seq, brokerAccount } = kept;
  const approver = approverOf(parts, kept);
  if (approver === null) return { kind: "no_key", brokerAccount };
  const log = readSignedLog(sql);
  const [row] = auditRowsAfter(sql, seq - 1, 1);
  const head = log === null ? null : headOver(sql, log, seq);
  if (log === null || head === null || row === undefined) {
    return { kind: "not_signed", brokerAccount };
  }
  // What the entry names, and nothing that the PC stated since: that is named by the next one.
  const named: string[] = (JSON.parse(row.event).meta.statements_sha256 ?? "").split(",");
  const stated = statedOf(sql, coid).filter(({ hash }) => named.includes(hash));
  const pcKey = stated[0]?.pcKey ?? approver.pcKey;
  // One key is named for all that the PC says; it was changed between.
  if (approver.pcKey !== null && approver.pcKey !== pcKey) return { kind: "no_key", brokerAccount };
  const evidence = OrderEvidence.parse({
    kind: ORDER_EVIDENCE,
    entry: formatEntry({ account: parts.account, seq, event: row.event }),
    intent: JSON.parse(kept.intent),
    assertion: kept.assertion,
    mandate: mandateOf(sql, kept),
    approver: approver.statement,
    sent: stated.find(({ kind }) => kind === "sent")?.statement ?? null,
    result: stated.find(({ kind }) => kind === "result")?.statement ?? null,
    openings: openingsOf(sql, kept),
    policy: policyDocument(sql, brokerAccount, kept.policyVersion),
    pc_key: pcKey,
  });
  const text = formatProofFile({
    extra: formatOrderEvidence(evidence),
    index: seq - 1,
    proof: inclusionProof(seq - 1, head.size, storedNodes(sql)),
    checkpoint: parseCheckpointNote(head.note),
  });
  return {
    kind: "proof",
    text,
    brokerAccount,
    outcome: JSON.parse(row.event).meta.outcome,
    seq,
    witnesses: head.witnesses.length,
    policy: suggestedPolicy(log, head.witnesses),
    keys: `${pcKey === null ? "" : `pc ${pcKey}\n`}${readersLine(approver.statement.body)}`,
  };
}

/** Lower-case hex SHA-256 of a COSE key, as a reader's list names it. */
const keyHash = (coseKey: string): string =>
  toHex(sha256(fromBase64Url(coseKey) ?? new Uint8Array()));

function mandateOf(sql: SqlStorage, { mandateId }: KeptEvidence) {
  return mandateId === null ? null : (findMandate(sql, mandateId)?.mandate ?? null);
}

type ApproverStatement = OrderEvidence["approver"];

/** The approver's line on a reader's list of keys. */
const readersLine = ({ credential_id, cose_key }: ApproverStatement["body"]): string =>
  `approver ${credential_id} ${keyHash(cose_key)}\n`;

/**
 * The passkey as the gateway knows it, which nobody has signed; or, where only the PC knows it, as the
 * PC states it. Null where neither does.
 */
function approverOf(
  { sql, party }: ProofParts,
  { approver, assertion }: KeptEvidence,
): { statement: ApproverStatement; pcKey: string | null } | null {
  if (approver === null) {
    const told = pcApprover(sql, assertion.id);
    return told === null ? null : { statement: JSON.parse(told.statement), pcKey: told.pc_key };
  }
  const body: ApproverStatement["body"] = {
    v: 1,
    kind: "approver",
    credential_id: approver.credential_id,
    cose_key: approver.cose_key,
    rp_id: party.id,
    origins: [party.origin],
    label_sha256: null,
    enrolled_at: approver.enrolled_at,
    enrolled_via: "gateway",
  };
  return { statement: { body, signature: null }, pcKey: null };
}

/** The entry's account, as long as its salt was not erased. */
function openingsOf(sql: SqlStorage, { seq, brokerAccount }: KeptEvidence) {
  const salts = storedSalts(sql, seq);
  const salt: unknown = salts === null ? null : JSON.parse(salts).account;
  const bytes = typeof salt === "string" ? fromHex(salt) : null;
  if (bytes === null) return [];
  const opening = { field: "account", salt: bytes, payload: canonicalJson(brokerAccount) };
  return [{ field: opening.field, salt: String(salt), payload: opening.payload }];
}
