import { sessionRenew as operation } from "@ibkr-edge-gateway/protocol/operation-schemas/session-renew.ts";
import { defineTool, READS_BROKER } from "../define-tool.ts";

export const sessionRenewTool = defineTool({
  name: "ibkr_session_renew",
  title: "Look at the session now",
  description:
    "Checks the broker session at once and keeps it alive. Never logs in or takes it from TWS.",
  scope: "ibkr:health:read",
  annotations: READS_BROKER,
  input: operation.input,
  operation,
});
