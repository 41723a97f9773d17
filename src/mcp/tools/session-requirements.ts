import * as z from "zod";
import { sessionStatus } from "../../protocol/operations/session-status.ts";
import { defineTool, READS_BROKER } from "../define-tool.ts";

export const sessionRequirements = defineTool({
  name: "ibkr_session_requirements",
  title: "Session requirements",
  description:
    "Asks the owner's PC what the broker session needs now: its state, what can be read in it, warnings, when it ends, and the owner's next step.",
  scope: "ibkr:health:read",
  annotations: READS_BROKER,
  input: z.strictObject({}),
  operation: sessionStatus,
});
