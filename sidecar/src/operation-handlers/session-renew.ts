import { sessionRenew } from "@ibkr-edge-gateway/protocol/operation-schemas/session-renew.ts";
import { serve } from "./operation-handler.ts";

/** Keeps the session alive and says how it stands now. It takes nothing from anybody. */
export const serveSessionRenew = serve(sessionRenew, async (context) => {
  await context.renewSession();
  return context.session();
});
