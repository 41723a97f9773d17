import { sha256 } from "@noble/hashes/sha2.js";
import { toBase64Url, toHex, utf8 } from "../bytes.ts";
import { canonicalJson, type Json } from "../canonical-json.ts";
import { parseCheckpointNote } from "../checkpoint/checkpoint.ts";
import { commit } from "../event/commitment.ts";
import { nodesOfLeaves } from "../merkle/nodes.ts";
import { inclusionProof } from "../merkle/proofs.ts";
import { ed25519FromSeed } from "../note/ed25519.ts";
import type { Assertion } from "../order/check-assertion.ts";
import { formatOrderEvidence, OrderEvidence } from "../order/order-evidence.ts";
import { signStatement, statementHash } from "../order/statement.ts";
import { formatProofFile } from "../proof/proof-file.ts";
import { aCheckpoint, leavesOf, type SomeLog, someLog, steadyRandom } from "./a-log.ts";

/** Who approves in a test: a passkey in software. */
export interface SomePasskey {
  readonly credentialId: string;
  readonly publicKey: Uint8Array;
  approve(hash: string): Assertion;
}

export interface OrderParts {
  readonly intent: { readonly [name: string]: Json };
  readonly mandate: Json;
  /** What is posted to the broker's gateway. */
  readonly body: string;
  readonly passkey: SomePasskey;
  readonly account: string;
  readonly brokerAccount: string;
  readonly policy: Json;
  /** How much of the log the PC had seen; null for an exit that did not wait. */
  readonly seenSize?: number | null;
}

/** Evidence in which the PC has stated everything. */
export type StatedEvidence = OrderEvidence & {
  readonly sent: NonNullable<OrderEvidence["sent"]>;
  readonly result: NonNullable<OrderEvidence["result"]>;
};

export const SUBMITTED_INDEX = 50;
export const SETTLED_SEQ = 60;
export const LOG_SIZE = 100;
const PC_STATEMENT_SEED = new Uint8Array(32).fill(7);
const AT = "2026-11-20T15:01:00.000Z";

const hashText = (text: string): string => toHex(sha256(utf8(text)));

/** One order's evidence in the log of its account, made as an edge and a PC would. */
export async function anOrderProof(
  parts: OrderParts,
  edit: (evidence: StatedEvidence) => OrderEvidence = (evidence) => evidence,
): Promise<{ text: string; evidence: OrderEvidence; log: SomeLog; keys: string }> {
  const pc = await ed25519FromSeed(PC_STATEMENT_SEED);
  const { passkey, seenSize = SUBMITTED_INDEX + 1 } = parts;
  const intentHash = hashText(`ibkr-order/v1${canonicalJson(parts.intent)}`);
  const approved =
    parts.mandate === null
      ? intentHash
      : hashText(`ibkr-mandate/v1${canonicalJson(parts.mandate)}`);
  const assertion = passkey.approve(approved);
  const coid = String(parts.intent.coid);
  const [approver, sent, result] = await Promise.all([
    signStatement(
      {
        v: 1,
        kind: "approver",
        credential_id: passkey.credentialId,
        cose_key: toBase64Url(passkey.publicKey),
        rp_id: "gateway.example",
        origins: ["https://gateway.example"],
        label_sha256: null,
        enrolled_at: AT,
        enrolled_via: "terminal-edge",
      },
      pc,
    ),
    signStatement(
      {
        v: 1,
        kind: "sent",
        coid,
        intent_hash: intentHash,
        body: parts.body,
        confirmed: [],
        sent_at: AT,
        seen: seenSize === null ? null : { size: seenSize, root: "0".repeat(64) },
        pc_seq: 11,
      },
      pc,
    ),
    signStatement(
      {
        v: 1,
        kind: "result",
        coid,
        order_id: "987654321",
        status: "Filled",
        executions: [{ exec_id: "0000e0d5.1", quantity: "1", price: "187.24", at: AT }],
        read_at: AT,
        pc_seq: 12,
      },
      pc,
    ),
  ]);
  const account = commit("account", canonicalJson(parts.brokerAccount), steadyRandom(5));
  const settled = {
    type: "order.settled",
    account: account.commitment,
    meta: {
      intent_hash: intentHash,
      coid,
      assertion_sha256: hashText(canonicalJson({ ...assertion })),
      statements_sha256: [sent, result].map(({ body }) => statementHash(body)).join(","),
      submitted_index: String(SUBMITTED_INDEX),
      outcome: "filled",
    },
  };
  const events = new Map<number, Record<string, Json>>([[SETTLED_SEQ, settled]]);
  const log = someLog(LOG_SIZE, { account: parts.account, events });
  const { field, salt, payload } = account.opening;
  const made: unknown = {
    kind: "ibkr-order-evidence/v1",
    entry: log.entries[SETTLED_SEQ - 1],
    intent: parts.intent,
    assertion,
    mandate: parts.mandate,
    approver,
    sent,
    result,
    openings: [{ field, salt: toHex(salt), payload }],
    policy: parts.policy,
    pc_key: toBase64Url(pc.publicKey),
  };
  const whole = OrderEvidence.parse(made);
  if (whole.sent === null || whole.result === null) throw new Error("the PC stated nothing");
  const evidence = edit({ ...whole, sent: whole.sent, result: whole.result });
  const proof = inclusionProof(SETTLED_SEQ - 1, LOG_SIZE, nodesOfLeaves(leavesOf(log)));
  const text = formatProofFile({
    extra: formatOrderEvidence(evidence),
    index: SETTLED_SEQ - 1,
    proof,
    checkpoint: parseCheckpointNote(await aCheckpoint(log)),
  });
  const keys = [
    `pc ${toBase64Url(pc.publicKey)}`,
    `approver ${passkey.credentialId} ${toHex(sha256(passkey.publicKey))}`,
  ];
  return { text, evidence, log, keys: `${keys.join("\n")}\n` };
}
