import { Assertion } from "@ibkr-edge-gateway/protocol/approval/webauthn-assertion.ts";
import * as z from "zod";

/**
 * What shows how an order came about, kept from its end on for as long as its owner keeps orders'
 * records: previews, approvals and intents go earlier, and so may the passkey. Policy and mandate are
 * named and not copied; they stay.
 */
export const ORDER_EVIDENCE_SCHEMA = `
CREATE TABLE order_evidence (
  coid TEXT PRIMARY KEY,
  -- The log's entry that names all of this by its hashes.
  seq INTEGER NOT NULL,
  broker_account TEXT NOT NULL,
  policy_version INTEGER NOT NULL,
  mandate_id TEXT,
  intent TEXT NOT NULL,
  assertion TEXT NOT NULL,
  -- Null where the passkey is known to the PC alone.
  approver TEXT
) STRICT, WITHOUT ROWID;
`;

/** The passkey that signed, as the gateway knew it at the order's end. */
const Approver = z.object({
  credential_id: z.string(),
  /** COSE, base64url. */
  cose_key: z.string(),
  /** RFC 3339. */
  enrolled_at: z.string(),
});
export type Approver = z.infer<typeof Approver>;

export interface KeptEvidence {
  readonly coid: string;
  readonly seq: number;
  readonly brokerAccount: string;
  readonly policyVersion: number;
  /** Null where the owner approved the order itself. */
  readonly mandateId: string | null;
  /** The whole intent as it was approved; JSON. */
  readonly intent: string;
  readonly assertion: Assertion;
  /** Null where the passkey is known to the PC alone. */
  readonly approver: Approver | null;
}

/** What a later entry about the same order names takes the place of what there was. */
export function keepEvidence(sql: SqlStorage, kept: KeptEvidence): void {
  sql.exec(
    `INSERT OR REPLACE INTO order_evidence
       (coid, seq, broker_account, policy_version, mandate_id, intent, assertion, approver)
     VALUES (?, ?, ?, ?, ?, ?, ?, ?)`,
    kept.coid,
    kept.seq,
    kept.brokerAccount,
    kept.policyVersion,
    kept.mandateId,
    kept.intent,
    JSON.stringify(kept.assertion),
    kept.approver === null ? null : JSON.stringify(kept.approver),
  );
}

const Row = z.object({
  coid: z.string(),
  seq: z.int(),
  broker_account: z.string(),
  policy_version: z.int(),
  mandate_id: z.string().nullable(),
  intent: z.string(),
  assertion: z.string(),
  approver: z.string().nullable(),
});

export function findEvidence(sql: SqlStorage, coid: string): KeptEvidence | null {
  const [found] = sql.exec("SELECT * FROM order_evidence WHERE coid = ?", coid).toArray();
  if (found === undefined) return null;
  const row = Row.parse(found);
  return {
    coid: row.coid,
    seq: row.seq,
    brokerAccount: row.broker_account,
    policyVersion: row.policy_version,
    mandateId: row.mandate_id,
    intent: row.intent,
    assertion: Assertion.parse(JSON.parse(row.assertion)),
    approver: row.approver === null ? null : Approver.parse(JSON.parse(row.approver)),
  };
}
