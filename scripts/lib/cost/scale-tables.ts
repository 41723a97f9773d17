import type { MeasuredCounts } from "../../../test/bench/counts.ts";
import { ASSUMED, limitsMet, monthlyBill, type Usage } from "./monthly.ts";
import { PLAN_USD, PRICES, PRICES_AS_OF } from "./price-list.ts";

/** What the tables of docs/scale.md are drawn for. */
export const SIZES = [1, 1_000, 100_000, 1_000_000] as const;
export const TYPICAL = { reads: 200, orders: 3, months: 12 } as const;

/** The generated part of docs/scale.md: the bill and what breaks first, for each size. */
export function scaleTables(counts: MeasuredCounts): string {
  return [
    `Each owner: ${TYPICAL.reads} reads and ${TYPICAL.orders} orders on each of ${ASSUMED.trading_days_a_month} trading days, ${TYPICAL.months} months of events kept. Counts of ${counts.measured_at.slice(0, 10)}, prices of ${PRICES_AS_OF} (Workers Paid, USD a month).`,
    "",
    ...billTable(counts),
    "",
    "What breaks first:",
    "",
    ...SIZES.flatMap((owners) => breaking({ ...TYPICAL, owners }, counts)),
    "",
    "### What was counted",
    "",
    ...countedTable(counts),
    "",
    "### What is assumed",
    "",
    "| what | value |",
    "|---|---:|",
    ...Object.entries(ASSUMED).map(
      ([name, value]) => `| ${name.replaceAll("_", " ")} | ${value} |`,
    ),
  ].join("\n");
}

/** One use, as `npm run cost` prints it. */
export function costText(usage: Usage, counts: MeasuredCounts): string {
  const { lines, usd } = monthlyBill(usage, counts);
  const rows = lines.map(({ unit, used, usd: dollars }) => [
    unit,
    inWords(used),
    dollars.toFixed(2),
  ]);
  const table = [["", "used", "USD"], ...rows, ["the plan", "", PLAN_USD.toFixed(2)]];
  const widths = [0, 1, 2].map((at) => Math.max(...table.map((row) => (row[at] ?? "").length)));
  const drawn = table.map(
    ([unit = "", used = "", dollars = ""]) =>
      `${unit.padEnd(widths[0] ?? 0)}  ${used.padStart(widths[1] ?? 0)}  ${dollars.padStart(widths[2] ?? 0)}`,
  );
  return [
    `${inWords(usage.owners)} owners, ${usage.reads} reads and ${usage.orders} orders each on a trading day, ${usage.months} months of events kept`,
    "",
    ...drawn,
    "",
    `USD ${usd.toFixed(2)} a month${usage.owners > 0 ? `, ${(usd / usage.owners).toFixed(4)} an owner` : ""}. Prices of ${PRICES_AS_OF}; counts of ${counts.measured_at.slice(0, 10)}.`,
    "",
    "What breaks first:",
    ...limitsMet(usage, counts).map(({ limit, words }) => `  ${limit}: ${words}`),
  ].join("\n");
}

function billTable(counts: MeasuredCounts): string[] {
  const bills = SIZES.map((owners) => monthlyBill({ ...TYPICAL, owners }, counts));
  const cell = (usd: number) => usd.toFixed(2);
  return [
    `| | ${SIZES.map((owners) => `${inWords(owners)} owner${owners === 1 ? "" : "s"}`).join(" | ")} |`,
    `|---|${SIZES.map(() => "---:").join("|")}|`,
    `| the plan | ${SIZES.map(() => cell(PLAN_USD)).join(" | ")} |`,
    ...Object.keys(PRICES).map((_, at) => {
      const unit = bills[0]?.lines[at]?.unit ?? "";
      return `| ${unit} | ${bills.map(({ lines }) => cell(lines[at]?.usd ?? Number.NaN)).join(" | ")} |`;
    }),
    `| **a month** | ${bills.map(({ usd }) => `**${cell(usd)}**`).join(" | ")} |`,
    `| an owner | ${bills.map(({ usd }, at) => (usd / (SIZES[at] ?? 1)).toFixed(4)).join(" | ")} |`,
  ];
}

function breaking(usage: Usage, counts: MeasuredCounts): string[] {
  const [first, second] = limitsMet(usage, counts);
  const said = [first, second].map((met) => `${met?.limit} (${met?.words})`);
  return [`- ${inWords(usage.owners)}: ${said[0]}; then ${said[1]}.`];
}

function countedTable({ read, order, event }: MeasuredCounts): string[] {
  const names = [...new Set([...Object.keys(read), ...Object.keys(order)])];
  const of = (counted: Record<string, number>, name: string) => {
    const value = counted[name];
    return value === undefined ? "" : String(Math.round(value * 1_000) / 1_000);
  };
  return [
    "| | a read | an order |",
    "|---|---:|---:|",
    ...names.map(
      (name) => `| ${name.replaceAll("_", " ")} | ${of(read, name)} | ${of(order, name)} |`,
    ),
    "",
    `An event takes ${event.object_bytes} bytes in the object and ${event.d1_bytes} in D1. An order is counted from its preview to the proof that it works, its owner's pages and passkey included.`,
  ];
}

function inWords(value: number): string {
  if (value >= 100) return Math.round(value).toLocaleString("en-US");
  return String(Math.round(value * 100) / 100);
}
