import { sha256 } from "@noble/hashes/sha2.js";
import { fromBase64Url, fromHex, toHex, utf8, wholeNumber } from "../bytes.ts";
import { canonicalJson, isJsonMap, type Json, parseJson } from "../canonical-json.ts";
import type { CheckpointNote } from "../checkpoint/checkpoint.ts";
import { opens } from "../event/commitment.ts";
import type { ReadEntry } from "../event/entry.ts";
import { committed, eventHead } from "../event/event.ts";
import type { VerdictBuilder } from "../export/verdict.ts";
import { EvidenceFault } from "../fault.ts";
import { checkAssertion } from "./check-assertion.ts";
import {
  type IntentParts,
  intentParts,
  ORDER_AMENDED,
  ORDER_SETTLED,
  type OrderEvidence,
} from "./order-evidence.ts";
import { checkSentBody } from "./sent-body.ts";
import { checkStatement, type SignedStatement, statementHash } from "./statement.ts";
import type { TrustedKeys } from "./trusted-keys.ts";

interface Order {
  readonly evidence: OrderEvidence;
  readonly entry: ReadEntry;
  readonly intent: IntentParts;
  readonly intentHash: string;
  readonly head: CheckpointNote;
  /** Null: the reader has no list, so keys are as the evidence itself says. */
  readonly keys: TrustedKeys | null;
}

/** What a file without the PC's word leaves open. */
const UNSTATED = {
  sent: "the PC has stated nothing of what it sent to the broker",
  result: "the PC has stated nothing of what it read back, so there are no fills here",
} as const;

const hashText = (text: string): string => toHex(sha256(utf8(text)));

/**
 * Checks one order's evidence against the entry that the proof led to: what was approved, by whom,
 * what was sent and read back, and that each is what the entry names. One check a line goes to `out`.
 */
export async function verifyOrder(
  evidence: OrderEvidence,
  entry: ReadEntry,
  head: CheckpointNote,
  keys: TrustedKeys | null,
  out: VerdictBuilder,
): Promise<void> {
  const place = () => ({ seq: entry.seq });
  const whole = await out.take(
    "order",
    () => {
      const value = tie(evidence, entry, head, keys);
      return { value, says: `${value.intent.coid}, intent ${value.intentHash}` };
    },
    place,
  );
  if (whole === null) return;
  await out.run("approval", () => checkApproval(whole), place);
  if (statementsOf(evidence).length > 0) {
    await out.run("statements", () => checkStatements(whole), place);
  }
  for (const name of ["sent", "result"] as const) {
    if (evidence[name] === null) out.skipped(name, UNSTATED[name]);
  }
  await out.run("keys", () => checkKeys(whole), place);
  if (evidence.openings.length > 0) await out.run("openings", () => checkOpenings(whole), place);
  if (evidence.policy === null)
    out.skipped("policy", "its text is not shown; its hash was approved");
  else await out.run("policy", () => checkPolicy(whole), place);
  out.skipped("broker", "IBKR has signed nothing: compare execution ids with its own statement");
}

/** Intent, order reference and the entry belong together. */
function tie(
  evidence: OrderEvidence,
  entry: ReadEntry,
  head: CheckpointNote,
  keys: TrustedKeys | null,
): Order {
  const intent = intentParts(evidence.intent);
  const intentHash = hashText(`ibkr-order/v1${canonicalJson(evidence.intent)}`);
  const { type, meta } = eventHead(entry.value);
  if (type !== ORDER_SETTLED && type !== ORDER_AMENDED) throw leafDiffers("it ends no order");
  if (meta("intent_hash") !== intentHash) {
    throw new EvidenceFault("INTENT_DIFFERS", "The log holds another order than the one shown.");
  }
  if (intent.coid !== referenceOf(evidence.intent) || meta("coid") !== intent.coid) {
    throw new EvidenceFault(
      "ORDER_REFERENCE_DIFFERS",
      "The order reference does not follow from the order.",
    );
  }
  if (intent.gateway_account_id !== entry.account) throw leafDiffers("it is another account's");
  if (meta("assertion_sha256") !== hashText(canonicalJson(evidence.assertion))) {
    throw leafDiffers("it names another approval");
  }
  const shown = [evidence.sent, evidence.result].filter((one) => one !== null);
  const statements = shown.map(({ body }) => statementHash(body)).sort();
  const named = (meta("statements_sha256") ?? "").split(",").filter((hash) => hash !== "");
  if (statements.join() !== named.sort().join()) throw leafDiffers("it names other statements");
  return { evidence, entry, intent, intentHash, head, keys };
}

/** The reference that the broker was given, from everything else in the intent. */
function referenceOf(intent: Json): string {
  const draft = isJsonMap(intent)
    ? Object.fromEntries(Object.entries(intent).filter(([name]) => name !== "coid"))
    : {};
  return `ieg1-${hashText(`ibkr-coid/v1${canonicalJson(draft)}`).slice(0, 32)}`;
}

