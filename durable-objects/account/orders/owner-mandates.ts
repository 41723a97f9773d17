import * as z from "zod";
import { Mandate, mandateHash } from "../../../src/protocol/approval/mandate.ts";
import { challengeOf } from "../../../src/protocol/approval/statement.ts";
import { mandateConfirm } from "../../../src/protocol/operations/mandates.ts";
import { dec } from "../../../src/protocol/orders/decimal.ts";
import { newNonce } from "../../../src/protocol/orders/intent.ts";
import { NEVER_BY_DEFAULT, neverByDefault } from "../../../src/protocol/orders/question.ts";
import { type BrokerMessage, Ticket } from "../../../src/protocol/orders/ticket.ts";
import type { PasskeyAssertion } from "../../../src/protocol/passkey.ts";
import { ulid } from "../../../src/protocol/ulid.ts";
import { listClients } from "../clients.ts";
import type { OwnerAccess } from "../owner-access.ts";
import { checkOwnerSession } from "../owner-sessions.ts";
import { countPasskeys, listPasskeys, proves } from "../passkeys.ts";
import type { MandateCeremony, MandateChoices, MandateDone, MandateView } from "../rpc-mandates.ts";
import { revokeUnderMandate } from "./approvals.ts";
import { askSidecar } from "./ask-sidecar.ts";
import {
  endMandate,
  findMandate,
  listMandates,
  mandateUsage,
  noteAtPc,
  type SignedMandate,
  standingMandates,
  storeMandate,
} from "./mandates.ts";
import { iso, type OrderParts } from "./parts.ts";
import { policyInForce } from "./policies.ts";
import { endedAtPc, tellEnd, tellOf } from "./service-mandates.ts";

/** The owner's side of mandates: making one by passkey, bringing back its number, ending it. */

/** No mandate lasts longer; the owner signs another. */
export const MANDATE_MOST_DAYS = 90;
/** In force at once; a bound on what an owner can keep in mind. */
export const MANDATES_MOST = 10;
/** From the review of the bounds to the signature. */
const SIGN_WITHIN_MS = 10 * 60_000;
const LISTED = 50;
const DAY_MS = 86_400_000;

/** What the page's form says; the rest of a mandate is the gateway's to fill in. */
const Draft = Mandate.omit({
  v: true,
  mandate_id: true,
  gateway_account_id: true,
  not_before: true,
  not_after: true,
  nonce: true,
}).extend({ days: z.int().min(1).max(MANDATE_MOST_DAYS) });

export function mandateViews(parts: OrderParts): MandateView[] {
  return listMandates(parts.storage.sql, LISTED).map((signed) => viewOf(parts, signed));
}

function viewOf(parts: OrderParts, signed: SignedMandate): MandateView {
  const { sql } = parts.storage;
  const { mandate, pc } = signed;
  return {
    mandateId: mandate.mandate_id,
    mandate,
    signedAt: iso(signed.signedAt),
    state: stateOf(parts, signed),
    revokedAt: signed.revokedAt === null ? null : iso(signed.revokedAt),
    revokedBy: signed.revokedBy,
    pcWords: pc.words,
    pcUntold: signed.revokedAt !== null && pc.sidecarId !== null && pc.state !== "revoked",
    usage: mandateUsage(sql, mandate.mandate_id, parts.now(), "orders_only"),
  };
}

function stateOf(
  parts: OrderParts,
  { mandate, revokedAt, pc }: SignedMandate,
): MandateView["state"] {
  if (revokedAt !== null) return "revoked";
  if (parts.now() >= Date.parse(mandate.not_after)) return "over";
  const { sidecarId } = parts.relay.presence();
  // Another PC has to verify it anew, and shows a number of its own.
  if (pc.state === "untold" || (sidecarId !== null && pc.sidecarId !== sidecarId)) {
    return "waits_for_pc";
  }
  if (pc.state === "waiting") return "waits_for_number";
  return pc.state === "confirmed" ? "in_force" : "refused_by_pc";
}

