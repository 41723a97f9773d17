import { ApprovalId } from "@ibkr-edge-gateway/protocol/operation-schemas/order-ids.ts";
import { tradeApproval as operation } from "@ibkr-edge-gateway/protocol/operation-schemas/trade-approvals.ts";
import { isTerminal } from "@ibkr-edge-gateway/protocol/orders/order-state.ts";
import * as z from "zod";
import { defineTool, READS_GATEWAY, waitInput } from "../define-tool.ts";
import { accountInput } from "../tool-inputs.ts";

const ENDED: ReadonlySet<string> = new Set(["denied", "expired", "revoked"]);

export const approvalStatusTool = defineTool({
  name: "ibkr_approval_status",
  title: "Approval status",
  description:
    "What became of an approval: pending, approved, denied, expired, used; and the state of its order with what proves it.",
  scope: "ibkr:approvals:create",
  annotations: READS_GATEWAY,
  input: z.strictObject({
    ...accountInput,
    approval_id: ApprovalId.describe("From ibkr_approvals_create"),
    ...waitInput,
  }),
  operation,
  watch: {
    stateOf: (output) => {
      const { approval, order } = operation.output.parse(output);
      const parts = order?.orders.map(({ state, filled }) => `${state} ${filled ?? ""}`) ?? [];
      return [approval.state, order?.state ?? "", ...parts].join("|");
    },
    isFinal: (output) => {
      const { approval, order } = operation.output.parse(output);
      if (ENDED.has(approval.state)) return true;
      return approval.state !== "approved" && order !== null && isTerminal(order.state);
    },
    changesAt: (output) => {
      const { approval } = operation.output.parse(output);
      const open = approval.state === "pending" || approval.state === "approved";
      return open ? Date.parse(approval.expires_at) : null;
    },
    // The object is where all of this is decided or heard.
    reads: false,
  },
});
