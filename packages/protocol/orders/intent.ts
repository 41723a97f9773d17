import * as z from "zod";
import { canonicalJson, digestOf, sha256Hex } from "../digest.ts";
import { type CanonicalOrder, canonicalOrder } from "./canonical-order.ts";
import { BrokerMessage, Ticket } from "./ticket.ts";

/**
 * The intent: one ticket, bound to where, when and under which policy it may be sent. Its hash is
 * what the owner's passkey signs and the key of the audit.
 *
 * The broker's cOID is part of the intent and so cannot be made from its hash. Both have one root:
 * the cOID is derived from the intent without the cOID, and the hash then covers it. Anyone who
 * holds the intent can recompute both.
 */
export const Hash = z.string().regex(/^[0-9a-f]{64}$/);
export const ClientOrderId = z.string().regex(/^[A-Za-z0-9-]{1,40}$/);
export const Nonce = z.string().regex(/^[0-9a-f]{32}$/);

export const AcceptedWarning = BrokerMessage.pick({ message_id: true, fingerprint: true });
export type AcceptedWarning = z.infer<typeof AcceptedWarning>;

export const Intent = z.strictObject({
  v: z.literal(1),
  ticket: Ticket,
  /** The gateway account (opaque), and the sidecar that will act. */
  gateway_account_id: z.string().min(1).max(128),
  sidecar_id: z.string().min(1).max(128),
  /** Broker session generation the ticket was read in. */
  generation: z.int().nonnegative(),
  preview_id: z.string().min(1).max(64),
  policy_version: z.int().positive(),
  policy_hash: Hash,
  accepted_warnings: z.array(AcceptedWarning).max(20),
  coid: ClientOrderId,
  nonce: Nonce,
  not_after: z.iso.datetime({ precision: 3 }),
});
export type Intent = z.infer<typeof Intent>;
export type IntentDraft = Omit<Intent, "coid">;

/** Completes a draft with the cOID that belongs to it. */
export function intentOf(draft: IntentDraft): Intent {
  const settled = settle(draft);
  return { ...settled, coid: clientOrderId(settled) };
}

/** `SHA-256("ibkr-order/v1" ‖ JCS(intent))`, lower-case hex. */
export function intentHash(intent: Intent): string {
  const settled: Intent = { ...settle(intent), coid: intent.coid };
  return sha256Hex(`ibkr-order/v1${canonicalJson(settled)}`);
}

/** True when the cOID is the one that follows from the rest of the intent. */
export function coidBelongs(intent: Intent): boolean {
  const { coid, ...draft } = intent;
  return clientOrderId(settle(draft)) === coid;
}

/** 37 characters of `[a-z0-9-]`; 128 bits of the root. */
export function clientOrderId(draft: IntentDraft): string {
  return `ieg1-${sha256Hex(`ibkr-coid/v1${canonicalJson(settle(draft))}`).slice(0, 32)}`;
}

/** A group's members need one cOID each, a bracket's children have none. */
export function memberOrderId(coid: string, index: number): string {
  if (!Number.isInteger(index) || index < 0 || index > 25) {
    throw new RangeError("a group has at most 26 members");
  }
  return `${coid}-${String.fromCharCode(97 + index)}`;
}

/** 128 random bits; `random` is injected. */
export function newNonce(random: (bytes: number) => Uint8Array): string {
  return [...random(16)].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}

/**
 * Two orders that would do the same thing share this, whatever key, preview or price snapshot they
 * came with: the measure of "asked again" for duplicates and for a denial that holds.
 */
export function economicHash(order: CanonicalOrder): string {
  const { account_id, action, structure, legs, target } = canonicalOrder(order);
  return digestOf("ibkr-economic/v1", {
    account_id,
    action,
    structure,
    target: target?.order_id ?? null,
    legs: legs.map((leg) => ({
      conid: leg.contract.conid,
      exchange: leg.contract.exchange,
      side: leg.side,
      order_type: leg.order_type,
      quantity: leg.quantity,
      cash_quantity: leg.cash_quantity,
      limit_price: leg.limit_price,
      stop_price: leg.stop_price,
      trailing: leg.trailing,
    })),
  });
}

function settle<T extends IntentDraft>(draft: T): IntentDraft {
  return {
    v: draft.v,
    ticket: { ...draft.ticket, order: canonicalOrder(draft.ticket.order) },
    gateway_account_id: draft.gateway_account_id,
    sidecar_id: draft.sidecar_id,
    generation: draft.generation,
    preview_id: draft.preview_id,
    policy_version: draft.policy_version,
    policy_hash: draft.policy_hash,
    accepted_warnings: sorted(draft.accepted_warnings),
    nonce: draft.nonce,
    not_after: draft.not_after,
  };
}

/** A set has no order; its hash must not depend on one. */
function sorted(warnings: readonly AcceptedWarning[]): AcceptedWarning[] {
  const key = (warning: AcceptedWarning) => `${warning.fingerprint}${warning.message_id ?? ""}`;
  return [...warnings]
    .map(({ message_id, fingerprint }) => ({ message_id, fingerprint }))
    .sort((a, b) => (key(a) < key(b) ? -1 : key(a) > key(b) ? 1 : 0));
}
