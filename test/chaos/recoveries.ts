/** How long one fault lasted, and how long after its end a read went through again. */
export interface Recovery {
  readonly fault: string;
  readonly ms: number;
  readonly lastedMs: number;
}

interface Spread {
  readonly times: number;
  readonly p50: number;
  readonly p95: number;
  readonly longest: number;
}

/**
 * The run's recoveries, in milliseconds: over all faults and by kind, counted from the end of the
 * fault, because a line that is stalled for 50 s cannot be had back sooner; and the longest outage as
 * a caller saw it, with the share of it that the fault itself lasted.
 */
export function recoveriesOf(list: readonly Recovery[]) {
  const kinds = [...new Set(list.map(({ fault }) => fault))].sort();
  const worst = [...list].sort((a, b) => b.ms + b.lastedMs - a.ms - a.lastedMs).at(0);
  return {
    recovery_ms: spread(list),
    recovery_ms_by_fault: Object.fromEntries(
      kinds.map((kind) => [kind, spread(list.filter(({ fault }) => fault === kind))]),
    ),
    longest_outage_ms:
      worst === undefined
        ? null
        : {
            fault: worst.fault,
            outage: Math.round(worst.ms + worst.lastedMs),
            of_which_fault: Math.round(worst.lastedMs),
          },
  };
}

function spread(list: readonly Recovery[]): Spread {
  const sorted = list.map(({ ms }) => ms).sort((a, b) => a - b);
  const at = (q: number) => Math.round(sorted[Math.floor((sorted.length - 1) * q)] ?? 0);
  return { times: sorted.length, p50: at(0.5), p95: at(0.95), longest: at(1) };
}
