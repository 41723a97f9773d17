/** Chance with a seed (mulberry32): the same seed gives the same run. */
export interface SeededRandom {
  /** Uniform in [0, 1). */
  next(): number;
  below(n: number): number;
  bytes(n: number): Uint8Array;
  base64url32(): string;
}

export function seededRandom(seed: number): SeededRandom {
  let state = seed >>> 0;
  const next = () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296;
  };
  const below = (n: number) => Math.floor(next() * n);
  const bytes = (n: number) => Uint8Array.from({ length: n }, () => below(256));
  return {
    next,
    below,
    bytes,
    base64url32: () => Buffer.from(bytes(32)).toString("base64url"),
  };
}
