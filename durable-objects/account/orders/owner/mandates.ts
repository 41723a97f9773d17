import { Mandate, mandateHash } from "@ibkr-edge-gateway/protocol/approval/mandate.ts";
import { challengeOf } from "@ibkr-edge-gateway/protocol/approval/statement.ts";
import { mandateConfirm } from "@ibkr-edge-gateway/protocol/operation-schemas/mandates.ts";
import type { PasskeyAssertion } from "@ibkr-edge-gateway/protocol/passkey.ts";
import { provesOwner, type SignedIn } from "../../access/owner-access.ts";
import { findClient } from "../../clients/tables/clients.ts";
import { logAbandoned } from "../../platform/log-abandoned.ts";
import type { MandateDone } from "../../rpc/mandate-views.ts";
import type { OrderParts } from "../order-context.ts";
import { askSidecar } from "../sidecar-calls/ask-sidecar.ts";
import { endedAtPc, sendMandate, sendMandateEnd } from "../sidecar-calls/mandate-sync.ts";
import { revokeUnderMandate } from "../tables/approvals.ts";
import { unsentRevocations } from "../tables/joint/mandate-orders.ts";
import {
  endMandate,
  findMandate,
  type SignedMandate,
  standingMandates,
  storeMandate,
} from "../tables/mandates.ts";
import { noteAtPc } from "../transactions/mandate-at-pc.ts";
import { boundsFault } from "./mandate-draft.ts";

/** The owner's acts about mandates: signing one by passkey, bringing back its number, ending it. */

export async function signMandate(
  parts: OrderParts,
  owner: SignedIn,
  signed: { mandate: unknown; assertion: PasskeyAssertion },
): Promise<MandateDone> {
  const { storage } = parts;
  const { sql } = storage;
  const refused = (detail: string): MandateDone => ({ ok: false, detail });
  const parsed = Mandate.safeParse(signed.mandate);
  if (!parsed.success) return refused("The mandate could not be read.");
  const mandate = parsed.data;
  const before = boundsFault(parts, mandate);
  if (before !== null) return refused(before.detail);
  const hash = mandateHash(mandate);
  const { assertion } = signed;
  if (!(await provesOwner(owner, assertion, challengeOf(hash)))) {
    return refused("The passkey did not sign this mandate.");
  }
  const kept = storage.transactionSync(() => {
    // While the passkey was judged the session may have ended, another mandate been signed, or an
    // agent thrown out.
    owner.session();
    const after = boundsFault(parts, mandate);
    if (after !== null) return after.detail;
    const { response } = assertion;
    const evidence = {
      id: assertion.id,
      client_data_json: response.clientDataJSON,
      authenticator_data: response.authenticatorData,
      signature: response.signature,
    };
    if (!storeMandate(sql, { mandate, assertion: evidence }, parts.now())) {
      return "This mandate was signed before.";
    }
    log(parts, "mandate.signed", mandate.mandate_id, hash, owner.requestId, {
      mode: mandate.mode,
      accounts: String(mandate.accounts.length),
      clients: String(mandate.clients.length),
      not_after: mandate.not_after,
      orders_per_day: String(mandate.max_orders_per_day),
    });
    return null;
  });
  if (kept !== null) return refused(kept);
  const stored = findMandate(sql, mandate.mandate_id);
  if (stored !== null && parts.relay.presence().online) await sendMandate(parts, stored);
  return { ok: true, mandateId: mandate.mandate_id };
}

export async function showMandate(parts: OrderParts, mandateId: string): Promise<MandateDone> {
  const found = standing(parts, mandateId);
  if (!found.ok) return found;
  if (!(await sendMandate(parts, found.signed))) return { ok: false, detail: NOT_THERE };
  return { ok: true, mandateId };
}

