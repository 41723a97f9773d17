import { policyOf } from "../../src/policy/document.ts";
import { evaluatePolicy } from "../../src/policy/evaluate.ts";
import { aDraftOf } from "../support/policy.ts";

/**
 * How long one verdict over all checks takes. Run by hand:
 * `node test/bench/policy.ts [rounds]`. Each round has a snapshot and a policy of its own, so that
 * nothing can be remembered from the one before.
 */
const rounds = Number(process.argv[2] ?? 20_000);
const drafts = Array.from({ length: 64 }, () => {
  const { s, p } = aDraftOf();
  return { snapshot: s, policy: policyOf(1, p) };
});
const times: number[] = [];
for (let round = 0; round < rounds; round += 1) {
  const draft = drafts[round % drafts.length];
  if (draft === undefined) continue;
  const before = process.hrtime.bigint();
  const verdict = evaluatePolicy(draft.snapshot, draft.policy);
  times.push(Number(process.hrtime.bigint() - before) / 1e6);
  if (!verdict.allowed) throw new Error("the order of the bench is refused");
}
const warm = times.slice(Math.floor(rounds / 10)).sort((a, b) => a - b);
const at = (share: number) => (warm[Math.floor(warm.length * share)] ?? Number.NaN).toFixed(4);
const [first] = times;
console.log(
  `rounds ${rounds}  first ${first?.toFixed(3)} ms  p50 ${at(0.5)} ms  p95 ${at(0.95)} ms  p99 ${at(0.99)} ms`,
);
