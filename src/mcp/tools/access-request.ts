import { accessRequest as operation } from "@ibkr-edge-gateway/protocol/operation-schemas/edge-operations.ts";
import * as z from "zod";
import { defineTool, READS_GATEWAY } from "../define-tool.ts";

export const accessRequestTool = defineTool({
  name: "ibkr_access_request",
  title: "Ask for more access",
  description:
    "What this connection may do, what else its owner can allow (prepare orders, paper, live), and the link for it.",
  scope: null,
  annotations: READS_GATEWAY,
  input: z.strictObject({}),
  operation,
});
