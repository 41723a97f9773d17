import { Hono } from "hono";
import { ASSETS } from "../web/assets.ts";
import type { PageEnv } from "../web/page-env.ts";
import { approvalsRoutes } from "./approvals.tsx";
import { auditRoutes } from "./audit.tsx";
import { clientAccessRoutes } from "./client-access.tsx";
import { clientChangeRoutes } from "./client-change.tsx";
import { clientsRoutes } from "./clients.tsx";
import { deleteAccountRoutes } from "./delete-account.tsx";
import { flattenRoutes } from "./flatten.tsx";
import { invitationsRoutes } from "./invitations.tsx";
import { killRoutes } from "./kill.tsx";
import { mandateFormRoutes } from "./mandate-form.tsx";
import { mandateLimitsRoutes } from "./mandate-limits.tsx";
import { mandatesRoutes } from "./mandates.tsx";
import { liveRoutes } from "./open-page-updates.tsx";
import { ordersRoutes } from "./orders.tsx";
import { overviewRoutes } from "./overview.tsx";
import { pairRoutes } from "./pair.tsx";
import { policyRoutes } from "./policy.tsx";
import { securityRoutes } from "./security.tsx";
import { sidecarsRoutes } from "./sidecars.tsx";
import { tradingRoutes } from "./trading.tsx";

const FOR_GOOD = "public, max-age=31536000, immutable";

/** The owner's web pages. */
export const consoleRoutes = new Hono<PageEnv>();

for (const { path, type, content } of ASSETS) {
  consoleRoutes.get(path, (c) =>
    c.body(content, 200, { "Content-Type": type, "Cache-Control": FOR_GOOD }),
  );
}
consoleRoutes.route("/", liveRoutes);
consoleRoutes.route("/", overviewRoutes);
consoleRoutes.route("/", approvalsRoutes);
consoleRoutes.route("/", ordersRoutes);
consoleRoutes.route("/", tradingRoutes);
consoleRoutes.route("/", killRoutes);
consoleRoutes.route("/", flattenRoutes);
consoleRoutes.route("/", policyRoutes);
// The forms' fixed paths come before the page of one mandate.
consoleRoutes.route("/", mandateFormRoutes);
consoleRoutes.route("/", mandateLimitsRoutes);
consoleRoutes.route("/", mandatesRoutes);
consoleRoutes.route("/", pairRoutes);
consoleRoutes.route("/", sidecarsRoutes);
consoleRoutes.route("/", clientsRoutes);
consoleRoutes.route("/", clientChangeRoutes);
consoleRoutes.route("/", clientAccessRoutes);
consoleRoutes.route("/", auditRoutes);
consoleRoutes.route("/", securityRoutes);
consoleRoutes.route("/", deleteAccountRoutes);
consoleRoutes.route("/", invitationsRoutes);
