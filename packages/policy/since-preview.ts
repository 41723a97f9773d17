import * as z from "zod";
import type { CheckResult, PolicyVerdict } from "./evaluate.ts";

/**
 * What every rule found when the order was prepared. A rule that refuses at the submit was met then,
 * so something changed: the refusal says what, from what to what.
 */
export const KeptFindings = z.record(
  z.string(),
  z.tuple([z.string().nullable(), z.string().nullable()]),
);
/** By the check's name: what it observed, and its limit. */
export type KeptFindings = z.infer<typeof KeptFindings>;

/** The rules that stood in nobody's way, those that did not apply among them. */
export function keptFindings({ results }: Pick<PolicyVerdict, "results">): KeptFindings {
  return Object.fromEntries(
    results
      .filter(({ outcome }) => outcome !== "fail" && outcome !== "unknown")
      .map(({ check, observed, limit }) => [check, [observed, limit]]),
  );
}

/** Judged at the submit alone: their own words say what has become of what was given. */
const SAY_THEMSELVES: ReadonlySet<string> = new Set([
  "preview-fresh",
  "idempotency-conflict",
  "idempotency-key",
]);

/** The failure's own words, with what was seen before and what is seen now. */
export function sincePreview(failure: CheckResult, kept: KeptFindings | null): string {
  const before = kept?.[failure.check];
  if (before === undefined) return failure.message;
  if (failure.stage === "approval" || SAY_THEMSELVES.has(failure.check)) return failure.message;
  // Its own words hold both prices; what it observes is their distance.
  if (failure.check === "price-drift" && failure.outcome === "fail") return failure.message;
  const [was, limitThen] = before;
  const now =
    failure.outcome === "unknown" ? "not known" : (failure.observed ?? "not what the rule asks");
  if (was !== null && was !== now) {
    return `${failure.message} At the preview it was ${was}; now it is ${now}.`;
  }
  if (limitThen !== failure.limit && limitThen !== null && failure.limit !== null) {
    return `${failure.message} At the preview the limit was ${limitThen}; now it is ${failure.limit}.`;
  }
  return `${failure.message} At the preview this rule was met; since then that has changed.`;
}
