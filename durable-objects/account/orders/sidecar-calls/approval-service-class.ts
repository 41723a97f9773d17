import type { JobService } from "@ibkr-edge-gateway/protocol/service-class.ts";
import type { OrderParts } from "../order-context.ts";
import type { Approval } from "../tables/approvals.ts";
import { findPreview } from "../tables/previews.ts";

/** The owner's yes to an exit is served as the exit; any other as what the owner does. */
export function servedAs(
  { storage }: OrderParts,
  { previewId }: Approval,
): { service: JobService } {
  const effect = findPreview(storage.sql, previewId)?.facts.effect;
  return { service: { class: effect?.kind === "exit" ? "exit" : "owner" } };
}
