import type { JsonObject, JsonValue } from "@ibkr-edge-gateway/protocol/json.ts";
import { withRows } from "../../sdk/table-rows.ts";
import { cellOf, plain, type Row, table } from "./table.ts";

export interface Paint {
  bold(text: string): string;
  dim(text: string): string;
  warn(text: string): string;
}

export const PLAIN: Paint = { bold: (text) => text, dim: (text) => text, warn: (text) => text };

export interface Page {
  paint: Paint;
  /** Characters in a line; null where nobody reads along. */
  width: number | null;
}

/** Said once at the end of an answer, or nowhere. */
const LAST = new Set(["source", "as_of", "age_ms", "served_from", "notes", "next_step"]);
const SILENT = new Set(["next_cursor", "has_more", "page"]);

/** An answer for people: what it says in lines, its lists as tables, how old it is at the end. */
export function renderAnswer(given: JsonObject, page: Page): string {
  const answer = withRows(given);
  const parts: string[] = [];
  const facts = Object.entries(answer).filter(
    ([name, value]) => !LAST.has(name) && !SILENT.has(name) && !isRows(value),
  );
  const lines = facts.flatMap(([name, value]) => factLines(name, value));
  if (lines.length > 0) parts.push(aligned(lines, page));
  for (const [name, value] of Object.entries(answer)) {
    if (LAST.has(name) || !isRows(value)) continue;
    parts.push(rows(name, value, page));
  }
  const end = ending(answer, page);
  if (end !== "") parts.push(end);
  return `${parts.join("\n\n")}\n`;
}

function rows(name: string, value: Row[], { paint, width }: Page): string {
  const title = name.replaceAll("_", " ");
  if (value.length === 0) return `No ${title}.`;
  const { head, lines, left } = table(value, width);
  const more =
    left.length === 0 ? [] : [paint.dim(`No room for: ${left.join(", ")} (--json has all).`)];
  return [paint.bold(head), ...lines, ...more].join("\n");
}

/** A value as `name: text`; an object as one line for each of its members. */
function factLines(name: string, value: JsonValue): [string, string][] {
  const title = name.replaceAll("_", " ");
  if (typeof value !== "object" || value === null) return [[title, cellOf(value)]];
  const text = cellOf(value);
  if (Array.isArray(value)) return value.length === 0 ? [] : [[title, text]];
  if (!text.startsWith("{")) return [[title, text]];
  return Object.entries(value).flatMap(([member, one]) => factLines(`${name} ${member}`, one));
}

function aligned(lines: readonly [string, string][], { paint }: Page): string {
  const width = Math.max(...lines.map(([name]) => name.length));
  return lines
    .map(([name, text]) => `${paint.dim(`${name}:`.padEnd(width + 1))} ${text}`)
    .join("\n");
}

function ending({ source, as_of, age_ms, notes, next_step }: JsonObject, { paint }: Page): string {
  const lines = [
    ...(Array.isArray(notes) ? notes.map((note) => paint.warn(plain(String(note)))) : []),
    ...(typeof next_step === "string" ? [plain(next_step)] : []),
    ...(source === "simulator" ? [paint.warn("Simulated broker, not real money.")] : []),
    ...(typeof as_of === "string" ? [paint.dim(`As of ${as_of}${age(age_ms)}.`)] : []),
  ];
  return lines.join("\n");
}

function age(ms: JsonValue | undefined): string {
  return typeof ms === "number" && ms >= 1_000 ? `, ${Math.round(ms / 1_000)} s old` : "";
}

function isRows(value: JsonValue | undefined): value is Row[] & JsonValue {
  return (
    Array.isArray(value) &&
    value.every((one) => typeof one === "object" && one !== null && !Array.isArray(one))
  );
}
