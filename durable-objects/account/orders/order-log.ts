import type { AuditEvent, AuditEventType } from "@ibkr-edge-gateway/protocol/audit/event.ts";
import { hmac } from "@noble/hashes/hmac.js";
import { sha256 } from "@noble/hashes/sha2.js";
import { bytesToHex, utf8ToBytes } from "@noble/hashes/utils.js";
import { auditEvent, type NewAuditEvent } from "../audit/events.ts";

/** Where a step of an order notes itself, in the transaction that takes it. */
export type OrderLog = (entry: OrderLogEntry) => void;

export interface OrderLogEntry {
  type: Extract<
    AuditEventType,
    | "act.begun"
    | "order.submitted"
    | "order.refused"
    | "order.rehearsed"
    | "order.state"
    | "order.alert"
    | "order.settled"
    | "order.amended"
    | "book.unmatched"
    | "book.not_reconcilable"
    | "broker.execution"
    | "approver.enrolled"
    | "approval.requested"
    | "approval.decided"
    | "mandate.signed"
    | "mandate.confirmed"
    | "mandate.revoked"
    | "kill.engaged"
    | "kill.lifted"
    | "policy.changed"
  >;
  kind: AuditEvent["who"]["kind"];
  clientId: string | null;
  sidecarId: string | null;
  brokerAccount: string | null;
  decision: AuditEvent["what"]["decision"];
  errorCode: string | null;
  requestId: string;
  /** Small facts: ids and hashes, no amounts, no account ids; outside text only under `text`. */
  meta: Record<string, string>;
}

/** The log of one account: events as the account's audit log takes them. */
export function orderLog(deps: {
  accountId: string;
  /** Keys the hash under which a broker account stands in the log. */
  accountKey: () => Uint8Array;
  /** Appends in this turn. */
  append: (event: NewAuditEvent) => void;
  now: () => number;
}): OrderLog {
  const keyed = (text: string): string =>
    bytesToHex(hmac(sha256, deps.accountKey(), utf8ToBytes(text)));
  return (entry) => {
    const at = deps.now();
    const { brokerAccount } = entry;
    deps.append(
      auditEvent({
        type: entry.type,
        startedAt: at,
        endedAt: at,
        who: {
          kind: entry.kind,
          subject: deps.accountId,
          client_id: entry.clientId,
          sidecar_id: entry.sidecarId,
        },
        what: {
          decision: entry.decision,
          result: entry.errorCode === null ? "ok" : "error",
          error_code: entry.errorCode,
        },
        account: brokerAccount === null ? null : { id: brokerAccount, hash: keyed(brokerAccount) },
        requestId: entry.requestId,
        meta: withoutGuesses(entry, keyed),
      }),
    );
  };
}

/**
 * A policy is data that everybody knows, but for the account in it: its plain hash would confirm a
 * guess of the account's number. In the log it stands as a keyed hash, equal for equal policies.
 * Intents and mandates hold a random nonce, so their hashes give nothing away.
 */
function withoutGuesses(
  { type, meta }: OrderLogEntry,
  keyed: (text: string) => string,
): Record<string, string> {
  const hashes = type === "policy.changed" ? ["hash", "from_hash"] : ["policy_hash"];
  return Object.fromEntries(
    Object.entries(meta).map(([name, value]) => [
      name,
      hashes.includes(name) && value !== "" ? keyed(value) : value,
    ]),
  );
}