export async function confirmMandate(
  parts: OrderParts,
  { requestId }: SignedIn,
  given: { mandateId: string; number: number },
): Promise<MandateDone> {
  const found = standing(parts, given.mandateId);
  if (!found.ok) return found;
  const { signed } = found;
  const { sidecarId } = parts.relay.presence();
  log(parts, "act.begun", given.mandateId, signed.hash, requestId, { act: mandateConfirm.name });
  const answer = await askSidecar(
    parts,
    mandateConfirm,
    { mandate_hash: signed.hash, number: given.number },
    { scope: "ibkr:approvals:create", account: null },
  );
  if (!answer.ok || sidecarId === null) return { ok: false, detail: NOT_THERE };
  const { storage } = parts;
  return storage.transactionSync((): MandateDone => {
    switch (answer.value.state) {
      case "confirmed":
        noteAtPc(storage.sql, given.mandateId, { sidecarId, state: "confirmed", words: "" });
        log(parts, "mandate.confirmed", given.mandateId, signed.hash, requestId, {});
        return { ok: true, mandateId: given.mandateId };
      case "unknown":
        noteAtPc(storage.sql, given.mandateId, { sidecarId, state: "untold", words: "" });
        return { ok: false, detail: "The PC does not know this mandate; show it there once more." };
      case "revoked":
      case "refused":
      case "waiting":
        endedAtPc(parts, signed, requestId, sidecarId);
        return {
          ok: false,
          detail:
            "The number was wrong, or the mandate was ended at the PC. It is void; sign another.",
        };
    }
  });
}

export function revokeMandate(
  parts: OrderParts,
  { requestId }: SignedIn,
  mandateId: string,
): boolean {
  const { storage } = parts;
  const { sql } = storage;
  const ended = storage.transactionSync(() => {
    const signed = findMandate(sql, mandateId);
    if (signed === null || !endMandate(sql, mandateId, "owner", parts.now())) return null;
    const approvals = revokeUnderMandate(sql, mandateId, parts.now());
    log(parts, "mandate.revoked", mandateId, signed.hash, requestId, {
      by: "owner",
      approvals: String(approvals),
    });
    return signed;
  });
  if (ended === null) return false;
  // SidecarAnswer at once; the alarm says it again until the PC has heard.
  parts.wakeAt(parts.now() + 5_000);
  const { online, sidecarId } = parts.relay.presence();
  const mayKnow =
    sidecarId !== null &&
    unsentRevocations(sql, sidecarId).some(({ mandate }) => mandate.mandate_id === mandateId);
  if (online && mayKnow) {
    sendMandateEnd(parts, ended).catch(logAbandoned("mandate.tell_end"));
  }
  return true;
}

/**
 * Ends each mandate that names none but agents without access. One that is let in again later begins
 * with what its owner gives it then, and not with what it had.
 */
export function endMandatesOfNobody(parts: OrderParts, owner: SignedIn): void {
  const { sql } = parts.storage;
  const isIn = (clientId: string): boolean => findClient(sql, clientId)?.state === "active";
  for (const { mandate } of standingMandates(sql, parts.now())) {
    if (!mandate.clients.some(isIn)) revokeMandate(parts, owner, mandate.mandate_id);
  }
}

const NOT_THERE = "Your PC cannot be reached now. Try again when it is connected.";

type Standing = { ok: true; signed: SignedMandate } | { ok: false; detail: string };

function standing(parts: OrderParts, mandateId: string): Standing {
  const signed = standingMandates(parts.storage.sql, parts.now()).find(
    ({ mandate }) => mandate.mandate_id === mandateId,
  );
  return signed === undefined
    ? { ok: false, detail: "There is no such mandate in force." }
    : { ok: true, signed };
}

function log(
  parts: OrderParts,
  type: "act.begun" | "mandate.signed" | "mandate.confirmed" | "mandate.revoked",
  mandateId: string,
  hash: string,
  requestId: string,
  meta: Record<string, string>,
): void {
  parts.log({
    type,
    kind: "owner",
    clientId: null,
    sidecarId: parts.relay.presence().sidecarId,
    brokerAccount: null,
    decision: "allow",
    errorCode: null,
    requestId,
    meta: { mandate_id: mandateId, mandate_hash: hash, ...meta },
  });
}
