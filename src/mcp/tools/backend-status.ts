import { backendStatus as operation } from "@ibkr-edge-gateway/protocol/operation-schemas/edge-operations.ts";
import * as z from "zod";
import { defineTool, READS_GATEWAY } from "../define-tool.ts";

export const backendStatusTool = defineTool({
  name: "ibkr_backend_status",
  title: "Backend status",
  description:
    "State of the owner's PC and broker session as last reported, and the next step. Answers also when the PC is off.",
  scope: "ibkr:health:read",
  annotations: READS_GATEWAY,
  input: z.strictObject({}),
  operation,
});
