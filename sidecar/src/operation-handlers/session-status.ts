import { sessionStatus } from "@ibkr-edge-gateway/protocol/operation-schemas/session-status.ts";
import { serve } from "./operation-handler.ts";

/** From memory: asking how the session stands costs the broker nothing. */
export const serveSessionStatus = serve(sessionStatus, async (context) => context.session());
