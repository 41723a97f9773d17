import type { Policy } from "@ibkr-edge-gateway/policy/document.ts";
import {
  type CheckResult,
  evaluatePolicy,
  type PolicyVerdict,
} from "@ibkr-edge-gateway/policy/evaluate.ts";
import type { PolicyFailure } from "@ibkr-edge-gateway/protocol/operation-schemas/trade-previews.ts";
import { whyLogBlocksEntries } from "../../facts/account-facts.ts";
import { conditionsOf } from "../../facts/conditions.ts";
import { edgeFacts } from "../../facts/edge-facts.ts";
import { type AgentAsker, iso, type OrderParts } from "../../order-context.ts";
import { policyInForce } from "../../tables/policies.ts";
import type { Preview } from "../../tables/previews.ts";
import { type Covered, coveringMandate } from "../mandates/mandate-coverage.ts";

/** The policy over one preview as it was stored, with everything the object knows now. */
export function judgePreview(
  parts: OrderParts,
  asker: AgentAsker,
  preview: Preview,
  skewMs: number | null,
): { verdict: PolicyVerdict; policy: Policy | null; covered: Covered | null } {
  const { sql } = parts.storage;
  const { facts } = preview;
  const conditions = conditionsOf(parts, asker, {
    skewMs,
    reread: facts.working !== null && facts.positions !== null,
  });
  const policy = policyInForce(sql, preview.brokerAccount, conditions.nowMs);
  const covered = coveringMandate(sql, preview, provedEffect(facts), conditions);
  const judged = evaluatePolicy(
    {
      now: iso(conditions.nowMs),
      phase: "preview",
      ticket: preview.ticket,
      facts,
      edge: edgeFacts(sql, conditions, {
        preview,
        approval: null,
        idempotency: null,
        marketNow: preview.ticket.market,
        working: facts.working,
        waits: facts.instrument?.waits ?? null,
        mandateCovers: covered !== null,
      }),
    },
    policy,
  );
  return { verdict: withBacklog(judged, parts, preview), policy, covered };
}

/** What stands in the way of asking the owner: whatever would stand in the way of the submit. */
export function lasting(verdict: PolicyVerdict): PolicyVerdict["failures"] {
  return verdict.failures;
}

/** The submit asks this of an entry; asked only there, it would be found out after the owner's yes. */
function withBacklog(verdict: PolicyVerdict, parts: OrderParts, preview: Preview): PolicyVerdict {
  const { order } = preview.ticket;
  const opens = order.action !== "cancel" && preview.facts.effect?.kind !== "exit";
  const backlog = opens ? whyLogBlocksEntries(parts.storage.sql, parts.now()) : null;
  if (backlog === null) return verdict;
  const failure: CheckResult = {
    number: 5,
    check: "audit-available",
    code: "AUDIT_UNAVAILABLE",
    stage: "state",
    outcome: "fail",
    message: backlog,
    observed: null,
    limit: null,
    headroom: null,
    source: "gateway",
    as_of: iso(parts.now()),
  };
  return { ...verdict, allowed: false, failures: [failure, ...verdict.failures] };
}

export function policyFailures(verdict: PolicyVerdict): PolicyFailure[] {
  return verdict.failures.map(({ code, check, message, observed, limit, headroom }) => ({
    code,
    check,
    message,
    observed,
    limit,
    headroom,
  }));
}

/** A mandate stands for no human who reads that the position is not known. */
const provedEffect = ({ effect }: Preview["facts"]): Preview["facts"]["effect"] =>
  effect?.by_last_proof === true ? null : effect;
