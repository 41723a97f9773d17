import {
  type Mandate,
  type MandateUsage,
  mandateHash,
} from "@ibkr-edge-gateway/protocol/approval/mandate.ts";
import { Decimal, decimalText } from "@ibkr-edge-gateway/protocol/orders/decimal.ts";
import type { OrderRefusal } from "@ibkr-edge-gateway/protocol/orders/order-refusal.ts";
import { ticketText } from "@ibkr-edge-gateway/protocol/orders/signed-words.ts";
import { unnumberedExits } from "../../trust/probation.ts";
import { acceptApproval } from "../../trust/verify-approval.ts";
import { mandateAtFirstUse } from "../approval/receive-mandates.ts";
import type { OrderStore } from "../journal/order-store.ts";
import type { KeptPreview } from "../journal/previews.ts";
import { announceUnnumberedExit, announceWrongNumber } from "../notify/order-notices.ts";
import { driftOf, leastTierOf, mandatesAllowed } from "./local-checks.ts";
import type { Facts, SubmitContext, SubmitInput } from "./submit-context.ts";

export type Spent = { ok: true; intentHash: string } | { ok: false; refusals: OrderRefusal[] };

/**
 * Checks the approval here, by this PC's own trust, and spends its nonce: it is on the disk when this
 * returns, and the approval is of no use a second time.
 */
export async function spendApproval(
  parts: SubmitContext,
  input: SubmitInput,
  preview: KeptPreview,
  facts: Facts,
): Promise<Spent> {
  const { store, rules, clock } = parts;
  const { order } = preview.ticket;
  if (input.approval.kind === "mandate") {
    const refusals = await mandateAtFirstUse(parts, input.approval);
    if (refusals.length > 0) return { ok: false, refusals };
  }
  const accepted = await acceptApproval(store.db, input.approval, {
    gatewayAccountId: parts.gatewayAccountId,
    sidecarId: parts.sidecarId,
    generation: parts.session().generation ?? -1,
    preview,
    market: facts.market,
    waits: facts.hours.tradable_now === false,
    effect: facts.effect,
    notional: facts.notional,
    leastTier: leastTierOf(rules, order, facts),
    maxDriftBps: driftOf(rules),
    mandatesAllowed: mandatesAllowed(rules, order),
    mandateUsage: (mandate) => usageUnder(store, mandate, clock.now()),
    relyingParty: parts.relyingParty,
    simulator: parts.simulator,
    nowMs: clock.now(),
  });
  if (accepted.ok) {
    if (accepted.unnumbered) {
      const { used } = unnumberedExits(store.db, clock.now());
      announceUnnumberedExit(parts.reach, preview.ticket, used);
    }
    return { ok: true, intentHash: accepted.intentHash };
  }
  const came = input.approval.kind === "passkey" && input.approval.echo !== null;
  if (came && accepted.refusals.some(({ code }) => code === "APPROVAL_ECHO_MISMATCH")) {
    announceWrongNumber(parts.reach, ticketText(preview.ticket));
  }
  return { ok: false, refusals: accepted.refusals };
}

const DAY_MS = 24 * 60 * 60_000;

/** Orders and value sent under one mandate in the last day; the value is null when one of them has none. */
export function usageUnder(
  store: Pick<OrderStore, "sentUnder">,
  mandate: Mandate,
  nowMs: number,
): MandateUsage {
  const hash = mandateHash(mandate);
  const used = store.sentUnder(hash, nowMs - DAY_MS);
  const values = used.map((record) => record.notional ?? record.ticket.notional);
  const notional = values.reduce<Decimal | null>(
    (sum, value) => (sum === null || value === null ? null : sum.plus(value)),
    new Decimal(0),
  );
  return {
    orders_today: used.length,
    notional_today: notional === null ? null : decimalText(notional),
  };
}
