import { Decimal } from "decimal.js";

/**
 * The broker keeps many prices as 32-bit floats and prints them as 64-bit ones, so 269.81 arrives as
 * 269.80999755859375. What is taken off here is that noise and nothing else: a figure moves by at
 * most half a unit in the last place of the float it came from.
 *
 * A figure counts as noisy only where its own text shows it:
 * - it has at least {@link NOISY_DIGITS} significant digits, {@link NOISY_PLACES} of them after the
 *   point, and is exactly a 32-bit float, though no multiple of 1/1024, which a tick may be: the
 *   shortest decimal that is the same float is meant;
 * - or it has 16 digits or more and lies within a few units in the last place of a 64-bit float
 *   beside a decimal of 12 digits (269.81000000000006): that decimal is meant.
 *
 * With the contract's tick known, a price that is exactly a 32-bit float or has 9 digits or more, and
 * lies within float noise of a multiple of the tick, is that multiple, if the tick is so coarse
 * against the noise that only one multiple can be meant.
 */
const NOISY_DIGITS = 10;
const NOISY_PLACES = 8;
/** Treasury futures move in 256ths: 103.00390625 is a price, not noise. */
const DYADIC_STEPS = 1024;
const LONG_DIGITS = 16;
const SHORT_DIGITS = 12;
/** A 32-bit float shows 9 digits at the most; a text cut to fewer shows no noise. */
const FLOAT32_DIGITS = 9;
/** Eight units in the last place of a 64-bit float, relative. */
const FEW_ULP_64 = 2 ** -50;

/** A plain decimal without float noise; anything that is not evidently noisy comes back unchanged. */
export function withoutFloatNoise(text: string): string {
  const digits = significantDigits(text);
  const places = text.split(".")[1]?.length ?? 0;
  if (digits < NOISY_DIGITS || places < NOISY_PLACES) return text;
  const value = Number(text);
  if (!Number.isFinite(value) || value === 0) return text;
  if (Number.isInteger(value * DYADIC_STEPS)) return text;
  if (Math.fround(value) === value) return shortestFloat32(value) ?? text;
  if (digits < LONG_DIGITS) return text;
  const short = new Decimal(text).toSignificantDigits(SHORT_DIGITS);
  const off = short.minus(text).abs();
  return off.lessThanOrEqualTo(Math.abs(value) * FEW_ULP_64) ? short.toFixed() : text;
}

/**
 * The same for a price whose contract moves in steps of `tick`. A price that lies on no tick (a
 * midpoint, a fill price) keeps its value.
 */
export function priceOnTick(text: string, tick: string | null): string {
  return (tick === null ? null : onTick(text, tick)) ?? withoutFloatNoise(text);
}

/** The multiple of the tick that is meant; null where none evidently is. */
function onTick(text: string, tick: string): string | null {
  const step = new Decimal(tick);
  if (!step.isFinite() || step.lessThanOrEqualTo(0)) return null;
  const price = new Decimal(text);
  const nearest = price.div(step).round().times(step);
  if (nearest.equals(price)) return text;
  const value = price.toNumber();
  if (Math.fround(value) !== value && significantDigits(text) < FLOAT32_DIGITS) return null;
  const noise = new Decimal(halfUlp32(value));
  // Two multiples within the noise: the float cannot tell which one is meant.
  if (noise.times(2).greaterThanOrEqualTo(step)) return null;
  return nearest.minus(price).abs().lessThanOrEqualTo(noise) ? nearest.toFixed() : null;
}

/** The step that applies at a price; null when none is known. Bands ascend by `from`. */
export function tickAt(
  bands: readonly { from: string; step: string }[],
  price: string,
): string | null {
  const at = new Decimal(price).abs();
  let step: string | null = null;
  for (const band of bands) if (at.greaterThanOrEqualTo(band.from)) step = band.step;
  return step;
}

/** Half a unit in the last place of the 32-bit float at this value. */
function halfUlp32(value: number): number {
  return 2 ** (Math.floor(Math.log2(Math.abs(value))) - 24);
}

function significantDigits(text: string): number {
  return text.replace(/[-.]/g, "").replace(/^0+/, "").length;
}

function shortestFloat32(value: number): string | null {
  for (let digits = 1; digits <= 9; digits++) {
    const short = value.toPrecision(digits);
    if (Math.fround(Number(short)) === value) return new Decimal(short).toFixed();
  }
  return null;
}
