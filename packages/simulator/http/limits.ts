import type { Simulator } from "../simulator.ts";

interface Rule {
  method: string;
  path: RegExp;
  count: number;
  perMs: number;
}

const QUARTER_HOUR = 15 * 60_000;

/** The published limits of single paths; the one on everything is a behaviour. */
const RULES: readonly Rule[] = [
  { method: "GET", path: /^\/iserver\/marketdata\/snapshot$/, count: 10, perMs: 1_000 },
  { method: "GET", path: /^\/iserver\/marketdata\/history$/, count: 50, perMs: 60_000 },
  { method: "GET", path: /^\/iserver\/scanner\/params$/, count: 1, perMs: QUARTER_HOUR },
  { method: "POST", path: /^\/iserver\/scanner\/run$/, count: 1, perMs: 1_000 },
  { method: "GET", path: /^\/iserver\/account\/trades$/, count: 1, perMs: 5_000 },
  { method: "GET", path: /^\/iserver\/account\/orders$/, count: 1, perMs: 5_000 },
  { method: "GET", path: /^\/iserver\/account\/pnl\/partitioned$/, count: 1, perMs: 5_000 },
  { method: "GET", path: /^\/portfolio\/accounts$/, count: 1, perMs: 5_000 },
  { method: "GET", path: /^\/portfolio\/subaccounts2?$/, count: 1, perMs: 5_000 },
  { method: "POST", path: /^\/pa\/performance$/, count: 1, perMs: QUARTER_HOUR },
  { method: "POST", path: /^\/pa\/summary$/, count: 1, perMs: QUARTER_HOUR },
  { method: "POST", path: /^\/pa\/transactions$/, count: 1, perMs: QUARTER_HOUR },
  { method: "POST", path: /^\/tickle$/, count: 1, perMs: 1_000 },
  { method: "GET", path: /^\/tickle$/, count: 1, perMs: 1_000 },
  { method: "GET", path: /^\/sso\/validate$/, count: 1, perMs: 60_000 },
];

export interface Limiter {
  /** Counts a request; true when it breaks a limit or falls into the penalty box. */
  refuses(method: string, path: string): boolean;
  /** Opens the penalty box by hand. */
  penalize(minutes: number): void;
  /** Milliseconds left in the box. */
  penaltyMs(): number;
  /** How often a limit was broken. */
  strikes(): number;
  reset(): void;
}

/** Counts requests against the broker's limits and keeps whoever exceeds them out for a while. */
export function createLimiter(sim: Simulator): Limiter {
  const windows = new Map<string, number[]>();
  let penaltyUntil = 0;
  let strikes = 0;
  const startedAt = performance.now();

  const now = (): number => {
    const wall = sim.behaviours.limits.clock === "both" && sim.clock.mode === "virtual";
    return sim.clock.now() + (wall ? performance.now() - startedAt : 0);
  };

  const exceeds = (key: string, count: number, perMs: number, at: number): boolean => {
    const seen = (windows.get(key) ?? []).filter((time) => at - time < perMs);
    seen.push(at);
    windows.set(key, seen);
    return seen.length > count;
  };

  const penalize = (minutes: number): void => {
    penaltyUntil = Math.max(penaltyUntil, now() + minutes * 60_000);
  };

  return {
    refuses: (method, path) => {
      const limits = sim.behaviours.limits;
      const at = now();
      if (at < penaltyUntil) return limits.penaltyCoversTickle || path !== "/tickle";
      if (!limits.enabled) return false;
      let broken = exceeds("*", limits.globalPerSecond, 1_000, at);
      const rule = RULES.find((one) => one.method === method && one.path.test(path));
      if (rule !== undefined) {
        broken = exceeds(String(rule.path), rule.count, rule.perMs, at) || broken;
      } else if (path.startsWith("/fyi/")) {
        broken = exceeds(`${method} ${path}`, 1, 1_000, at) || broken;
      }
      if (!broken) return false;
      strikes += 1;
      penalize(limits.penaltyMinutes);
      return true;
    },
    penalize,
    penaltyMs: () => Math.max(penaltyUntil - now(), 0),
    strikes: () => strikes,
    reset: () => {
      windows.clear();
      penaltyUntil = 0;
      strikes = 0;
    },
  };
}
