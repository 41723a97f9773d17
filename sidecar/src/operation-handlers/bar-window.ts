import { failure, GatewayError } from "@ibkr-edge-gateway/protocol/errors.ts";

const MOST: Record<string, number> = { min: 30, h: 8, d: 1000, w: 792, m: 182, y: 15 };
const UNIT_SECONDS: Record<string, number> = {
  min: 60,
  h: 3_600,
  d: 86_400,
  w: 7 * 86_400,
  m: 30 * 86_400,
  y: 365 * 86_400,
};

function partsOf(text: string): { count: number; unit: string } {
  const match = /^(\d+)(min|h|d|w|m|y)$/.exec(text);
  return { count: Number(match?.[1] ?? 0), unit: match?.[2] ?? "" };
}

/** Seconds of a bar; null for months, whose length is not fixed. */
export function barSeconds(bar: string): number | null {
  const { count, unit } = partsOf(bar);
  return unit === "m" ? null : count * (UNIT_SECONDS[unit] ?? 0);
}

/**
 * A period the broker really honours. One it does not is answered with 200 and bars of its own
 * choosing, so it is refused here.
 */
export function checkPeriod(period: string, bar: string): void {
  const { count, unit } = partsOf(period);
  const most = MOST[unit] ?? 0;
  if (count < 1 || count > most) {
    throw new GatewayError(
      failure("INPUT_INVALID_TIME_RANGE", `A period in ${unit} may be 1 to ${most}.`),
    );
  }
  const whole = count * (UNIT_SECONDS[unit] ?? 0);
  const one = barSeconds(bar) ?? 28 * 86_400;
  if (one > whole) {
    throw new GatewayError(
      failure("INPUT_INVALID_TIME_RANGE", "One bar is longer than the whole period."),
    );
  }
}

/** `YYYYMMDD-HH:mm:ss` in UTC, as the broker wants the end of the window. */
export function brokerTime(ms: number): string {
  const iso = new Date(ms).toISOString();
  return `${iso.slice(0, 10).replaceAll("-", "")}-${iso.slice(11, 19)}`;
}
