/**
 * What the simulator puts on the wire. The broker's Java server writes a double as `44.0` and a
 * small one as `2.5849e-4`, and integers bare; a client that keeps figures as text sees the
 * difference, so the simulator writes it too.
 */
export interface RawNumber {
  readonly rawJSON: string;
}

export type WireJson =
  | string
  | number
  | boolean
  | null
  | undefined
  | RawNumber
  | readonly WireJson[]
  | { readonly [key: string]: WireJson };

/** V8 has `JSON.rawJSON`, TypeScript's libraries do not describe it yet. */
declare global {
  interface JSON {
    rawJSON(text: string): RawNumber;
  }
}

interface Numeric {
  toNumber(): number;
}

/** A figure as the broker's Java server prints a double. */
export function double(value: number | Numeric): RawNumber {
  const plain = typeof value === "number" ? value : value.toNumber();
  if (!Number.isFinite(plain)) throw new RangeError(`not a wire number: ${plain}`);
  if (plain === 0) return JSON.rawJSON("0.0");
  if (Math.abs(plain) < 1e-3) return JSON.rawJSON(plain.toExponential());
  return JSON.rawJSON(Number.isInteger(plain) ? `${plain}.0` : String(plain));
}

/** Compact JSON; keys whose value is undefined are left out. */
export function encode(value: WireJson): string {
  return JSON.stringify(value);
}

export type Fields = { readonly [key: string]: unknown };

/** Narrows parsed JSON to an object, without trusting any of its fields. */
export function isFields(value: unknown): value is Fields {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
