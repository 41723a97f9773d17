import type { TradingMode } from "@ibkr-edge-gateway/protocol/orders/terms.ts";

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
  const [row] = sql
    .exec<{ enabled: number; checklist: string }>(
      "SELECT enabled, checklist FROM order_features WHERE mode = ?",
      mode,
    )
    .toArray();
  const ticked: Record<string, unknown> = row === undefined ? {} : JSON.parse(row.checklist);
  const checklist: Feature["checklist"] = {};
  for (const item of LIVE_CHECKLIST) {
    const at = ticked[item];
    if (typeof at === "number") checklist[item] = at;
  }
  return {
    enabled: row?.enabled === 1,
    checklist,
    complete: LIVE_CHECKLIST.every((item) => checklist[item] !== undefined),
  };
}

/** Live is not switched on before its checklist is complete; false then. */
export function switchFeature(sql: SqlStorage, mode: TradingMode, enabled: boolean): boolean {
  const known = feature(sql, mode);
  if (enabled && mode === "live" && !known.complete) return false;
  store(sql, mode, enabled, known.checklist);
  return true;
}

/** Ticks one item; ticking twice keeps the first time. */
export function tickChecklist(sql: SqlStorage, item: ChecklistItem, nowMs: number): Feature {
  const known = feature(sql, "live");
  store(sql, "live", known.enabled, { [item]: nowMs, ...known.checklist });
  return feature(sql, "live");
}

function store(
  sql: SqlStorage,
  mode: TradingMode,
  enabled: boolean,
  checklist: Feature["checklist"],
): void {
  sql.exec(
    `INSERT INTO order_features (mode, enabled, checklist) VALUES (?, ?, ?)
     ON CONFLICT (mode) DO UPDATE SET enabled = excluded.enabled, checklist = excluded.checklist`,
    mode,
    enabled ? 1 : 0,
    JSON.stringify(checklist),
  );
}
