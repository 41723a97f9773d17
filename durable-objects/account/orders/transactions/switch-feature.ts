import type { TradingMode } from "@ibkr-edge-gateway/protocol/orders/order-terms.ts";
import { type ChecklistItem, type Feature, feature } from "../rules/limits/trading-features.ts";
import { storeFeature } from "../tables/features.ts";

/** Live is not switched on before its checklist is complete; false then. */
export function switchFeature(sql: SqlStorage, mode: TradingMode, enabled: boolean): boolean {
  const { complete, checklist } = feature(sql, mode);
  if (enabled && mode === "live" && !complete) return false;
  storeFeature(sql, mode, { enabled, checklist });
  return true;
}

/** Ticks one item; ticking twice keeps the first time. */
export function tickChecklist(sql: SqlStorage, item: ChecklistItem, nowMs: number): Feature {
  const { enabled, checklist } = feature(sql, "live");
  storeFeature(sql, "live", { enabled, checklist: { [item]: nowMs, ...checklist } });
  return feature(sql, "live");
}