export function mandateChoices(parts: OrderParts): MandateChoices {
  const { sql } = parts.storage;
  const previews = sql
    .exec<{ ticket: string }>(
      "SELECT ticket FROM order_previews ORDER BY created_at DESC LIMIT ?",
      LISTED,
    )
    .toArray()
    .flatMap(({ ticket }) => {
      const parsed = Ticket.safeParse(JSON.parse(ticket));
      return parsed.success ? [parsed.data] : [];
    });
  const contracts = new Map(
    previews.flatMap(({ order }) =>
      order.legs.map(({ contract: { conid, symbol, asset_class } }) => [
        conid,
        { conid, symbol, assetClass: asset_class },
      ]),
    ),
  );
  const warnings = new Map(
    previews
      .flatMap(({ warnings: given }) => given)
      .filter((warning) => warning.message_id !== null && neverByDefault(warning) === null)
      .map((warning): [string, BrokerMessage] => [warning.fingerprint, warning]),
  );
  return {
    accounts: accountsWithPolicy(parts),
    clients: listClients(sql)
      .filter(({ state, scopes }) => state === "active" && scopes.includes("ibkr:approvals:create"))
      .map(({ clientId, clientName }) => ({ clientId, name: clientName })),
    contracts: [...contracts.values()].slice(0, 20),
    warnings: [...warnings.values()].slice(0, 20),
    passkeys: countPasskeys(sql),
  };
}

function accountsWithPolicy(parts: OrderParts): MandateChoices["accounts"] {
  const { sql } = parts.storage;
  return sql
    .exec<{ broker_account: string }>(
      "SELECT DISTINCT broker_account FROM order_policies ORDER BY broker_account",
    )
    .toArray()
    .flatMap(({ broker_account: brokerAccount }) => {
      const policy = policyInForce(sql, brokerAccount, parts.now());
      if (policy === null) return [];
      const { mode, tiers } = policy.document;
      return [{ brokerAccount, mode, letIn: tiers.tier_zero === "mandate" }];
    });
}

export function beginMandate(parts: OrderParts, secret: string, draft: unknown): MandateCeremony {
  const { sql } = parts.storage;
  if (checkOwnerSession(sql, secret, parts.now()) === null) {
    return { ok: false, field: "", detail: "Nobody is signed in." };
  }
  const parsed = Draft.safeParse(draft);
  if (!parsed.success) {
    const field = parsed.error.issues[0]?.path[0];
    return {
      ok: false,
      field: String(field ?? ""),
      detail: "This is not filled in as it should be.",
    };
  }
  const nowMs = parts.now();
  const { days, ...bounds } = parsed.data;
  const mandate: Mandate = {
    v: 1,
    mandate_id: `md_${ulid(nowMs)}`,
    gateway_account_id: parts.accountId,
    ...bounds,
    not_before: iso(nowMs),
    not_after: iso(nowMs + days * DAY_MS),
    nonce: newNonce((bytes) => crypto.getRandomValues(new Uint8Array(bytes))),
  };
  const fault = boundsFault(parts, mandate);
  if (fault !== null) return { ok: false, ...fault };
  return {
    ok: true,
    mandate,
    ceremony: {
      challenge: challengeOf(mandateHash(mandate)),
      credentials: listPasskeys(sql).map(({ credentialId, transports }) => ({
        id: credentialId,
        transports,
      })),
    },
  };
}

/** What makes bounds none, or another owner's; null when they are good. */
function boundsFault(
  parts: OrderParts,
  mandate: Mandate,
): { field: string; detail: string } | null {
  const choices = mandateChoices(parts);
  const wrong = (field: string, detail: string) => ({ field, detail });
  if (mandate.gateway_account_id !== parts.accountId) {
    return wrong("gateway_account_id", "This is another owner's mandate.");
  }
  const strange = mandate.accounts.find(
    (account) =>
      !choices.accounts.some(
        ({ brokerAccount, mode }) => brokerAccount === account && mode === mandate.mode,
      ),
  );
  if (strange !== undefined) {
    return wrong("accounts", `There is no ${mandate.mode} account ${strange} with limits here.`);
  }
  if (mandate.clients.some((id) => !choices.clients.some(({ clientId }) => clientId === id))) {
    return wrong("clients", "An agent named here may not ask for approvals.");
  }
  const perOrder = dec(mandate.max_notional_per_order);
  if (perOrder.isZero() || dec(mandate.max_quantity_per_order).isZero()) {
    return wrong("max_notional_per_order", "The most of one order is more than zero.");
  }
  if (perOrder.greaterThan(dec(mandate.max_notional_per_day))) {
    return wrong("max_notional_per_day", "A day's value is at least that of one order.");
  }
  const never = mandate.accepted_warnings.some(
    ({ message_id }) => message_id === null || Object.hasOwn(NEVER_BY_DEFAULT, message_id),
  );
  if (never) {
    return wrong("accepted_warnings", "This warning changes the order and is yours to answer.");
  }
  const begins = Date.parse(mandate.not_before);
  const ends = Date.parse(mandate.not_after);
  const nowMs = parts.now();
  const inTime = begins <= nowMs && nowMs < begins + SIGN_WITHIN_MS;
  if (!inTime || ends <= nowMs || ends > begins + MANDATE_MOST_DAYS * DAY_MS) {
    return wrong("days", "It was signed too late, or would last too long. Begin anew.");
  }
  if (standingMandates(parts.storage.sql, nowMs).length >= MANDATES_MOST) {
    return wrong("", `At most ${MANDATES_MOST} mandates can be in force; revoke one first.`);
  }
  return null;
}

