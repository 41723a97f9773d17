/**
 * What Cloudflare asks for on the Workers Paid plan, in US dollars a month: objects and D1 as its price
 * pages said in November 2026, Workers and KV as others quoted them in August 2026. Prices change;
 * whoever relies on a table looks at the date first.
 */
export const PRICES_AS_OF = "August (Workers, KV) and November (objects, D1) 2026";

/** What the plan itself costs a month. */
export const PLAN_USD = 5;

export interface Price {
  /** What is counted. */
  readonly unit: string;
  /** How many of them the plan includes each month. */
  readonly included: number;
  /** US dollars for `per` more of them. */
  readonly usd: number;
  readonly per: number;
}

const MILLION = 1_000_000;

export const PRICES = {
  worker_requests: { unit: "Worker requests", included: 10 * MILLION, usd: 0.3, per: MILLION },
  worker_processor_ms: {
    unit: "Worker processor time, ms",
    included: 30 * MILLION,
    usd: 0.02,
    per: MILLION,
  },
  object_requests: { unit: "object requests", included: MILLION, usd: 0.15, per: MILLION },
  object_gb_s: { unit: "object GB-s awake", included: 400_000, usd: 12.5, per: MILLION },
  object_rows_read: {
    unit: "object rows read",
    included: 25_000 * MILLION,
    usd: 0.001,
    per: MILLION,
  },
  object_rows_written: {
    unit: "object rows written",
    included: 50 * MILLION,
    usd: 1,
    per: MILLION,
  },
  object_gb: { unit: "object storage, GB", included: 5, usd: 0.2, per: 1 },
  d1_rows_written: { unit: "D1 rows written", included: 50 * MILLION, usd: 1, per: MILLION },
  d1_gb: { unit: "D1 storage, GB", included: 5, usd: 0.75, per: 1 },
  kv_reads: { unit: "KV reads", included: 10 * MILLION, usd: 0.5, per: MILLION },
  kv_writes: { unit: "KV writes", included: MILLION, usd: 5, per: MILLION },
} as const satisfies Record<string, Price>;

export type Metered = keyof typeof PRICES;

/** Limits of the platform that a growing gateway meets, as its pages said in November 2026. */
export const LIMITS = {
  d1_bytes_a_database: 10_000_000_000,
  object_bytes: 10_000_000_000,
  /** Statements of a millisecond each; one database runs one at a time. */
  d1_statements_a_second: 1_000,
  /** With a write in each; the low end of what the pages say. */
  object_requests_a_second: 200,
} as const;
