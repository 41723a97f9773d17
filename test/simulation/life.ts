import type { LifePlan } from "./plan.ts";

/** How one life went, as its agent saw it. */
export interface Life {
  readonly n: number;
  readonly plan: LifePlan;
  /** Where its agent got to. */
  reached: "begun" | "previewed" | "asked" | "decided" | "submitted" | "ended";
  /** Why it went no further. */
  stopped: string | null;
  approvalId: string | null;
  orderRef: string | null;
  over: boolean;
}
