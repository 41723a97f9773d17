import type { JsonObject, JsonValue } from "@ibkr-edge-gateway/protocol/json.ts";

/** Rows of one kind, as text. Widths in characters; `width` null leaves everything as long as it is. */
export function table(given: readonly Row[], width: number | null): Table {
  const rows = flattened(given);
  const names = columnsOf(rows);
  const cells = rows.map((row) => names.map((name) => cellOf(row[name])));
  const columns = names.map((name, at) => {
    const own = cells.map((row) => row[at] ?? "");
    return {
      head: name,
      right: own.every((cell) => cell === UNKNOWN || NUMBER.test(cell)),
      width: Math.max(name.length, ...own.map((cell) => Math.min(cell.length, CELL_MAX))),
    };
  });
  const shown = width === null ? columns.length : fitting(columns, width);
  const line = (texts: readonly string[]) =>
    texts
      .slice(0, shown)
      .map((text, at) => aligned(text, columns[at] ?? LAST))
      .join("  ")
      .trimEnd();
  return {
    head: line(names),
    lines: cells.map((row) => line(row)),
    left: names.slice(shown),
  };
}

export type Row = Readonly<Record<string, JsonValue | undefined>>;

export interface Table {
  head: string;
  lines: string[];
  /** Columns for which there was no room. */
  left: string[];
}

interface Column {
  head: string;
  right: boolean;
  width: number;
}

const CELL_MAX = 40;
const GAP = 2;
const LAST: Column = { head: "", right: false, width: 0 };
/** Not known is never zero. */
export const UNKNOWN = "–";
const NUMBER = /^[-+]?\d[\d,]*(?:\.\d+)?(?: ?%| [A-Z]{3})?$/;

/** What lies in an object stands in columns of its own, under its own name where that is no other's. */
function flattened(rows: readonly Row[]): Row[] {
  const owners = new Map<string, Set<string>>();
  const note = (name: string, owner: string) =>
    owners.set(name, (owners.get(name) ?? new Set()).add(owner));
  for (const row of rows) {
    for (const [name, value] of Object.entries(row)) {
      if (!isNest(value)) note(name, "");
      else for (const member of Object.keys(value)) note(member, name);
    }
  }
  const called = (member: string, owner: string) =>
    owners.get(member)?.size === 1 ? member : `${owner}_${member}`;
  return rows.map((row) =>
    Object.fromEntries(
      Object.entries(row).flatMap(([name, value]): [string, JsonValue | undefined][] =>
        isNest(value)
          ? Object.entries(value).map(([member, one]) => [called(member, name), one])
          : [[name, value]],
      ),
    ),
  );
}

function isNest(value: JsonValue | undefined): value is JsonObject {
  return (
    typeof value === "object" && value !== null && !Array.isArray(value) && moneyOf(value) === null
  );
}

function columnsOf(rows: readonly Row[]): string[] {
  const names = new Set<string>();
  for (const row of rows) for (const name of Object.keys(row)) names.add(name);
  // A column without anything in it tells nothing.
  return [...names].filter((name) =>
    rows.some((row) => row[name] !== null && row[name] !== undefined && row[name] !== ""),
  );
}

function fitting(columns: readonly Column[], width: number): number {
  let used = 0;
  let shown = 0;
  for (const column of columns) {
    used += column.width + (shown === 0 ? 0 : GAP);
    if (used > width && shown > 0) break;
    shown += 1;
  }
  return shown;
}

function aligned(text: string, { width, right }: Column): string {
  const cut = text.length > CELL_MAX ? `${text.slice(0, CELL_MAX - 1)}…` : text;
  return right ? cut.padStart(width) : cut.padEnd(width);
}

/** One value on one line. Text from outside holds no signs that move a terminal's cursor. */
export function cellOf(value: JsonValue | undefined): string {
  if (value === null || value === undefined) return UNKNOWN;
  if (typeof value === "object") {
    const money = moneyOf(value);
    if (money !== null) return money;
    return Array.isArray(value) && value.every((one) => typeof one !== "object")
      ? value.map(cellOf).join(", ")
      : plain(JSON.stringify(value));
  }
  if (typeof value === "boolean") return value ? "yes" : "no";
  return plain(String(value));
}

function moneyOf(value: JsonValue): string | null {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return null;
  const { amount, currency, ...rest } = value;
  if (typeof amount !== "string" || typeof currency !== "string") return null;
  return Object.keys(rest).length === 0 ? `${amount} ${currency}` : null;
}

export function plain(text: string): string {
  return text.replace(/[\p{C}\p{Zl}\p{Zp}]+/gu, " ");
}
