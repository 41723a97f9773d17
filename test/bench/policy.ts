import { policyOf } from "@ibkr-edge-gateway/policy/document.ts";
import { evaluatePolicy } from "@ibkr-edge-gateway/policy/evaluate.ts";
import { aDraftOf } from "../support/policy.ts";
import { quantiles, round } from "./load.ts";

/**
 * How long one verdict over all checks takes. Each round has a snapshot and a policy of its own, so
 * that nothing can be remembered from the one before. By hand: `node test/bench/policy.ts [rounds]`.
 */
export function benchPolicy(rounds = 20_000) {
  const drafts = Array.from({ length: 64 }, () => {
    const { s, p } = aDraftOf();
    return { snapshot: s, policy: policyOf(1, p) };
  });
  const times: number[] = [];
  for (let n = 0; n < rounds; n += 1) {
    const draft = drafts[n % drafts.length];
    if (draft === undefined) continue;
    const before = process.hrtime.bigint();
    const verdict = evaluatePolicy(draft.snapshot, draft.policy);
    times.push(Number(process.hrtime.bigint() - before) / 1e6);
    if (!verdict.allowed) throw new Error("the order of the bench is refused");
  }
  return {
    what: "one verdict over all checks, in this process",
    rounds,
    first_ms: round(times[0] ?? Number.NaN),
    ...quantiles(times.slice(Math.floor(rounds / 10))),
  };
}

if (import.meta.main) {
  console.log(JSON.stringify(benchPolicy(Number(process.argv[2] ?? 20_000)), null, 2));
}
