/**
 * How often the broker may be asked, as sliding windows: at most `max` starts in any `windowMs`.
 * The figures are 80 % of the documented ones, because the penalty box is per internet address and
 * another program on this PC may be asking too.
 */
export interface Window {
  readonly max: number;
  readonly windowMs: number;
}

export interface EndpointPace {
  readonly windows: readonly Window[];
  /** At most this many unanswered at once. */
  readonly concurrency?: number;
}

/**
 * Over everything that leaves. Documented: 10 a second; 8 is the most in any one. Agents' reads keep up
 * less than 6 a second (see the places kept free in `queue.ts`); what is urgent goes beyond that.
 */
export const GLOBAL_WINDOWS: readonly Window[] = [
  { max: 8, windowMs: 1_000 },
  { max: 80, windowMs: 10_000 },
];

const oncePer = (documentedMs: number): EndpointPace => ({
  windows: [{ max: 1, windowMs: documentedMs * 1.25 }],
});

export const ENDPOINT_PACES = {
  /** Bound by the global windows only. */
  any: { windows: [] },
  snapshot: { windows: [{ max: 8, windowMs: 1_000 }] },
  history: { windows: [{ max: 40, windowMs: 60_000 }], concurrency: 4 },
  scanner_params: oncePer(15 * 60_000),
  scanner_run: oncePer(1_000),
  trades: oncePer(5_000),
  orders: oncePer(5_000),
  pnl: oncePer(5_000),
  portfolio_accounts: oncePer(5_000),
  performance: oncePer(15 * 60_000),
  transactions: oncePer(15 * 60_000),
  fyi: oncePer(1_000),
  fyi_unread: oncePer(5 * 60_000),
  tickle: oncePer(1_000),
  sso_validate: oncePer(60_000),
} as const satisfies Record<string, EndpointPace>;

export type PaceName = keyof typeof ENDPOINT_PACES;

export function isPaceName(name: string): name is PaceName {
  return Object.hasOwn(ENDPOINT_PACES, name);
}

/**
 * When a start is allowed, given the starts so far (ascending, milliseconds): `now` or later. Of each
 * window `reserveOf` starts are left, which keeps room for what is more urgent.
 */
export function earliestStart(
  starts: readonly number[],
  windows: readonly Window[],
  now: number,
  reserveOf: (window: Window) => number = () => 0,
): number {
  let at = now;
  for (const window of windows) {
    const { max, windowMs } = window;
    const allowed = Math.max(1, max - reserveOf(window));
    const blocking = starts[starts.length - allowed];
    // The start that must have left the window before one more fits.
    if (blocking !== undefined) at = Math.max(at, blocking + windowMs);
  }
  return at;
}

/** How far back any of the windows looks. */
export const longestMs = (windows: readonly Window[]): number =>
  Math.max(0, ...windows.map(({ windowMs }) => windowMs));

/** Once in so long, or slow: what must be remembered over a restart. */
export const isScarce = (pace: EndpointPace): boolean =>
  pace.windows.some((window) => window.max === 1 || window.windowMs >= 5_000);
