import { defaultPolicy } from "@ibkr-edge-gateway/policy/defaults.ts";
import type { PolicyVerdict } from "@ibkr-edge-gateway/policy/evaluate.ts";
import { keptFindings } from "@ibkr-edge-gateway/policy/since-preview.ts";
import type { GatewayFailure } from "@ibkr-edge-gateway/protocol/errors.ts";
import {
  orderPreview,
  type PreviewedTicket,
  type PreviewRequest,
} from "@ibkr-edge-gateway/protocol/operation-schemas/order-preview.ts";
import type { PreviewAnswerShown } from "@ibkr-edge-gateway/protocol/operation-schemas/trade-previews.ts";
import { ticketText } from "@ibkr-edge-gateway/protocol/orders/signed-words.ts";
import { provenSkewMs } from "../facts/conditions.ts";
import { type AgentAsker, iso, type OrderParts } from "../order-context.ts";
import { judgePreview, lasting, policyFailures } from "../rules/previews/judge-preview.ts";
import { askSidecar } from "../sidecar-calls/ask-sidecar.ts";
import type { InFlight } from "../sidecar-calls/in-flight.ts";
import { newerRefusal, withAllOfTicket } from "../sidecar-calls/newer-pc.ts";
import { previewService } from "../sidecar-calls/preview-service-class.ts";
import { newestVersion } from "../tables/policies.ts";
import { insertPreview, type Preview } from "../tables/previews.ts";
import { watchLoss } from "../transactions/circuit-breakers.ts";
import { changePolicy } from "../transactions/policy-transaction.ts";
import { madePreview } from "../transactions/store-preview.ts";
import { logRefused } from "./refuse-write.ts";

/**
 * Prepares an order: the sidecar makes the ticket, the policy is evaluated over it, and whatever is
 * known to stand in the way is said now and not after a human approved.
 */
export type Prepared =
  | { ok: true; preview: Preview; verdict: PolicyVerdict; shown: PreviewAnswerShown }
  | { ok: true; preview: null; shown: PreviewAnswerShown }
  | { ok: false; failure: GatewayFailure };

export async function preparePreview(
  parts: OrderParts,
  inFlight: InFlight,
  asker: AgentAsker,
  accountId: string,
  request: PreviewRequest,
): Promise<Prepared> {
  const answer = await askSidecar(
    parts,
    orderPreview,
    { account_id: accountId, request },
    {
      scope: "ibkr:orders:preview",
      account: accountId,
      requestId: asker.requestId,
      service: previewService(
        parts.storage.sql,
        inFlight,
        asker.clientId,
        request,
        accountId,
        parts.now(),
      ),
    },
  );
  if (!answer.ok) return answer;
  const newer = newerRefusal(answer);
  if (newer !== null) return { ok: false, failure: newer };
  const outcome = withAllOfTicket(answer);
  if (outcome.outcome === "refused") {
    const { refusals } = outcome;
    const fields = refusals.map(({ field }) => field).join(",");
    const codes = refusals.map(({ code }) => code).join(",");
    const meta = { at: "preview", codes, fields: fields.slice(0, 300) };
    logRefused(parts, asker, accountId, refusals, meta);
    return {
      ok: true,
      preview: null,
      shown: {
        account_id: accountId,
        outcome: "refused",
        preview: null,
        refusals: outcome.refusals,
        candidates: outcome.candidates,
        next_step:
          outcome.candidates.length > 0
            ? "Ask again with the conid of the contract that is meant."
            : "Correct what is named and ask again. Nothing was sent.",
      },
    };
  }
  const skewMs = provenSkewMs(outcome.ticket.prepared_at, answer.askedAt, answer.heardAt);
  return keep(parts, asker, outcome, skewMs);
}

function keep(
  parts: OrderParts,
  asker: AgentAsker,
  outcome: PreviewedTicket,
  skewMs: number | null,
): Prepared {
  const { storage, relay, now } = parts;
  return storage.transactionSync(() => {
    const { sql } = storage;
    const nowMs = now();
    const { order } = outcome.ticket;
    ensurePolicy(parts, order.account_id, order.mode, asker.requestId);
    const preview = madePreview(
      {
        previewId: outcome.preview_id,
        clientId: asker.clientId,
        sidecarId: relay.presence().sidecarId ?? "",
        generation: outcome.generation,
        ticket: outcome.ticket,
        facts: outcome.facts,
        leastTier: outcome.least_tier,
        keptUntilMs: Date.parse(outcome.kept_until),
      },
      nowMs,
    );
    watchLoss(parts, preview.brokerAccount, preview.facts.account);
    const { verdict, policy } = judgePreview(parts, asker, preview, skewMs);
    insertPreview(sql, preview, {
      pcRefusals: outcome.local_refusals,
      source: outcome.source,
      findings: keptFindings(verdict),
    });
    const mayBeAsked = lasting(verdict).length === 0 && outcome.local_refusals.length === 0;
    return {
      ok: true,
      preview,
      verdict,
      shown: {
        account_id: preview.brokerAccount,
        outcome: "prepared",
        preview: {
          preview_id: preview.previewId,
          mode: order.mode,
          in_words: ticketText(outcome.ticket).join("\n"),
          order,
          market: outcome.ticket.market,
          notional: outcome.ticket.notional,
          base_currency: outcome.ticket.base_currency,
          what_if: outcome.ticket.what_if,
          warnings: outcome.ticket.warnings,
          may_be_asked: mayBeAsked,
          policy_failures: policyFailures(verdict),
          pc_refusals: outcome.local_refusals,
          policy_version: policy?.version ?? 0,
          // Inside a mandate the PC's own number was brought back once, for the mandate.
          tier:
            verdict.required_tier === 0 ? 0 : Math.max(verdict.required_tier, preview.leastTier),
          expires_at: iso(preview.expiresAt),
          source: outcome.source,
          notes: outcome.notes,
        },
        refusals: [],
        candidates: [],
        next_step: mayBeAsked
          ? "Show the order to the human, then ask the owner with ibkr_approvals_create. Nothing was sent."
          : "As it stands the order would be refused; see policy_failures and pc_refusals. Nothing was sent.",
      },
    };
  });
}

/**
 * An account that has no policy yet gets the careful one it starts with, for the mode the broker
 * proves. The switches are off until the owner turns them on, so that this allows nothing yet.
 */
export function ensurePolicy(
  parts: OrderParts,
  brokerAccount: string,
  mode: "paper" | "live",
  requestId: string,
): void {
  const { sql } = parts.storage;
  const nowMs = parts.now();
  if (newestVersion(sql, brokerAccount) > 0) return;
  const document = defaultPolicy(brokerAccount, mode);
  const made = changePolicy(sql, { document, basedOn: null, signed: true }, nowMs);
  if (!made.ok) throw new Error(`the default policy is invalid at ${made.detail}`);
  parts.log({
    type: "policy.changed",
    kind: "gateway",
    clientId: null,
    sidecarId: null,
    brokerAccount,
    decision: "allow",
    errorCode: null,
    requestId,
    meta: { version: String(made.version), hash: made.hash, reason: "first_policy", mode },
  });
}
