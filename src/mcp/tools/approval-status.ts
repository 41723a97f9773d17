import * as z from "zod";
import { ApprovalId, tradeApproval as operation } from "../../protocol/operations/edge-orders.ts";
import { defineTool, READS_GATEWAY } from "../define-tool.ts";
import { accountInput } from "../inputs.ts";

export const approvalStatus = defineTool({
  name: "ibkr_approval_status",
  title: "Approval status",
  description:
    "What became of an approval: pending, approved, denied, expired, used; and the state of its order with what proves it.",
  scope: "ibkr:approvals:create",
  annotations: READS_GATEWAY,
  input: z.strictObject({
    ...accountInput,
    approval_id: ApprovalId.describe("From ibkr_approvals_create"),
  }),
  operation,
});
