import type { Tier } from "@ibkr-edge-gateway/protocol/approval/tier.ts";
import type { OrderRefusalCode } from "@ibkr-edge-gateway/protocol/orders/order-refusal.ts";
import type { Check, CheckFinding, CheckScope, Context, Stage } from "./check.ts";
import type { Policy } from "./document.ts";
import { figuresOf } from "./figures.ts";
import { withKnownFacts } from "./known-facts.ts";
import { CHECKS } from "./registry.ts";
import type { PolicySnapshot } from "./snapshot.ts";
import { tierOf } from "./tier-of.ts";

/**
 * The verdict over one order: every check, every failure, under one version of one policy. Pure:
 * the same snapshot and policy give the same verdict, at preview, at submit and in an audit years
 * later. Nothing is allowed that a check could not judge.
 */
export interface CheckResult {
  number: number;
  check: string;
  code: OrderRefusalCode;
  stage: Stage;
  outcome: "pass" | "fail" | "unknown" | "off" | "exempt";
  message: string;
  observed: string | null;
  limit: string | null;
  headroom: string | null;
  source: string;
  as_of: string | null;
}

export interface PolicyVerdict {
  allowed: boolean;
  /** Every check that failed or could not be judged, in the order of evaluation. */
  failures: CheckResult[];
  results: CheckResult[];
  required_tier: Tier;
  policy_version: number;
  policy_hash: string;
}

/** Without a policy nothing is allowed, and the verdict says so. */
export function evaluatePolicy(given: PolicySnapshot, policy: Policy | null): PolicyVerdict {
  if (policy === null) return withoutPolicy(given);
  const { snapshot, tooOld } = withKnownFacts(given);
  const figures = figuresOf(snapshot, policy.document);
  const context: Context = { snapshot, policy: policy.document, figures };
  const results = CHECKS.map((check) =>
    applies(check.scope, context)
      ? resultOf(check, check.evaluate(context), tooOld)
      : exempt(check),
  );
  const failures = results.filter(({ outcome }) => outcome === "fail" || outcome === "unknown");
  return {
    allowed: failures.length === 0,
    failures,
    results,
    required_tier: tierOf(context),
    policy_version: policy.version,
    policy_hash: policy.hash,
  };
}

/** An exit skips what is about entries; a cancel skips what is about orders. Nothing else is skipped. */
function applies(scope: CheckScope, { figures }: Context): boolean {
  switch (scope) {
    case "always":
      return true;
    case "orders":
      return figures.order.action !== "cancel";
    case "entries":
      return figures.isEntry;
  }
}

function resultOf(check: Check, finding: CheckFinding, tooOld: readonly string[]): CheckResult {
  const base = {
    number: check.number,
    check: check.name,
    code: check.code,
    stage: check.stage,
    outcome: finding.outcome,
  };
  if (finding.outcome === "off") return { ...base, ...NOTHING, message: check.means };
  const {
    observed = null,
    limit = null,
    headroom = null,
    source = "gateway",
    as_of = null,
  } = finding;
  const message =
    finding.outcome === "fail"
      ? finding.message
      : finding.outcome === "unknown"
        ? unknownMessage(finding, tooOld)
        : check.means;
  return { ...base, message, observed, limit, headroom, source, as_of };
}

function unknownMessage(
  { missing, untilKnown }: { missing: string; untilKnown?: string | undefined },
  tooOld: readonly string[],
) {
  const why =
    tooOld.length === 0 ? "could not be read" : `could not be read anew: ${tooOld.join("; ")}`;
  const refused = `${missing} ${why}. Without it the order is not allowed.`;
  return untilKnown === undefined ? refused : `${refused} ${untilKnown}`;
}

const NOTHING = { observed: null, limit: null, headroom: null, source: "policy", as_of: null };

const exempt = (check: Check): CheckResult => ({
  number: check.number,
  check: check.name,
  code: check.code,
  stage: check.stage,
  outcome: "exempt",
  message: check.means,
  ...NOTHING,
});

function withoutPolicy(snapshot: PolicySnapshot): PolicyVerdict {
  const missing: CheckResult = {
    number: 7,
    check: "policy-present",
    code: "POLICY_MISSING",
    stage: "state",
    outcome: "unknown",
    message: "This account has no policy, so no order is allowed.",
    observed: null,
    limit: null,
    headroom: null,
    source: "policy",
    as_of: snapshot.now,
  };
  return {
    allowed: false,
    failures: [missing],
    results: [missing],
    required_tier: 2,
    policy_version: 0,
    policy_hash: "",
  };
}
