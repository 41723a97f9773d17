import * as z from "zod";

const Count = z.number().nonnegative();

/** What the bill depends on, as the bench counts it: `test/bench/counts.json` keeps one run's. */
export const MeasuredCounts = z.object({
  measured_at: z.string(),
  /** One read that the PC answers. */
  read: z.object({
    worker_requests: Count,
    object_requests: Count,
    object_rows_written: Count,
    object_rows_read: Count,
    kv_reads: Count,
    processor_ms: Count,
  }),
  /** One order from its preview to the proof that it works, the owner's pages and the passkey included. */
  order: z.object({
    worker_requests: Count,
    object_requests: Count,
    object_rows_written: Count,
    object_rows_read: Count,
    kv_reads: Count,
    kv_writes: Count,
    d1_statements: Count,
    alarms_set: Count,
    /** Entries of the log; each is copied to D1. */
    events: Count,
  }),
  event: z.object({ object_bytes: Count, d1_bytes: Count }),
});
export type MeasuredCounts = z.infer<typeof MeasuredCounts>;

/** The report's part that this file keeps; the most expensive of the orders stands for one. */
const Report = z.object({
  measured_at: z.string(),
  chain: z.object({
    cost_per_read: z.object({
      worker_requests: Count,
      object_requests: Count,
      object_rows_written: Count,
      object_rows_read: Count,
      kv_reads: Count,
    }),
    processor_ms_per_read: z.object({ worker_and_object: Count }),
  }),
  orders: z.object({
    whole_orders: z.object({
      from_preview_to_working: z.object({ each: z.array(z.record(z.string(), Count)).min(1) }),
    }),
  }),
  evidence: z.object({ bytes_per_event: z.object({ object: Count, d1: Count }) }),
});

/** Takes the counts out of a bench report; throws where the report lacks one. */
export function countsOf(report: unknown): MeasuredCounts {
  const { measured_at, chain, orders, evidence } = Report.parse(report);
  const read = chain.cost_per_read;
  const wholes = orders.whole_orders.from_preview_to_working.each;
  const most = (name: string) => Math.max(...wholes.map((whole) => whole[name] ?? Number.NaN));
  return MeasuredCounts.parse({
    measured_at,
    read: {
      worker_requests: read.worker_requests,
      object_requests: read.object_requests,
      object_rows_written: read.object_rows_written,
      object_rows_read: read.object_rows_read,
      kv_reads: read.kv_reads,
      processor_ms: chain.processor_ms_per_read.worker_and_object,
    },
    order: {
      worker_requests: most("worker_requests"),
      object_requests: most("object_requests"),
      object_rows_written: most("rows_written"),
      object_rows_read: most("rows_read"),
      kv_reads: most("kv_reads"),
      kv_writes: most("kv_writes"),
      d1_statements: most("d1_statements"),
      alarms_set: most("alarms_set"),
      events: most("events"),
    },
    event: { object_bytes: evidence.bytes_per_event.object, d1_bytes: evidence.bytes_per_event.d1 },
  });
}
