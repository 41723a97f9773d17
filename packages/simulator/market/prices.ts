import { Decimal } from "decimal.js";
import { mix } from "../random.ts";
import type { Instrument } from "./instrument.ts";

/**
 * Prices as a function of time: no state, so that history, a snapshot and a fill at the same
 * instant agree, and any instant can be asked for in any order. Four octaves of smooth noise, whose
 * periods run from a minute to a month, are scaled to the instrument's yearly volatility.
 */
const OCTAVES: readonly { periodMs: number; weight: number }[] = [
  { periodMs: 30 * 86_400_000, weight: 0.29 },
  { periodMs: 2 * 86_400_000, weight: 0.07 },
  { periodMs: 3_600_000, weight: 0.01 },
  { periodMs: 60_000, weight: 0.0015 },
];

function lattice(seed: number, conid: number, octave: number, index: number): number {
  return mix(mix(mix(seed ^ conid) ^ (octave * 0x9e3779b9)) ^ index) / 2147483648 - 1;
}

function noise(seed: number, conid: number, at: number): number {
  let sum = 0;
  OCTAVES.forEach(({ periodMs, weight }, octave) => {
    const position = at / periodMs;
    const index = Math.floor(position);
    const part = position - index;
    const smooth = part * part * (3 - 2 * part);
    const from = lattice(seed, conid, octave, index);
    const to = lattice(seed, conid, octave, index + 1);
    sum += weight * (from + (to - from) * smooth);
  });
  return sum;
}

/** The unrounded price of something that trades in its own right. */
export function walk(seed: number, instrument: Instrument, at: number): number {
  return instrument.base * Math.exp(instrument.volatility * noise(seed, instrument.conid, at));
}

/** A whole-number draw in [0, 1) that belongs to an instrument and a stretch of time. */
export function chance(seed: number, conid: number, at: number, periodMs: number): number {
  return (lattice(seed, conid, 9, Math.floor(at / periodMs)) + 1) / 2;
}

/** The nearest price on the tick, never below one tick. */
export function onTick(value: number, tick: number): Decimal {
  const steps = new Decimal(value).div(tick).round();
  return Decimal.max(steps, 1).mul(tick);
}
