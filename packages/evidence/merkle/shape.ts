/** The shape of RFC 6962's tree, in plain arithmetic: sizes go beyond what bit operations hold. */

/** The largest power of two below `size`, which is at least two. */
export function splitOf(size: number): number {
  let split = 1;
  while (split * 2 < size) split *= 2;
  return split;
}

/** The smallest level whose subtrees hold at least `size` leaves. */
export function levelOf(size: number): number {
  let level = 0;
  while (2 ** level < size) level++;
  return level;
}

/** Whether a number is 1, 2, 4, 8 … */
export function isPowerOfTwo(value: number): boolean {
  return value >= 1 && 2 ** levelOf(value) === value;
}

/** The levels of the full subtrees that `size` leaves consist of, from left (largest) to right. */
export function fullLevels(size: number): number[] {
  const levels: number[] = [];
  let left = size;
  for (let level = levelOf(size); level >= 0; level--) {
    if (left >= 2 ** level) {
      levels.push(level);
      left -= 2 ** level;
    }
  }
  return levels;
}

/** On which side each sibling stands on the way from a node to the root, bottom up. */
export function siblingSides(position: number, last: number): ("left" | "right")[] {
  const sides: ("left" | "right")[] = [];
  let at = position;
  for (let end = last; end > 0; end = Math.floor(end / 2)) {
    // The last node of its level has no sibling to the right; it rises until it has one to the left.
    if (at % 2 === 1) sides.push("left");
    else if (at < end) sides.push("right");
    at = Math.floor(at / 2);
  }
  return sides;
}

/** True for a whole number from 0 to 2^53 − 1. */
export function isCount(value: number): boolean {
  return Number.isSafeInteger(value) && value >= 0;
}
