import { sumOf } from "../../../src/policy/percent.ts";
import type { Assertion } from "../../../src/protocol/approval/assertion.ts";
import { type Mandate, mandateFaults } from "../../../src/protocol/approval/mandate.ts";
import type { ApprovalProof } from "../../../src/protocol/approval/proof.ts";
import { Decimal, decimalText } from "../../../src/protocol/orders/decimal.ts";
import { type Intent, intentOf } from "../../../src/protocol/orders/intent.ts";
import type { Effect } from "../../../src/protocol/orders/ticket.ts";
import type { Approval } from "./approvals.ts";
import type { World } from "./edge-facts.ts";
import { countedIntents } from "./intents.ts";
import type { Preview } from "./previews.ts";
import type { OrderJob } from "./submit.ts";
import { tradingDay } from "./trading-day.ts";

// What goes to the sidecar for an order that was let out: the job, and what proves the owner's yes.

/** A mandate the owner signed, with the signature. */
export interface SignedMandate {
  mandate: Mandate;
  assertion: Assertion;
}

/** The mandate, when it covers the order in every bound; null otherwise. */
export function mandateOf(
  sql: SqlStorage,
  mandate: SignedMandate | null,
  preview: Preview,
  effect: Effect | null,
  world: World,
): SignedMandate | null {
  if (mandate === null) return null;
  const day = tradingDay(world.nowMs);
  // Everything the account did today counts against a mandate, whoever approved it: never fewer.
  const today = countedIntents(sql, preview.brokerAccount, world.nowMs - 26 * 3_600_000).filter(
    (row) => row.day === day && row.action === "place" && row.ledger !== "released",
  );
  const spent = today.reduce<Decimal | null>(
    (total, { notional }) => sumOf(total, notional),
    new Decimal(0),
  );
  if (spent === null) return null;
  const faults = mandateFaults(
    mandate.mandate,
    {
      ticket: preview.ticket,
      notional: preview.ticket.notional,
      gatewayAccountId: world.gatewayAccountId,
      clientId: world.client.clientId,
      effect,
      acceptedWarnings: [],
    },
    { orders_today: today.length, notional_today: decimalText(spent) },
    new Date(world.nowMs).toISOString(),
  );
  return faults.length === 0 ? mandate : null;
}

/** How long an intent without an approval of its own may travel. */
const LOOSE_INTENT_MS = 60_000;

/** The intent of what has no approval of its own: a cancel, an order under a mandate. */
export function looseIntent(
  nonce: string,
  preview: Preview,
  policy: { version: number; hash: string },
  world: World,
): Intent {
  return intentOf({
    v: 1,
    ticket: preview.ticket,
    gateway_account_id: world.gatewayAccountId,
    sidecar_id: preview.sidecarId,
    generation: preview.generation,
    preview_id: preview.previewId,
    policy_version: policy.version,
    policy_hash: policy.hash,
    accepted_warnings: [],
    nonce,
    not_after: new Date(world.nowMs + LOOSE_INTENT_MS).toISOString(),
  });
}

/** What the sidecar verifies; null when there is nothing for it to verify. */
export function proofOf(
  approval: Approval | null,
  mandated: SignedMandate | null,
  intent: Intent,
): ApprovalProof | null {
  const terms = {
    preview_id: intent.preview_id,
    policy_version: intent.policy_version,
    policy_hash: intent.policy_hash,
    accepted_warnings: intent.accepted_warnings,
    nonce: intent.nonce,
    not_after: intent.not_after,
  };
  if (approval?.assertion) {
    return {
      kind: "passkey",
      ...terms,
      tier: approval.tier === 2 ? 2 : 1,
      assertion: approval.assertion,
      echo: approval.echo,
    };
  }
  if (approval === null && mandated !== null) {
    return { kind: "mandate", ...terms, mandate: mandated.mandate, assertion: mandated.assertion };
  }
  return null;
}

export function jobOf(
  jobId: string,
  preview: Preview,
  intent: Intent,
  hash: string,
  proof: ApprovalProof | null,
): OrderJob {
  const { order } = preview.ticket;
  const shared = { account_id: order.account_id, mode: order.mode, coid: intent.coid };
  if (order.action === "cancel") {
    const input = { ...shared, order_id: order.target?.order_id ?? "", approval: proof };
    return { jobId, operation: "order.cancel", input };
  }
  const operation = order.action === "place" ? "order.place" : "order.modify";
  return { jobId, operation, input: { ...shared, intent_hash: hash, approval: proof } };
}
