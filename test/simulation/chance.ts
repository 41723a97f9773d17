/** Chance with a seed. Each purpose draws from a stream of its own, so that one draw more here moves nothing there. */
export interface Chance {
  /** Uniform in [0, 1). */
  next(): number;
  /** A whole number from `low` to `high`, both included. */
  between(low: number, high: number): number;
  /** True with this probability. */
  odds(probability: number): boolean;
  pick<T>(from: readonly T[]): T;
  bytes(count: number): Uint8Array;
}

export function chance(seed: number, purpose: string): Chance {
  let a = hash(`${purpose}:${seed}`, 0x9e3779b9);
  let b = hash(`${seed}:${purpose}`, 0x85ebca6b);
  let c = hash(purpose, seed >>> 0);
  let counter = 1;
  /** sfc32 */
  const word = (): number => {
    const t = (((a + b) | 0) + counter) | 0;
    counter = (counter + 1) | 0;
    a = b ^ (b >>> 9);
    b = (c + (c << 3)) | 0;
    c = (c << 21) | (c >>> 11);
    c = (c + t) | 0;
    return t >>> 0;
  };
  for (let turn = 0; turn < 12; turn += 1) word();
  const next = (): number => word() / 4_294_967_296;
  return {
    next,
    between: (low, high) => low + Math.floor(next() * (high - low + 1)),
    odds: (probability) => next() < probability,
    pick: (from) => {
      const one = from[Math.floor(next() * from.length)];
      if (one === undefined) throw new RangeError("nothing to pick from");
      return one;
    },
    bytes: (count) => Uint8Array.from({ length: count }, () => word() & 0xff),
  };
}

function hash(text: string, start: number): number {
  let value = start | 0;
  for (let at = 0; at < text.length; at += 1) {
    value = Math.imul(value ^ text.charCodeAt(at), 0x5bd1e995);
    value ^= value >>> 15;
  }
  return value | 0;
}