async function checkApproval({ evidence, intent, intentHash }: Order): Promise<string> {
  const approver = evidence.approver.body;
  const { mandate } = evidence;
  if (mandate === null) {
    await checkAssertion(intentHash, evidence.assertion, approver);
    return `approved by the passkey ${approver.credential_id}, with its user verified, over these very terms`;
  }
  await checkAssertion(
    hashText(`ibkr-mandate/v1${canonicalJson(mandate)}`),
    evidence.assertion,
    approver,
  );
  const bounds = isJsonMap(mandate) ? mandate : {};
  const { accounts, gateway_account_id, not_before, not_after } = bounds;
  const sentAt = evidence.sent === null ? null : Date.parse(evidence.sent.body.sent_at);
  const inForce =
    typeof not_before === "string" &&
    typeof not_after === "string" &&
    (sentAt === null || (Date.parse(not_before) <= sentAt && sentAt < Date.parse(not_after)));
  const own =
    gateway_account_id === intent.gateway_account_id &&
    Array.isArray(accounts) &&
    accounts.includes(intent.ticket.order.account_id);
  if (!inForce || !own) {
    throw new EvidenceFault(
      "APPROVER_DIFFERS",
      "The standing approval does not cover this order's time or account.",
    );
  }
  return `under a standing approval that the passkey ${approver.credential_id} signed; its amounts were not counted again`;
}

function statementsOf({ approver, sent, result }: OrderEvidence): SignedStatement[] {
  const { body, signature } = approver;
  return [signature === null ? null : { body, signature }, sent, result].filter(
    (one) => one !== null,
  );
}

/** What the PC has stated holds, and says of this order what was approved. */
async function checkStatements({
  evidence,
  entry,
  intent,
  intentHash,
  head,
}: Order): Promise<string> {
  const key = fromBase64Url(evidence.pc_key ?? "") ?? new Uint8Array();
  for (const statement of statementsOf(evidence)) await checkStatement(statement, key);
  const [sent, result] = [evidence.sent?.body, evidence.result?.body];
  const others = [sent, result].some((one) => one !== undefined && one.coid !== intent.coid);
  if (others || (sent !== undefined && sent.intent_hash !== intentHash)) {
    throw new EvidenceFault("STATEMENT_DIFFERS", "The PC speaks of another order.");
  }
  const says = evidence.approver.signature === null ? [] : ["vouches for the passkey"];
  if (sent !== undefined) {
    checkSentBody(sent.body, intent.ticket.order, intent.coid);
    const seen = seenInWords(sent.seen, eventHead(entry.value).meta("submitted_index"), head);
    says.push(`sent this order at ${sent.sent_at}${seen}`);
  }
  if (result !== undefined) {
    says.push(`read it as ${result.status} with ${result.executions.length} executions`);
  }
  return `the PC ${says.join(", ")}`;
}

/** What the PC had seen of the log as it sent. No order waits for a head that covers its own entry. */
function seenInWords(
  seen: NonNullable<OrderEvidence["sent"]>["body"]["seen"],
  submittedIndex: string | null,
  head: CheckpointNote,
): string {
  if (seen === null) return "";
  const otherRoot = seen.size === head.size && seen.root !== toHex(head.root);
  if (seen.size > head.size || otherRoot) {
    throw new EvidenceFault(
      "FORKED",
      "The PC had seen another log than the one this proof is from.",
    );
  }
  const upTo = `, having cosigned the log up to entry ${seen.size}`;
  const index = wholeNumber(submittedIndex ?? "");
  if (index === null) return upTo;
  return index < seen.size
    ? `${upTo}, this order's own among them`
    : `${upTo}, which was before this order's own`;
}

/** Whose keys these are is the reader's to know. */
function checkKeys({ evidence, keys }: Order): string {
  const { credential_id, cose_key } = evidence.approver.body;
  const pc = toHex(fromBase64Url(evidence.pc_key ?? "") ?? new Uint8Array());
  const stated = statementsOf(evidence).length > 0;
  if (stated && (keys === null || !keys.pcs.has(pc))) {
    throw new EvidenceFault(
      "STATEMENT_KEY_UNKNOWN",
      "Nobody whom you trust says that this PC's key is the owner's.",
    );
  }
  const known = keys?.approvers.get(credential_id);
  if (evidence.approver.signature === null && known === undefined) {
    throw new EvidenceFault(
      "STATEMENT_KEY_UNKNOWN",
      "Nobody whom you trust says that this passkey is the owner's: no PC vouches for it here, and your list does not name it.",
    );
  }
  const found = toHex(sha256(fromBase64Url(cose_key) ?? new Uint8Array()));
  if (known !== undefined && known !== found) {
    throw new EvidenceFault("APPROVER_DIFFERS", "The passkey's key is not the one on your list.");
  }
  return known === undefined
    ? "the PC is on your list, and it vouches for the passkey"
    : stated
      ? "the PC and the passkey are on your list"
      : "the passkey is on your list";
}

function checkOpenings({ evidence, entry, intent }: Order): string {
  for (const { field, salt, payload } of evidence.openings) {
    const commitment = committed(entry.value, field);
    const bytes = fromHex(salt);
    if (
      commitment === null ||
      bytes === null ||
      !opens(commitment, { field, salt: bytes, payload })
    ) {
      throw new EvidenceFault(
        "OPENING_DIFFERS",
        `What is shown as ${field} is not what the entry was made over.`,
      );
    }
    if (field === "account" && parseJson(payload) !== intent.ticket.order.account_id) {
      throw leafDiffers("it is about another broker account");
    }
  }
  return evidence.openings.map(({ field }) => field).join(", ");
}

function checkPolicy({ evidence, intent }: Order): string {
  const found = hashText(`ibkr-policy/v1\n${canonicalJson(evidence.policy)}`);
  if (found !== intent.policy_hash) {
    throw new EvidenceFault(
      "INTENT_DIFFERS",
      "The order was approved under another policy than the one shown.",
    );
  }
  return `the order was approved under this policy (${found})`;
}

function leafDiffers(why: string): EvidenceFault {
  return new EvidenceFault("ORDER_LEAF_DIFFERS", `The log's entry is not this order's: ${why}.`);
}
