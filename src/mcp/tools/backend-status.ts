import * as z from "zod";
import { backendStatus as operation } from "../../protocol/operations/edge.ts";
import { defineTool, READS_GATEWAY } from "../define-tool.ts";

export const backendStatus = defineTool({
  name: "ibkr_backend_status",
  title: "Backend status",
  description:
    "State of the owner's PC and of the broker session, as last reported, and the owner's next step. Answers even when the PC is off.",
  scope: "ibkr:health:read",
  annotations: READS_GATEWAY,
  input: z.strictObject({}),
  operation,
});
