import type { JsonValue } from "@ibkr-edge-gateway/protocol/json.ts";

/** One figure that was asked for, beside what this run measured. */
export interface Aim {
  /** The issue that asks for it. */
  issue: "A" | "B" | "C" | "D" | "E" | "I" | "J";
  aim: string;
  wanted: string;
  /** Null when this run did not measure it. */
  measured: number | null;
  met: boolean | null;
}

type Bound = { at_most: number } | { at_least: number };

interface Asked {
  issue: Aim["issue"];
  aim: string;
  /** Where the figure stands in the report; the largest one counts where a step is `*`. */
  at: string;
  bound: Bound;
}

const asked = (issue: Aim["issue"], aim: string, at: string, bound: Bound): Asked => ({
  issue,
  aim,
  at,
  bound,
});

/** Every figure that the issues put a bound to. */
const ASKED: readonly Asked[] = [
  ...[1, 16, 64].map((concurrency, at) =>
    asked(
      "A",
      `throughput beside a bare SDK server, c = ${concurrency}`,
      `chain.ratios.${at}.throughput_vs_bare_sdk`,
      { at_least: 0.6 },
    ),
  ),
  asked("A", "relay overhead p50 at c = 1, ms", "chain.ratios.0.relay_overhead_p50_ms", {
    at_most: 1.5,
  }),
  asked("A", "relay overhead p99 at c = 1, ms", "chain.ratios.0.relay_overhead_p99_ms", {
    at_most: 10,
  }),
  asked("A", "object requests a read", "chain.cost_per_read.object_requests", { at_most: 1 }),
  asked("A", "object rows written a read", "chain.cost_per_read.object_rows_written", {
    at_most: 1,
  }),
  asked("A", "bundle, KiB gzip", "weight.bundle_gzip_kib", { at_most: 200 }),
  asked("A", "idle sidecar, MiB resident", "weight.sidecar_rss_idle_mib", { at_most: 80 }),
  asked("B", "broker calls for one quote to 32 clients", "broker.same_quote.broker_calls", {
    at_most: 1,
  }),
  asked(
    "B",
    "a cold option chain against the pacing bound",
    "broker.cold_option_chain.over_bound",
    {
      at_most: 1.1,
    },
  ),
  asked("B", "decoding 100 positions p50, ms", "broker.decode_100_positions.p50_ms", {
    at_most: 2,
  }),
  asked("B", "broker calls a minute while idle", "broker.idle.broker_calls_a_minute", {
    at_most: 2,
  }),
  asked("C", "relay round trip p50, ms", "relay.relay_round_trip_p50_ms", { at_most: 1 }),
  asked("C", "relay round trip p99, ms", "relay.relay_round_trip_p99_ms", { at_most: 8 }),
  asked("C", "relay jobs a second at c = 64", "relay.relay_jobs_per_s.sixty_four_at_a_time", {
    at_least: 2_000,
  }),
  asked("C", "reconnect after a cut, median ms", "relay.reconnect_after_cut.median_ms", {
    at_most: 300,
  }),
  asked("C", "times an idle sidecar woke the object", "relay.idle.object_woken", { at_most: 0 }),
  asked("C", "a result of 1 MiB, p50 ms", "relay.one_mib_result.p50_ms", { at_most: 50 }),
  asked("D", "bearer check p50, ms", "access.bearer_check_p50_ms", { at_most: 1 }),
  asked("D", "OAuth endpoints p99, ms", "access.endpoints.*.p99_ms", { at_most: 50 }),
  asked("D", "KV reads a call, at most", "chain.cost_per_read.kv_reads_of_a_first_call", {
    at_most: 2,
  }),
  asked("D", "KV writes a call", "chain.cost_per_read.kv_writes", { at_most: 0 }),
  asked("E", "submit's own transaction p50, ms", "orders.submit.*.p50_ms", { at_most: 5 }),
  asked("E", "submit's own transaction p95, ms", "orders.submit.*.p95_ms", { at_most: 10 }),
  asked(
    "E",
    "submit through the gateway without the broker p50, ms",
    "orders.whole_orders.replay_of_a_submit.p50_ms",
    { at_most: 5 },
  ),
  asked(
    "E",
    "submit through the gateway without the broker p95, ms",
    "orders.whole_orders.replay_of_a_submit.p95_ms",
    { at_most: 10 },
  ),
  asked("E", "rows an order writes", "orders.whole_orders.rows_written_per_order.most", {
    at_most: 12,
  }),
  asked("E", "all checks of the policy p50, ms", "orders.policy.p50_ms", { at_most: 0.3 }),
  asked(
    "E",
    "object turns until the kill switch holds",
    "orders.submit.kill_switch.object_turns_until_effective",
    { at_most: 1 },
  ),
  asked("I", "append and checkpoint p95, ms", "evidence.append_and_checkpoint.p95_ms", {
    at_most: 2,
  }),
  asked(
    "I",
    "a read beside one without signed heads, ratio",
    "evidence.read_beside_one_without_heads.ratio_of_p50.p50",
    { at_most: 1.05 },
  ),
  asked("J", "the client's --help p50, ms", "client.help_p50_ms", { at_most: 150 }),
  asked("J", "a read over its call's own time p50, ms", "client.read_over_call_p50_ms", {
    at_most: 60,
  }),
];

/** Each figure that was asked for, with what the report holds of it. */
export function aimsOf(report: JsonValue): Aim[] {
  return ASKED.map(({ issue, aim, at, bound }) => {
    const found = figuresAt(report, at.split("."));
    const measured = found.length === 0 ? null : Math.max(...found);
    const [wanted, met] =
      "at_most" in bound
        ? [`<= ${bound.at_most}`, measured === null ? null : measured <= bound.at_most]
        : [`>= ${bound.at_least}`, measured === null ? null : measured >= bound.at_least];
    return { issue, aim, wanted, measured, met };
  });
}

function figuresAt(value: JsonValue | undefined, [step, ...rest]: string[]): number[] {
  if (step === undefined) return typeof value === "number" ? [value] : [];
  if (typeof value !== "object" || value === null) return [];
  const members = new Map(Object.entries(value));
  const next = step === "*" ? [...members.values()] : [members.get(step)];
  return next.flatMap((item) => figuresAt(item, rest));
}
