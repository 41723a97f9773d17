import type { EdgeJob } from "@ibkr-edge-gateway/protocol/relay/edge/edge-state.ts";
import type { OrderParts } from "../order-context.ts";
import { findIntent } from "../tables/intents/rows.ts";
import { raiseAlert } from "./raise-alert.ts";

/**
 * The PC has lost the record of a write (its journal is gone, or it was revoked): nobody will ever be
 * told how it ended, so the owner is told that, once.
 */
export function writeLost(
  parts: Pick<OrderParts, "storage" | "log" | "now" | "wakeAt">,
  { submit }: Pick<EdgeJob, "submit">,
): void {
  raiseAlert(parts, {
    key: `lost:${submit.job_id}`,
    kind: "outcome_unknown",
    brokerAccount: submit.grant.broker_account ?? null,
    coid: coidOf(parts.storage.sql, submit),
    message:
      "The PC has lost its record of something it was asked to do, so nobody can tell from it how that ended. Look at the account at the broker.",
    brokerText: null,
    cancelOffered: [],
  });
}

/** The order that the job carries, by the job's own words; null where there is none of it here. */
function coidOf(sql: SqlStorage, { input, job_id }: EdgeJob["submit"]): string | null {
  const { coid } = input;
  const intent = typeof coid === "string" ? findIntent(sql, coid) : null;
  return intent?.job_id === job_id ? intent.coid : null;
}
