import { readFileSync, writeFileSync } from "node:fs";
import { expect, it } from "vitest";
import type { MeasuredCounts } from "../test/bench/counts.ts";
import { readCounts } from "./cost.ts";
import { limitsMet, monthlyBill } from "./lib/cost/monthly.ts";
import { scaleTables } from "./lib/cost/scale-tables.ts";
import { fromRoot } from "./lib/paths.ts";

const DOCUMENT = fromRoot("docs/scale.md");
const BEGIN = "<!-- the tables: UPDATE_DOCS=1 npx vitest run scripts/cost.test.ts -->\n";

/** Figures that are easy to reckon with. */
const COUNTS: MeasuredCounts = {
  measured_at: "2026-12-01T00:00:00.000Z",
  read: {
    worker_requests: 1,
    object_requests: 1,
    object_rows_written: 1,
    object_rows_read: 10,
    kv_reads: 0,
    processor_ms: 2,
  },
  order: {
    worker_requests: 10,
    object_requests: 10,
    object_rows_written: 30,
    object_rows_read: 500,
    kv_reads: 0,
    kv_writes: 0,
    d1_statements: 2,
    alarms_set: 0,
    events: 10,
  },
  event: { object_bytes: 1_000, d1_bytes: 1_000 },
};

const used = (owners: number, reads: number, orders: number) => {
  const bill = monthlyBill({ owners, reads, orders, months: 1 }, COUNTS);
  return {
    usd: bill.usd,
    of: Object.fromEntries(bill.lines.map(({ metered, used, usd }) => [metered, { used, usd }])),
  };
};

it("asks the plan alone of one owner who does little", () => {
  expect(used(1, 100, 1).usd).toBe(5);
});

it("reckons a month by hand: 10,000 owners, 100 reads a day", () => {
  // 10,000 × 21 × 100 = 21,000,000 reads; 10,000 × 30 × 2 = 600,000 connections.
  const { of } = used(10_000, 100, 0);
  expect(of.worker_requests?.used).toBe(21_600_000);
  expect(of.worker_requests?.usd).toBeCloseTo(11.6 * 0.3, 9);
  expect(of.worker_processor_ms?.usd).toBeCloseTo(13.2 * 0.02, 9);
  // And 63,000,000 frames of PCs, twenty to a request.
  // Each read is copied to D1 by an alarm of its own, which writes three rows.
  expect(of.object_requests?.used).toBe(42_000_000 + 600_000 + 3_150_000);
  expect(of.object_requests?.usd).toBeCloseTo(44.75 * 0.15, 9);
  // 4,200,000 s awake at 0.128 GB.
  expect(of.object_gb_s?.usd).toBeCloseTo((537_600 - 400_000) * 12.5e-6, 9);
  expect(of.object_rows_written?.used).toBe(84_000_000);
  expect(of.object_rows_written?.usd).toBeCloseTo(34, 9);
  expect(of.d1_gb?.usd).toBeCloseTo((21 - 5) * 0.75, 9);
});

it("counts an order's rows and events", () => {
  const { of } = used(100_000, 0, 1);
  expect(of.object_rows_written?.used).toBe(2_100_000 * (30 + 3));
  expect(of.object_rows_written?.usd).toBeCloseTo(19.3, 9);
  expect(of.d1_rows_written?.used).toBe(42_000_000);
});

it("names the limit that is met first, and when", () => {
  // 1,000 owners × 21 × 100 events of 1,000 bytes = 2.1 GB a month.
  const [first] = limitsMet({ owners: 1_000, reads: 100, orders: 0, months: 1 }, COUNTS);
  expect(first?.limit).toMatch(/D1 database/);
  expect(first?.months).toBeCloseTo(10 / 2.1, 9);
  expect(first?.words).toBe("full after 5 months");
  // Half of 400,000,000 calls a day within two hours: more than one database answers.
  const [many] = limitsMet({ owners: 4_000_000, reads: 100, orders: 0, months: 1 }, COUNTS);
  expect(many?.months).toBe(0);
  expect(many?.limit).toMatch(/statements of D1/);
});

it("stands in docs/scale.md as reckoned from the counts that are kept", async () => {
  const text = readFileSync(DOCUMENT, "utf8");
  const upToHere = text.slice(0, text.indexOf(BEGIN) + BEGIN.length);
  const wanted = `${upToHere}\n${scaleTables(await readCounts())}\n`;
  if (process.env.UPDATE_DOCS === "1") writeFileSync(DOCUMENT, wanted);
  else expect(text).toBe(wanted);
});
