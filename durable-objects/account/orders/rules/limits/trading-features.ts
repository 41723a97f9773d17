import type { TradingMode } from "@ibkr-edge-gateway/protocol/orders/order-terms.ts";
import { storedFeature } from "../../tables/features.ts";

/** The owner ticks these one by one before live orders can be switched on. */
export const LIVE_CHECKLIST = [
  "paper_trading_validated",
  "approvals_reviewed",
  "limits_reviewed",
  "kill_switch_tested",
  "incident_runbook_reviewed",
] as const;
export type ChecklistItem = (typeof LIVE_CHECKLIST)[number];

export interface Feature {
  enabled: boolean;
  /** When each item was ticked, in milliseconds. */
  checklist: Partial<Record<ChecklistItem, number>>;
  complete: boolean;
}

/** Off until the owner says otherwise. */
export function feature(sql: SqlStorage, mode: TradingMode): Feature {
  const stored = storedFeature(sql, mode);
  const checklist: Feature["checklist"] = {};
  for (const item of LIVE_CHECKLIST) {
    const at = stored?.checklist[item];
    if (typeof at === "number") checklist[item] = at;
  }
  return {
    enabled: stored?.enabled === true,
    checklist,
    complete: LIVE_CHECKLIST.every((item) => checklist[item] !== undefined),
  };
}
