import { hexToBytes } from "@noble/hashes/utils.js";
import { encode } from "jose/base64url";
import * as z from "zod";
import { canonicalJson, sha256Hex } from "../digest.ts";
import type { JsonObject } from "../json.ts";
import { Hash, type Intent, intentHash, Nonce } from "../orders/intent.ts";
import { type Mandate, mandateHash } from "./mandate.ts";

/**
 * What the owner's passkey signs. Every act has a domain of its own, so that a signature over one
 * can never pass for another. The WebAuthn challenge is the 32 bytes of the statement's hash.
 *
 * No statement makes an approver: the edge chooses what a tap signs, so a signature must never be
 * enough to let another key in. That is done at the PC's terminal alone.
 */
export type Statement =
  | { act: "order"; intent: Intent }
  | { act: "mandate"; mandate: Mandate }
  | { act: "question"; question: QuestionStatement }
  | { act: "lift_kill_switch"; lift: LiftStatement }
  | { act: "loosen_policy"; change: PolicyStatement };

const until = z.iso.datetime({ precision: 3 });

/** Yes or no to one broker question about one intent. */
export const QuestionStatement = z.strictObject({
  intent_hash: Hash,
  reply_id: z.string().max(128),
  /** Fingerprints of the question's messages, in order. */
  fingerprints: z.array(Hash).min(1).max(20),
  confirm: z.boolean(),
  nonce: Nonce,
  not_after: until,
});
export type QuestionStatement = z.infer<typeof QuestionStatement>;

/** Says exactly what resumes. */
export const LiftStatement = z.strictObject({
  gateway_account_id: z.string(),
  /** `gateway`, or a broker account, or an agent's client id. */
  scope: z.enum(["gateway", "broker_account", "agent"]),
  subject: z.string().nullable(),
  epoch: z.int().nonnegative(),
  nonce: Nonce,
  not_after: until,
});
export type LiftStatement = z.infer<typeof LiftStatement>;

export const PolicyStatement = z.strictObject({
  gateway_account_id: z.string(),
  broker_account_id: z.string(),
  from_hash: Hash.nullable(),
  to_hash: Hash,
  to_version: z.int().positive(),
  nonce: Nonce,
  not_after: until,
});
export type PolicyStatement = z.infer<typeof PolicyStatement>;

/** Lower-case hex SHA-256 of the statement under its act's domain. */
export function statementHash(statement: Statement): string {
  switch (statement.act) {
    case "order":
      return intentHash(statement.intent);
    case "mandate":
      return mandateHash(statement.mandate);
    case "question":
      return hashOf("ibkr-question-answer/v1", statement.question);
    case "lift_kill_switch":
      return hashOf("ibkr-kill-lift/v1", statement.lift);
    case "loosen_policy":
      return hashOf("ibkr-policy-change/v1", statement.change);
  }
}

/** The WebAuthn challenge of a statement's hash: its 32 bytes as base64url. */
export function challengeOf(hash: string): string {
  return encode(hexToBytes(hash));
}

const hashOf = (domain: string, value: JsonObject): string =>
  sha256Hex(`${domain}${canonicalJson(value)}`);
