import { tradeLimits as operation } from "@ibkr-edge-gateway/protocol/operation-schemas/trade-limits.ts";
import * as z from "zod";
import { defineTool, READS_GATEWAY } from "../define-tool.ts";
import { accountInput } from "../tool-inputs.ts";

export const limitsStatusTool = defineTool({
  name: "ibkr_limits_status",
  title: "Limits",
  description: "Every trading limit of an account with what is used and left of it today.",
  scope: "ibkr:risk:read",
  annotations: READS_GATEWAY,
  input: z.strictObject(accountInput),
  operation,
});
