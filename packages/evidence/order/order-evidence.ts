import * as z from "zod";
import { textOf, utf8 } from "../bytes.ts";
import { canonicalJson, type Json, parseJson } from "../canonical-json.ts";
import { EvidenceFault } from "../fault.ts";

/**
 * All that shows how one order came about, as the extra data of a proof file: RFC 8785 text, so that
 * each part of it has one spelling and can be hashed by itself. The proof's entry is the log's
 * `order.settled` of this order; everything else is tied to that entry by hashes.
 */
export const ORDER_EVIDENCE = "ibkr-order-evidence/v1";
/** The event that ends an order; what came in later is `order.amended`, with the same members. */
export const ORDER_SETTLED = "order.settled";
export const ORDER_AMENDED = "order.amended";

const Base64Url = z.string().regex(/^[A-Za-z0-9_-]+$/);
const Hash = z.string().regex(/^[0-9a-f]{64}$/);
const Decimal = z.string().max(40);
const Text = z.string().max(65_536);
const JsonValue: z.ZodType<Json> = z.json();

const Leg = z.looseObject({
  role: z.string(),
  contract: z.looseObject({ conid: z.int() }),
  side: z.string(),
  order_type: z.string(),
  quantity: Decimal.nullable(),
  cash_quantity: Decimal.nullable(),
  limit_price: Decimal.nullable(),
  stop_price: Decimal.nullable(),
  trailing: z.object({ unit: z.string(), offset: Decimal }).nullable(),
  time_in_force: z.string(),
  outside_rth: z.boolean(),
});

/** The intent as far as it is checked here; what is hashed is the whole of it. */
const Intent = z.looseObject({
  ticket: z.looseObject({
    order: z.looseObject({
      action: z.string(),
      structure: z.string(),
      account_id: z.string(),
      legs: z.array(Leg).min(1).max(26),
    }),
  }),
  gateway_account_id: z.string(),
  policy_hash: Hash,
  coid: z.string(),
  not_after: z.string(),
});

const Assertion = z.strictObject({
  id: Base64Url,
  client_data_json: Base64Url,
  authenticator_data: Base64Url,
  signature: Base64Url,
});

const bodyOf = <Shape extends z.core.$ZodLooseShape>(kind: string, shape: Shape) =>
  z.strictObject({ v: z.literal(1), kind: z.literal(kind), ...shape });

const statement = <Shape extends z.core.$ZodLooseShape>(kind: string, shape: Shape) =>
  z.strictObject({ body: bodyOf(kind, shape), signature: Base64Url });

const approver = {
  credential_id: Base64Url,
  cose_key: Base64Url,
  rp_id: z.string(),
  origins: z.array(z.string()).min(1).max(20),
  /** Of its owner's name for it; the name itself is private. */
  label_sha256: Hash.nullable(),
  enrolled_at: z.string(),
  enrolled_via: z.string(),
};

/**
 * The passkey that signed. The PC vouches for one that was enrolled at it; without its signature this
 * is the gateway's word, and the reader's own list has to name the key.
 */
const ApproverStatement = z.strictObject({
  body: bodyOf("approver", approver),
  signature: Base64Url.nullable(),
});

/** What the PC sent to the broker's gateway, byte for byte. */
const SentStatement = statement("sent", {
  coid: z.string(),
  intent_hash: Hash,
  body: Text,
  /** The broker's questions that were confirmed, by message id or wording. */
  confirmed: z.array(z.strictObject({ message_id: z.string().nullable(), fingerprint: Hash })),
  sent_at: z.string(),
  /** The largest head that the PC had cosigned; null where it did not wait for one (an exit). */
  seen: z.strictObject({ size: z.int().nonnegative(), root: Hash }).nullable(),
  pc_seq: z.int().nonnegative(),
});

/** What the PC read back. The broker has not signed it: compare execution ids with its own papers. */
const ResultStatement = statement("result", {
  coid: z.string(),
  /** The broker's; null when none is known. */
  order_id: z.string().nullable(),
  /** `unknown` is a result as well. */
  status: z.string(),
  executions: z
    .array(
      z.strictObject({ exec_id: z.string(), quantity: Decimal, price: Decimal, at: z.string() }),
    )
    .max(10_000),
  read_at: z.string(),
  pc_seq: z.int().nonnegative(),
});

export const OrderEvidence = z.strictObject({
  kind: z.literal(ORDER_EVIDENCE),
  /** The exact text of the settled entry. */
  entry: Text,
  intent: JsonValue,
  /** Over the intent, or over the mandate when there is one. */
  assertion: Assertion,
  /** The standing approval that covered the order; null when the owner approved the order itself. */
  mandate: JsonValue,
  approver: ApproverStatement,
  /** Null where the PC has stated nothing of it. */
  sent: SentStatement.nullable(),
  result: ResultStatement.nullable(),
  /** What opens the entry's commitments, as far as its owner shows it. */
  openings: z.array(z.strictObject({ field: z.string(), salt: z.string(), payload: Text })).max(16),
  /** The policy document in force; null when its owner does not show it. */
  policy: JsonValue,
  /** The PC's statement key, base64url; null without any statement. A hint: the reader's list decides. */
  pc_key: Base64Url.nullable(),
});
export type OrderEvidence = z.infer<typeof OrderEvidence>;
export type IntentParts = z.infer<typeof Intent>;

/** The bytes for a proof file's extra data. */
export function formatOrderEvidence(evidence: OrderEvidence): Uint8Array {
  return utf8(canonicalJson(evidence));
}

/** Null when a proof file's extra data is something else. Throws `ORDER_EVIDENCE_MALFORMED`. */
export function parseOrderEvidence(extra: Uint8Array): OrderEvidence | null {
  const text = textOf(extra);
  const value = text === null ? undefined : parseJson(text);
  const kind = z.looseObject({ kind: z.literal(ORDER_EVIDENCE) }).safeParse(value);
  if (text === null || !kind.success) return null;
  try {
    const parsed = OrderEvidence.safeParse(value);
    if (!parsed.success) throw malformed(issueOf(parsed.error));
    if (canonicalJson(parsed.data) === text) return parsed.data;
  } catch (thrown) {
    // Values that are nested deeper than any order's exhaust the stack.
    if (!(thrown instanceof RangeError)) throw thrown;
    throw malformed("It is nested too deep.");
  }
  throw malformed("It is not written as RFC 8785 says.");
}

/** The intent's parts that are checked. Throws `ORDER_EVIDENCE_MALFORMED`. */
export function intentParts(intent: Json): IntentParts {
  const parsed = Intent.safeParse(intent);
  if (!parsed.success) throw malformed(`intent.${issueOf(parsed.error)}`);
  return parsed.data;
}

function issueOf({ issues: [issue] }: z.ZodError): string {
  return `${issue?.path.join(".") ?? ""}: ${issue?.message ?? ""}.`;
}

function malformed(why: string): EvidenceFault {
  return new EvidenceFault(
    "ORDER_EVIDENCE_MALFORMED",
    `An order's evidence cannot be read. ${why}`,
  );
}
