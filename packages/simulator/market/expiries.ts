import { isTradingDay } from "./venue-hours.ts";

/** Calendars of derivatives. A date is its day number: whole days since 2025-01-01. */

const EPOCH = Date.UTC(2025, 0, 1);
const DAY_MS = 86_400_000;

/** Whole days since the simulator's epoch, in UTC; `at` in ms since the Unix epoch. */
export function dayNumber(at: number): number {
  return Math.floor((at - EPOCH) / DAY_MS);
}

/** Midnight UTC of a day number. */
export function dayStart(day: number): number {
  return EPOCH + day * DAY_MS;
}

/** `20260417`. */
export function dayStamp(day: number): string {
  return new Date(dayStart(day)).toISOString().slice(0, 10).replaceAll("-", "");
}

function parts(day: number): { year: number; month: number; date: number; weekday: number } {
  const at = new Date(dayStart(day));
  return {
    year: at.getUTCFullYear(),
    month: at.getUTCMonth() + 1,
    date: at.getUTCDate(),
    weekday: at.getUTCDay(),
  };
}

function isTrading(day: number): boolean {
  const { year, month, date } = parts(day);
  return isTradingDay("us-options", year, month, date);
}

/** The third Friday of the month, or the Thursday before when that is a holiday. */
export function monthlyExpiry(year: number, month: number): number {
  const first = dayNumber(Date.UTC(year, month - 1, 1));
  const friday = first + ((5 - parts(first).weekday + 7) % 7) + 14;
  return isTrading(friday) ? friday : friday - 1;
}

export type Calendar = "monthly" | "weekly" | "daily" | "quarterly";

/** Whether contracts of this calendar end on that day. */
export function endsOn(calendar: Calendar, day: number): boolean {
  if (!isTrading(day)) return false;
  const { year, month, weekday } = parts(day);
  const monthly = monthlyExpiry(year, month) === day;
  switch (calendar) {
    case "monthly":
      return monthly;
    case "quarterly":
      return monthly && month % 3 === 0;
    case "weekly":
      return monthly || weekday === 5 || (weekday === 4 && !isTrading(day + 1));
    case "daily":
      return true;
  }
}

/** How far ahead contracts are listed, in days. */
const AHEAD: Record<Calendar, number> = { monthly: 250, quarterly: 460, weekly: 42, daily: 14 };

/** The days on which listed contracts end, from `today` on. */
export function listedExpiries(calendar: Calendar, today: number): number[] {
  const found: number[] = [];
  for (let day = today; day <= today + AHEAD[calendar]; day++) {
    if (endsOn(calendar, day)) found.push(day);
  }
  return found;
}
