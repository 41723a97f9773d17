import { type Check, fail, OFF, pass } from "../check.ts";

/** Placed elsewhere: shown, and never touched without an approval of its own. */
export const foreignOrderCheck: Check = {
  number: 12,
  name: "foreign-order",
  code: "FOREIGN_ORDER",
  stage: "identity",
  scope: "always",
  means: "The order to be changed or cancelled is the gateway's own, or the owner approved this.",
  evaluate({ snapshot, figures }) {
    const { target } = figures.order;
    if (target === null) return OFF;
    if (!target.foreign) return pass({ source: "sidecar.orders" });
    const { approval } = snapshot.edge;
    if (snapshot.phase === "preview") return pass({ source: "sidecar.orders" });
    return approval?.matches === true && approval.tier >= 1 && approval.state === "approved"
      ? pass({ source: "gateway.approvals" })
      : fail("The order was placed elsewhere; changing it needs the owner's approval.", {
          source: "sidecar.orders",
        });
  },
};
