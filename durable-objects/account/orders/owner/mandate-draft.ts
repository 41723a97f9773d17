import {
  type Mandate,
  MandateV2,
  mandateHash,
} from "@ibkr-edge-gateway/protocol/approval/mandate.ts";
import { challengeOf } from "@ibkr-edge-gateway/protocol/approval/statement.ts";
import { NEVER_BY_DEFAULT } from "@ibkr-edge-gateway/protocol/orders/broker-question.ts";
import { dec } from "@ibkr-edge-gateway/protocol/orders/decimal.ts";
import { newNonce } from "@ibkr-edge-gateway/protocol/orders/intent.ts";
import { ulid } from "@ibkr-edge-gateway/protocol/ulid.ts";
import * as z from "zod";
import { listPasskeys } from "../../access/tables/passkeys.ts";
import type { MandateCeremony } from "../../rpc/mandate-views.ts";
import { iso, type OrderParts } from "../order-context.ts";
import { standingMandates } from "../tables/mandates.ts";
import { mandateChoices } from "./mandate-view.ts";

/** From what the owner filled in to bounds that a passkey can sign; nothing is kept on the way. */

/** No mandate lasts longer; the owner signs another. */
export const MANDATE_MOST_DAYS = 90;
/** In force at once; a bound on what an owner can keep in mind. */
export const MANDATES_MOST = 10;
/** From the review of the bounds to the signature. */
const SIGN_WITHIN_MS = 10 * 60_000;
const DAY_MS = 86_400_000;

/** What the page's form says; the rest of a mandate is the gateway's to fill in. */
const Draft = MandateV2.omit({
  v: true,
  mandate_id: true,
  gateway_account_id: true,
  not_before: true,
  not_after: true,
  nonce: true,
}).extend({ days: z.int().min(1).max(MANDATE_MOST_DAYS) });

export function beginMandate(parts: OrderParts, draft: unknown): MandateCeremony {
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
  const mandate: MandateV2 = {
    v: 2,
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
      credentials: listPasskeys(parts.storage.sql).map(({ credentialId, transports }) => ({
        id: credentialId,
        transports,
      })),
    },
  };
}

/** What makes bounds none, or another owner's; null when they are good. */
export function boundsFault(
  parts: OrderParts,
  mandate: Mandate,
): { field: string; detail: string } | null {
  const choices = mandateChoices(parts);
  const wrong = (field: string, detail: string) => ({ field, detail });
  if (mandate.gateway_account_id !== parts.accountId) {
    return wrong("gateway_account_id", "This is another owner's mandate.");
  }
  // Two accounts may have two base currencies, and their values would be added up as one.
  if (mandate.accounts.length !== 1) return wrong("accounts", "A mandate is for one account.");
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
  const day = new Date(parts.now()).toISOString().slice(0, 10).replaceAll("-", "");
  if (mandate.v === 2 && mandate.latest_expiry !== null && mandate.latest_expiry < day) {
    return wrong("latest_expiry", "This day is over.");
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
