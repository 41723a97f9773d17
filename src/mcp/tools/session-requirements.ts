import { sessionStatus } from "@ibkr-edge-gateway/protocol/operation-schemas/session-status.ts";
import * as z from "zod";
import { defineTool, READS_BROKER } from "../define-tool.ts";

export const sessionRequirementsTool = defineTool({
  name: "ibkr_session_requirements",
  title: "Session requirements",
  description:
    "What the broker session needs now: state, what can be read, warnings, its end, the owner's next step.",
  scope: "ibkr:health:read",
  annotations: READS_BROKER,
  input: z.strictObject({}),
  operation: sessionStatus,
});
