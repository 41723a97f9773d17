import { type Check, fail, OFF, pass, unknown } from "../check.ts";

export const checklistCompleteCheck: Check = {
  number: 12,
  name: "checklist-complete",
  code: "MIGRATION_CHECKLIST_MISSING",
  stage: "identity",
  scope: "orders",
  means: "The owner has ticked every item of the paper-to-live checklist.",
  evaluate({ snapshot, figures }) {
    if (figures.order.mode !== "live") return OFF;
    const { features } = snapshot.edge;
    if (features === null) return unknown("The paper-to-live checklist");
    return features.checklist_complete
      ? pass({ source: "gateway" })
      : fail("The paper-to-live checklist is not complete.", { source: "gateway" });
  },
};
