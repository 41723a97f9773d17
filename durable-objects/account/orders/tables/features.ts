import type { TradingMode } from "@ibkr-edge-gateway/protocol/orders/order-terms.ts";

/** A switch for paper or live, and its list of things to tick; what they mean is the rules' part. */
export interface StoredFeature {
  enabled: boolean;
  /** By item; a time in Unix milliseconds where it was ticked. */
  checklist: Readonly<Record<string, unknown>>;
}

/** Null where the owner has never touched it. */
export function storedFeature(sql: SqlStorage, mode: TradingMode): StoredFeature | null {
  const [row] = sql
    .exec<{ enabled: number; checklist: string }>(
      "SELECT enabled, checklist FROM order_features WHERE mode = ?",
      mode,
    )
    .toArray();
  if (row === undefined) return null;
  return { enabled: row.enabled === 1, checklist: JSON.parse(row.checklist) };
}

export function storeFeature(sql: SqlStorage, mode: TradingMode, feature: StoredFeature): void {
  sql.exec(
    `INSERT INTO order_features (mode, enabled, checklist) VALUES (?, ?, ?)
     ON CONFLICT (mode) DO UPDATE SET enabled = excluded.enabled, checklist = excluded.checklist`,
    mode,
    feature.enabled ? 1 : 0,
    JSON.stringify(feature.checklist),
  );
}
