import { approvalAnnounce } from "@ibkr-edge-gateway/protocol/operation-schemas/approval-announce.ts";
import { clientOf } from "../../clients/tables/clients.ts";
import { logAbandoned } from "../../platform/log-abandoned.ts";
import type { OrderParts } from "../order-context.ts";
import { findApproval } from "../tables/approvals.ts";
import { askOrderOnApprovalPage } from "./approval-page-calls.ts";
import { servedAs } from "./approval-service-class.ts";
import { askSidecar } from "./ask-sidecar.ts";

/**
 * Shows the request at the PC, with the number of tier 2. Whether that works is no condition: the
 * sidecar itself insists on the number when it is time.
 */
export function announceApproval(parts: OrderParts, approvalId: string): void {
  announce(parts, approvalId).catch(logAbandoned("approval.announce"));
}

async function announce(parts: OrderParts, approvalId: string): Promise<void> {
  const approval = findApproval(parts.storage.sql, approvalId, parts.now());
  if (approval === null || approval.state !== "pending") return;
  const client = clientOf(parts.storage.sql, approval.clientId);
  await askSidecar(
    parts,
    approvalAnnounce,
    {
      preview_id: approval.previewId,
      tier: approval.tier === 2 ? 2 : 1,
      requested_by: (client?.clientName ?? "an agent").slice(0, 80),
    },
    {
      scope: "ibkr:approvals:create",
      account: approval.brokerAccount,
      ...servedAs(parts, approval),
    },
  );
  await askOrderOnApprovalPage(parts, approval);
}
