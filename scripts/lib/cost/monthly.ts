import type { MeasuredCounts } from "../../../test/bench/counts.ts";
import { LIMITS, type Metered, PLAN_USD, PRICES } from "./price-list.ts";

/** How a gateway is used. */
export interface Usage {
  readonly owners: number;
  /** Reads of one owner's agents on one trading day. */
  readonly reads: number;
  /** Orders of one owner on one trading day. */
  readonly orders: number;
  /** How many months of events are kept when the month is billed. */
  readonly months: number;
}

/** What no run here can count; the tables say so beside the result. */
export const ASSUMED = {
  trading_days_a_month: 21,
  /** How long the object waits for the PC and the broker in one read, awake. */
  seconds_awake_a_read: 0.2,
  seconds_awake_an_order: 5,
  /** Frames that a PC sends for one read and one order; twenty count as one request. */
  frames_a_read: 3,
  frames_an_order: 20,
  /** Connections of a PC on each day, at night too. */
  connects_a_day: 2,
  /** Calls that share one copy of the log to D1: one, when they come minutes apart. */
  calls_a_copy: 1,
  /** What the object writes for one copy; its alarm is one more. */
  rows_a_copy: 2,
  /** The copied event and its one index. */
  d1_rows_an_event: 2,
  /** An object is billed as 128 MB. */
  object_gb: 0.128,
  /** Half of a day's calls fall into its busiest two hours. */
  busiest_seconds: 7_200,
  busiest_share: 0.5,
} as const;

export interface BillLine {
  readonly metered: Metered;
  readonly unit: string;
  readonly used: number;
  readonly usd: number;
}

export interface Bill {
  readonly lines: readonly BillLine[];
  /** The plan and every line, US dollars a month. */
  readonly usd: number;
}

/** The bill of one month, from the bench's counts and what is assumed beside them. */
export function monthlyBill(usage: Usage, counts: MeasuredCounts): Bill {
  const lines = Object.entries(amounts(usage, counts)).map(([metered, used]) =>
    line(metered as Metered, used),
  );
  return { lines, usd: lines.reduce((sum, { usd }) => sum + usd, PLAN_USD) };
}

function amounts(usage: Usage, { read, order, event }: MeasuredCounts): Record<Metered, number> {
  const { reads, orders, connects } = monthly(usage);
  const frames = reads * ASSUMED.frames_a_read + orders * ASSUMED.frames_an_order;
  const events = reads + orders * order.events;
  const kept = events * usage.months;
  const copies = (reads + orders) / ASSUMED.calls_a_copy;
  const awake = reads * ASSUMED.seconds_awake_a_read + orders * ASSUMED.seconds_awake_an_order;
  const requests = reads * read.worker_requests + orders * order.worker_requests + connects;
  return {
    worker_requests: requests,
    worker_processor_ms: requests * read.processor_ms,
    object_requests:
      reads * read.object_requests +
      orders * (order.object_requests + order.alarms_set) +
      copies +
      connects +
      frames / 20,
    object_gb_s: awake * ASSUMED.object_gb,
    object_rows_read: reads * read.object_rows_read + orders * order.object_rows_read,
    object_rows_written:
      reads * read.object_rows_written +
      orders * (order.object_rows_written + order.alarms_set) +
      copies * (ASSUMED.rows_a_copy + 1),
    object_gb: (kept * event.object_bytes) / 1e9,
    d1_rows_written: events * ASSUMED.d1_rows_an_event,
    d1_gb: (kept * event.d1_bytes) / 1e9,
    kv_reads: reads * read.kv_reads + orders * order.kv_reads,
    kv_writes: orders * order.kv_writes,
  };
}

/** How much happens in a month over all owners. */
function monthly({ owners, reads, orders }: Usage) {
  const days = owners * ASSUMED.trading_days_a_month;
  return {
    reads: days * reads,
    orders: days * orders,
    connects: owners * 30 * ASSUMED.connects_a_day,
  };
}

function line(metered: Metered, used: number): BillLine {
  const { unit, included, usd, per } = PRICES[metered];
  return { metered, unit, used, usd: (Math.max(0, used - included) / per) * usd };
}

/** One limit of the platform, and how long or how far this use is from it. */
export interface Limit {
  readonly limit: string;
  /** Months until it is met, 0 when it is passed at once, null when this use never meets it. */
  readonly months: number | null;
  readonly words: string;
}

/** What breaks, the first to break first. */
export function limitsMet(usage: Usage, { read, order, event }: MeasuredCounts): readonly Limit[] {
  const { reads, orders } = monthly(usage);
  const events = reads + orders * order.events;
  const byOwner = usage.owners === 0 ? 0 : events / usage.owners;
  const copiesASecond = busiest((reads + orders) / ASSUMED.calls_a_copy);
  const callsOfOne = usage.owners === 0 ? 0 : busiest(reads * read.object_requests) / usage.owners;
  return [
    fills("the one D1 database (10 GB)", LIMITS.d1_bytes_a_database, events * event.d1_bytes),
    fills("one account's object (10 GB)", LIMITS.object_bytes, byOwner * event.object_bytes),
    keepsUp(
      "statements of D1, one for each copy of a log",
      copiesASecond,
      LIMITS.d1_statements_a_second,
    ),
    keepsUp("requests of one account's object", callsOfOne, LIMITS.object_requests_a_second),
  ].sort((a, b) => (a.months ?? Number.POSITIVE_INFINITY) - (b.months ?? Number.POSITIVE_INFINITY));
}

/** Calls a second in the busiest hours, of a month's calls. */
function busiest(calls: number): number {
  const { trading_days_a_month, busiest_share, busiest_seconds } = ASSUMED;
  return ((calls / trading_days_a_month) * busiest_share) / busiest_seconds;
}

function fills(limit: string, bytes: number, monthlyBytes: number): Limit {
  if (monthlyBytes === 0) return { limit, months: null, words: "nothing is stored" };
  const months = bytes / monthlyBytes;
  return { limit, months, words: `full after ${spell(months)}` };
}

function keepsUp(limit: string, aSecond: number, most: number): Limit {
  const share = aSecond / most;
  return {
    limit,
    months: share > 1 ? 0 : null,
    words: `${spellRate(aSecond)} a second of ${most.toLocaleString("en-US")} in the busiest hours`,
  };
}

function spellRate(rate: number): string {
  return Number(rate.toPrecision(2)).toLocaleString("en-US", { maximumFractionDigits: 4 });
}

function spell(months: number): string {
  if (months < 0.1) return `${Math.max(1, Math.round(months * 30 * 24))} hours`;
  if (months < 2) return `${Math.round(months * 30)} days`;
  return months < 36 ? `${Math.round(months)} months` : `${Math.round(months / 12)} years`;
}