export async function signMandate(
  parts: OrderParts,
  access: OwnerAccess,
  secret: string,
  signed: { mandate: unknown; assertion: PasskeyAssertion },
  requestId: string,
): Promise<MandateDone> {
  const { storage } = parts;
  const { sql } = storage;
  const refused = (detail: string): MandateDone => ({ ok: false, detail });
  if (checkOwnerSession(sql, secret, parts.now()) === null) return refused("Nobody is signed in.");
  const parsed = Mandate.safeParse(signed.mandate);
  if (!parsed.success) return refused("The mandate could not be read.");
  const mandate = parsed.data;
  const before = boundsFault(parts, mandate);
  if (before !== null) return refused(before.detail);
  const hash = mandateHash(mandate);
  const { assertion } = signed;
  if (!(await proves(sql, assertion, challengeOf(hash), access.party, parts.now))) {
    return refused("The passkey did not sign this mandate.");
  }
  const kept = storage.transactionSync(() => {
    // While the passkey was judged another may have been signed, or an agent thrown out.
    if (checkOwnerSession(sql, secret, parts.now()) === null) return "Nobody is signed in.";
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
    log(parts, "mandate.signed", mandate.mandate_id, hash, requestId, {
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
  if (stored !== null && parts.relay.presence().online) await tellOf(parts, stored);
  return { ok: true, mandateId: mandate.mandate_id };
}

export async function showMandate(
  parts: OrderParts,
  secret: string,
  mandateId: string,
): Promise<MandateDone> {
  const found = standing(parts, secret, mandateId);
  if (!found.ok) return found;
  if (!(await tellOf(parts, found.signed))) return { ok: false, detail: NOT_THERE };
  return { ok: true, mandateId };
}

export async function confirmMandate(
  parts: OrderParts,
  secret: string,
  given: { mandateId: string; number: number },
  requestId: string,
): Promise<MandateDone> {
  const found = standing(parts, secret, given.mandateId);
  if (!found.ok) return found;
  const { signed } = found;
  const { sidecarId } = parts.relay.presence();
  const told = await askSidecar(
    parts,
    mandateConfirm,
    { mandate_hash: signed.hash, number: given.number },
    { scope: "ibkr:approvals:create", account: null },
  );
  if (!told.ok || sidecarId === null) return { ok: false, detail: NOT_THERE };
  const { storage } = parts;
  return storage.transactionSync((): MandateDone => {
    switch (told.value.state) {
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
  secret: string,
  mandateId: string,
  requestId: string,
): boolean {
  const { storage } = parts;
  const { sql } = storage;
  const ended = storage.transactionSync(() => {
    if (checkOwnerSession(sql, secret, parts.now()) === null) return null;
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
  // Told at once; the alarm says it again until the PC has heard.
  parts.wakeAt(parts.now() + 5_000);
  if (ended.pc.sidecarId !== null && parts.relay.presence().online) {
    void tellEnd(parts, ended).catch(() => undefined);
  }
  return true;
}

const NOT_THERE = "Your PC cannot be reached now. Try again when it is connected.";

type Standing = { ok: true; signed: SignedMandate } | { ok: false; detail: string };

function standing(parts: OrderParts, secret: string, mandateId: string): Standing {
  const { sql } = parts.storage;
  if (checkOwnerSession(sql, secret, parts.now()) === null) {
    return { ok: false, detail: "Nobody is signed in." };
  }
  const signed = standingMandates(sql, parts.now()).find(
    ({ mandate }) => mandate.mandate_id === mandateId,
  );
  return signed === undefined
    ? { ok: false, detail: "There is no such mandate in force." }
    : { ok: true, signed };
}

function log(
  parts: OrderParts,
  type: "mandate.signed" | "mandate.confirmed" | "mandate.revoked",
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
