import type { JsonObject, JsonValue } from "@ibkr-edge-gateway/protocol/json.ts";

/** A long list as the gateway sends it: the names once, then one row of values for each entry. */
export interface AnswerTable<Value = JsonValue> {
  columns: readonly string[];
  rows: readonly (readonly Value[])[];
}

/** The entries of such a list, each under its names. */
export function rowsOf<Value>({
  columns,
  rows,
}: AnswerTable<Value>): Record<string, Value | null>[] {
  return rows.map((row) => Object.fromEntries(columns.map((name, at) => [name, row[at] ?? null])));
}

/** An answer with each of its tables as a list of entries; everything else as it is. */
export function withRows(answer: JsonObject): JsonObject {
  return Object.fromEntries(
    Object.entries(answer).map(([name, value]) => [name, isTable(value) ? rowsOf(value) : value]),
  );
}

function isTable(value: JsonValue): value is JsonObject & AnswerTable {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return false;
  const { columns, rows, ...rest } = value;
  return (
    Array.isArray(columns) &&
    columns.every((name) => typeof name === "string") &&
    Array.isArray(rows) &&
    rows.every(Array.isArray) &&
    Object.keys(rest).length === 0
  );
}
