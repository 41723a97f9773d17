import { type Check, fail, pass, unknown } from "../check.ts";

/** Two switches that do not know of each other: one at the edge, one at the PC. */
export const featureEnabledCheck: Check = {
  number: 12,
  name: "feature-enabled",
  code: "FEATURE_DISABLED",
  stage: "identity",
  scope: "orders",
  means: "The owner has switched orders of this mode on, at the gateway and at the PC.",
  evaluate({ snapshot, figures }) {
    const { features } = snapshot.edge;
    if (features === null) return unknown("Whether orders are switched on");
    const { mode } = figures.order;
    if (!features.at_edge)
      return fail(`${mode} orders are off at the gateway.`, { source: "gateway" });
    if (!features.at_pc) return fail(`${mode} orders are off at the PC.`, { source: "sidecar" });
    return pass({ source: "gateway" });
  },
};
