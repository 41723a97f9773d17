import { auditSize, eraseSalts, storedSalts } from "../../audit/tables/log.ts";
import { dropEvidenceBetween } from "../tables/joint/old-evidence.ts";

/**
 * Erases what is kept beside one entry of the log: the salts of its private values, and the evidence of
 * the order whose end it is, with what the PC stated of it. No hash changes; what the PC holds, and what
 * was exported, stays there.
 */
export function eraseEntry(sql: SqlStorage, seq: number): "erased" | "nothing" | "unknown" {
  if (!Number.isSafeInteger(seq) || seq < 1 || seq > auditSize(sql)) return "unknown";
  const values = storedSalts(sql, seq) !== null;
  if (values) eraseSalts(sql, seq);
  const orders = dropEvidenceBetween(sql, seq - 1, seq);
  return values || orders > 0 ? "erased" : "nothing";
}
