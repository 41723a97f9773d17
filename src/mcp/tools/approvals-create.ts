import {
  IdempotencyKey,
  PreviewId,
} from "@ibkr-edge-gateway/protocol/operation-schemas/order-ids.ts";
import { tradeAsk as operation } from "@ibkr-edge-gateway/protocol/operation-schemas/trade-approvals.ts";
import * as z from "zod";
import { ASKS_OWNER, defineTool } from "../define-tool.ts";
import { numeric } from "../json-schema.ts";
import { accountInput } from "../tool-inputs.ts";

export const approvalsCreateTool = defineTool({
  name: "ibkr_approvals_create",
  title: "Ask the owner to approve",
  description:
    "Asks the owner to approve a previewed order; answers at once with a link to give them. Only the owner's passkey approves, or a mandate, which is then named. submit_on_approval also sends it then. Follow with ibkr_approval_status.",
  scope: "ibkr:approvals:create",
  annotations: ASKS_OWNER,
  input: z
    .strictObject({
      ...accountInput,
      preview_id: PreviewId.describe("From the preview"),
      ttl_seconds: numeric(z.int().min(60).max(3_600))
        .optional()
        .describe("60 to 3600; never longer than the preview"),
      submit_on_approval: z
        .boolean()
        .optional()
        .describe("The owner's approval also sends it, whether or not you are there"),
      idempotency_key: IdempotencyKey.optional().describe(
        "With submit_on_approval: the key of its submit, new for each order",
      ),
    })
    .refine(
      ({ submit_on_approval, idempotency_key }) =>
        (submit_on_approval === true) === (idempotency_key !== undefined),
      {
        path: ["idempotency_key"],
        message: "submit_on_approval: true and idempotency_key go together; give both or neither",
      },
    ),
  operation,
});
