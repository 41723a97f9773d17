/**
 * One clock for every process of an order run, so many times as fast as the wall's: what the product
 * waits for (a quiet period, a quarter of an hour of silence) is waited for in its own measure, and
 * no limit of the product is changed for the run.
 */
export interface FastTime {
  /** The wall's time at which the run began, Unix milliseconds. */
  readonly wallStart: number;
  /** What every process takes for the time at that moment, Unix milliseconds. */
  readonly start: number;
  /** Milliseconds of the run in one of the wall. */
  readonly speed: number;
}

export const fastTimeAt = (time: FastTime, wallMs: number): number =>
  Math.floor(time.start + (wallMs - time.wallStart) * time.speed);

export const wallTimeAt = (time: FastTime, fastMs: number): number =>
  Math.ceil(time.wallStart + (fastMs - time.start) / time.speed);

/**
 * A weekday's morning of the New York market that lies ahead: in the past, keys would be stored with
 * an end that the runtime's own clock takes for over.
 */
export function nextMarketMorning(wallMs: number): number {
  const day = new Date(wallMs);
  day.setUTCHours(14, 40, 0, 0);
  do day.setUTCDate(day.getUTCDate() + 1);
  while (day.getUTCDay() === 0 || day.getUTCDay() === 6);
  return day.getTime();
}

export function parseFastTime(text: string | undefined): FastTime | null {
  if (text === undefined) return null;
  const { wallStart, start, speed } = JSON.parse(text);
  return { wallStart: Number(wallStart), start: Number(start), speed: Number(speed) };
}
