import * as z from "zod";
import { tradeAsk as operation, PreviewId } from "../../protocol/operations/edge-orders.ts";
import { ASKS_OWNER, defineTool } from "../define-tool.ts";
import { accountInput } from "../inputs.ts";
import { numeric } from "../json-schema.ts";

export const approvalsCreate = defineTool({
  name: "ibkr_approvals_create",
  title: "Ask the owner to approve",
  description:
    "Asks the owner to approve a previewed order; answers at once with a link to give them. Only the owner's passkey approves: by a tap, or beforehand in a mandate, which the answer then names. Then read ibkr_approval_status.",
  scope: "ibkr:approvals:create",
  annotations: ASKS_OWNER,
  input: z.strictObject({
    ...accountInput,
    preview_id: PreviewId.describe("From the preview"),
    ttl_seconds: numeric(z.int().min(60).max(3_600))
      .optional()
      .describe("60 to 3600; never longer than the preview"),
  }),
  operation,
});
