import type { ApprovalProof } from "@ibkr-edge-gateway/protocol/approval/approval-proof.ts";
import {
  type Mandate,
  type MandateUsage,
  mandateHash,
} from "@ibkr-edge-gateway/protocol/approval/mandate.ts";
import { Decimal, decimalText } from "@ibkr-edge-gateway/protocol/orders/decimal.ts";
import { ticketText } from "@ibkr-edge-gateway/protocol/orders/signed-words.ts";
import { findApprover } from "../../trust/tables/approvers.ts";
import type { Accepted } from "../../trust/verify/accept-approval.ts";
import type { PcFacts } from "../../trust/verify/pc-facts.ts";
import { unnumberedExits } from "../../trust/verify/probation.ts";
import type { OrderStore } from "../journal/order-store.ts";
import type { KeptPreview } from "../journal/previews.ts";
import {
  announceCounter,
  announceUnnumberedExit,
  announceWrongNumber,
} from "../notify/order-notices.ts";
import { driftOf, leastTierOf, mandatesAllowed } from "./local-checks.ts";
import type { Facts, SubmitContext } from "./submit-context.ts";

/** What this PC itself knows at this moment, that the approval of an order is held against. */
export function pcFactsOf(
  parts: Omit<SubmitContext, "send" | "conversation">,
  preview: KeptPreview,
  facts: Facts,
): PcFacts {
  const { store, rules, clock } = parts;
  const { order } = preview.ticket;
  return {
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
  };
}

/** Tells whoever sits at this PC what an approval was that counts, or that one had a wrong number. */
export function announceJudged(
  { store, clock, reach }: Pick<SubmitContext, "store" | "clock" | "reach">,
  { ticket }: KeptPreview,
  proof: ApprovalProof,
  judged: Accepted,
): void {
  if (judged.ok) {
    const { by, counter } = judged;
    if (counter !== "new") {
      announceCounter(reach, findApprover(store.db, by.credentialId, true)?.label ?? "");
    }
    if (!judged.unnumbered) return;
    const { used } = unnumberedExits(store.db, clock.now());
    announceUnnumberedExit(reach, ticket, used);
    return;
  }
  const came = proof.kind === "passkey" && proof.echo !== null;
  if (came && judged.refusals.some(({ code }) => code === "APPROVAL_ECHO_MISMATCH")) {
    announceWrongNumber(reach, ticketText(ticket));
  }
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
