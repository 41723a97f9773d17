import { SETTLED_JOBS_DAYS } from "../../limits.ts";
import { ulidTime } from "../../ulid.ts";
import type { JobSettlement } from "./edge-step.ts";

/**
 * A write under an id that was used before is answered with the end that stands under it, and one
 * whose id is older than these ends are kept is refused: so an end that was dropped can never be
 * followed by a second execution. Null when the id is new.
 */
export function answeredBefore(
  jobId: string,
  stored: JobSettlement | null,
  nowMs: number,
): JobSettlement | null {
  if (stored !== null) return stored;
  const made = ulidTime(jobId);
  if (made !== null && made > nowMs - SETTLED_JOBS_DAYS * 86_400_000) return null;
  return {
    ok: false,
    code: "FAILED_PRECONDITION",
    message: "this write's id is older than what is remembered",
    retryable: false,
    outcome: "unknown",
  };
}
