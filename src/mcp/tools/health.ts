import { gatewayHealth } from "@ibkr-edge-gateway/protocol/operation-schemas/edge-operations.ts";
import * as z from "zod";
import { defineTool, READS_GATEWAY } from "../define-tool.ts";

export const healthTool = defineTool({
  name: "ibkr_health",
  title: "Gateway health",
  description: "Whether the gateway answers and the owner's PC is connected to it.",
  scope: "ibkr:health:read",
  annotations: READS_GATEWAY,
  input: z.strictObject({}),
  operation: gatewayHealth,
});
