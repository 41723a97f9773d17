import {
  acceptedUnder,
  mandateHash,
  type UnderMandate,
} from "@ibkr-edge-gateway/protocol/approval/mandate.ts";
import { mandateFaults } from "@ibkr-edge-gateway/protocol/approval/mandate-faults.ts";
import { neverByDefault } from "@ibkr-edge-gateway/protocol/orders/broker-question.ts";
import { Decimal, decimalText, parseFigure } from "@ibkr-edge-gateway/protocol/orders/decimal.ts";
import type { AcceptedWarning } from "@ibkr-edge-gateway/protocol/orders/intent.ts";
import { type OrderRefusal, refusal } from "@ibkr-edge-gateway/protocol/orders/order-refusal.ts";
import type { Effect } from "@ibkr-edge-gateway/protocol/orders/ticket.ts";
import { isOwnersPasskey } from "../../facts/account-facts.ts";
import type { Conditions } from "../../facts/edge-facts.ts";
import type { Approval } from "../../tables/approvals.ts";
import { findMandate, type SignedMandate, standingMandates } from "../../tables/mandates.ts";
import type { Preview } from "../../tables/previews.ts";
import { mandateUsage } from "./mandate-usage.ts";

/**
 * Whether an order lies inside a mandate, as this end judges it: when an approval is asked for, and
 * again in the very transaction that lets the order out. The PC judges it a third time by itself.
 */
export interface Covered {
  signed: SignedMandate;
  /** Of the ticket's warnings, what the mandate accepts in the owner's name. */
  acceptedWarnings: AcceptedWarning[];
}

/** The first mandate in force that covers the whole of it, with what is open counted; or none. */
export function coveringMandate(
  sql: SqlStorage,
  preview: Preview,
  effect: Effect | null,
  conditions: Conditions,
): Covered | null {
  for (const signed of standingMandates(sql, conditions.nowMs)) {
    const acceptedWarnings = acceptedOf(signed, preview);
    const faults = faultsUnder(sql, signed, preview, conditions, {
      effect,
      notional: preview.ticket.notional,
      market: preview.ticket.market,
      waits: preview.ticket.waits != null,
      acceptedWarnings,
      open: "count_open_approvals",
    });
    if (faults.length === 0) return { signed, acceptedWarnings };
  }
  return null;
}

/** The mandate an approval was given under, judged anew over fresh numbers; every reason it is not. */
export function mandateOfApproval(
  sql: SqlStorage,
  approval: Approval & { mandateId: string },
  preview: Preview,
  conditions: Conditions,
  now: Pick<Judged, "effect" | "market" | "waits"> & { notional: Decimal | null },
):
  | { signed: SignedMandate; refusals: OrderRefusal[] }
  | { signed: null; refusals: OrderRefusal[] } {
  const signed = findMandate(sql, approval.mandateId);
  if (signed === null || mandateHash(signed.mandate) !== signed.hash) {
    return { signed: null, refusals: [outside("known", "There is no such mandate.")] };
  }
  const refusals = faultsUnder(sql, signed, preview, conditions, {
    effect: now.effect,
    market: now.market,
    waits: now.waits,
    notional: larger(now.notional, preview.ticket.notional),
    acceptedWarnings: approval.intent.accepted_warnings,
    open: "orders_only",
  });
  return { signed, refusals };
}

/** What is read of the order at the moment of judging. */
type Judged = Pick<UnderMandate, "effect" | "notional" | "market" | "waits" | "acceptedWarnings">;

function faultsUnder(
  sql: SqlStorage,
  signed: SignedMandate,
  preview: Preview,
  conditions: Conditions,
  { open, ...order }: Judged & { open: Parameters<typeof mandateUsage>[3] },
): OrderRefusal[] {
  const { mandate, pc } = signed;
  const faults: OrderRefusal[] = [];
  if (signed.revokedAt !== null) faults.push(outside("not_revoked", "The mandate was revoked."));
  if (!isOwnersPasskey(sql, signed.assertion.id)) {
    faults.push(outside("signer_enrolled", "The passkey that signed the mandate was removed."));
  }
  if (pc.state !== "confirmed" || pc.sidecarId !== preview.sidecarId) {
    faults.push(
      outside("confirmed_at_pc", "The mandate waits for the number that the PC shows for it."),
    );
  }
  return [
    ...faults,
    ...mandateFaults(
      mandate,
      {
        ...order,
        ticket: preview.ticket,
        gatewayAccountId: conditions.gatewayAccountId,
        clientId: conditions.client.clientId,
      },
      mandateUsage(sql, mandate.mandate_id, conditions.nowMs, open),
      new Date(conditions.nowMs).toISOString(),
    ),
  ];
}

function acceptedOf(signed: SignedMandate, preview: Preview): AcceptedWarning[] {
  const never = preview.ticket.warnings.filter((warning) => neverByDefault(warning) !== null);
  return acceptedUnder(signed.mandate, preview.ticket).filter(
    ({ fingerprint }) => !never.some((warning) => warning.fingerprint === fingerprint),
  );
}

/** Unknown is larger than any number. */
function larger(now: Decimal | null, then: string | null): string | null {
  const before = parseFigure(then);
  return now === null || before === null
    ? null
    : decimalText(Decimal.max(now, before).toDecimalPlaces(8, Decimal.ROUND_UP));
}

const outside = (rule: string, message: string): OrderRefusal =>
  refusal("MANDATE_NOT_COVERING", "mandate", rule, message);
