import { canonicalJson } from "@ibkr-edge-gateway/protocol/digest.ts";
import type { JsonValue } from "@ibkr-edge-gateway/protocol/json.ts";
import { parseFigure } from "@ibkr-edge-gateway/protocol/orders/decimal.ts";
import * as z from "zod";
import { DIRECTIONS, type Direction, PolicyDocument } from "./document.ts";

/**
 * Tightening is instant, loosening waits or needs the passkey: so every change is judged field by
 * field. What cannot be judged counts as loosening. A policy that tightens one field and loosens
 * another loosens.
 */
export interface FieldChange {
  /** `order.max_notional`. */
  field: string;
  change: "tighter" | "looser";
  from: JsonValue;
  to: JsonValue;
}

export interface Comparison {
  changes: FieldChange[];
  loosens: boolean;
}

/**
 * Every field that differs, with its direction, and whether the change as a whole loosens. Fields
 * that are the same in canonical JSON are no change.
 */
export function compareRestriction(from: PolicyDocument, to: PolicyDocument): Comparison {
  const changes: FieldChange[] = [];
  for (const { path, direction } of POLICY_FIELDS) {
    const before = at(from, path);
    const after = at(to, path);
    if (canonicalJson(before) === canonicalJson(after)) continue;
    const tighter = isTighter(direction, before, after);
    changes.push({
      field: path.join("."),
      change: tighter ? "tighter" : "looser",
      from: before,
      to: after,
    });
  }
  return { changes, loosens: changes.some(({ change }) => change === "looser") };
}

/** Every leaf of a policy with the direction in which it tightens. */
export const POLICY_FIELDS: readonly { path: string[]; direction: Direction }[] = leaves(
  PolicyDocument,
  [],
);

function leaves(
  schema: z.core.$ZodType,
  path: string[],
): { path: string[]; direction: Direction }[] {
  const known = DIRECTIONS.get(schema);
  if (known !== undefined) return [{ path, direction: known.tightens }];
  if (schema instanceof z.ZodObject) {
    return Object.entries(schema.shape).flatMap(([key, field]) => leaves(field, [...path, key]));
  }
  throw new TypeError(`policy field ${path.join(".")} has no direction`);
}

function isTighter(direction: Direction, before: JsonValue, after: JsonValue): boolean {
  switch (direction) {
    case "lower":
      return numericallyTighter(before, after, -1);
    case "higher":
      return numericallyTighter(before, after, 1);
    case "fewer":
      // Null admits everything.
      if (after === null) return false;
      return before === null || isSubset(after, before);
    case "more":
      return isSubset(before, after);
    case "forbid":
      return before === true && after === false;
    case "demand":
      return before === false && after === true;
    case "earlier":
      if (after === null) return false;
      return before === null || Date.parse(String(after)) < Date.parse(String(before));
    case "never":
      return after === "never";
    case "any":
      return false;
  }
}

function numericallyTighter(before: JsonValue, after: JsonValue, sign: 1 | -1): boolean {
  if (after === null) return false;
  if (before === null) return true;
  const from = parseFigure(String(before));
  const to = parseFigure(String(after));
  if (from === null || to === null) return false;
  return to.minus(from).times(sign).greaterThan(0);
}

function isSubset(part: JsonValue, whole: JsonValue): boolean {
  if (!Array.isArray(part) || !Array.isArray(whole)) return false;
  const known = new Set(whole.map(canonicalJson));
  return part.every((item) => known.has(canonicalJson(item)));
}

function at(document: PolicyDocument, path: readonly string[]): JsonValue {
  let value: JsonValue = document;
  for (const key of path) {
    const next: JsonValue | undefined =
      typeof value === "object" && value !== null && !Array.isArray(value) ? value[key] : undefined;
    if (next === undefined) throw new TypeError(`policy has no field ${path.join(".")}`);
    value = next;
  }
  return value;
}
