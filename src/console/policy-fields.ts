import { PolicyDocument } from "@ibkr-edge-gateway/policy/document.ts";
import { POLICY_FIELDS } from "@ibkr-edge-gateway/policy/restriction.ts";
import { canonicalJson } from "@ibkr-edge-gateway/protocol/digest.ts";
import * as z from "zod";
import { textOf } from "./policy-words.ts";
import { type Typed, typedAmount, typedCount, typedMoment } from "./typed-number.ts";

/** The limits of a policy as fields of a form, and what was typed there read back into a policy. */
export interface PolicyField {
  /** `order.max_notional`. */
  path: string;
  /** `order`; `state` for what stands in no part of the policy. */
  section: string;
  value: unknown;
}

/** What is edited here; identity, mode and version of an account's policy are not. */
const FIXED = new Set(["v", "account_id", "mode"]);
/** Lists of records are kept as they are; the form cannot say them well. */
const RECORD_LISTS = new Set(["state.maintenance", "state.quiet_hours", "instruments.restricted"]);

export function fieldsOf(document: PolicyDocument): PolicyField[] {
  return POLICY_FIELDS.map(({ path }) => path)
    .filter((path) => !FIXED.has(path[0] ?? "") && !RECORD_LISTS.has(path.join(".")))
    .map((path) => ({
      path: path.join("."),
      section: path.length === 1 ? "state" : (path[0] ?? ""),
      value: valueAt(document, path),
    }));
}

/** What is wrong with a field, in words. */
export type Problems = ReadonlyMap<string, string>;

/** The policy that the form says, or every field that cannot be taken with what is wrong with it. */
export function documentFrom(
  document: PolicyDocument,
  form: URLSearchParams,
): { ok: true; document: PolicyDocument } | { ok: false; problems: Problems } {
  const draft: unknown = JSON.parse(canonicalJson(document));
  const problems = new Map<string, string>();
  for (const { path, value } of fieldsOf(document)) {
    const typed = form.get(path)?.trim();
    if (typeof value === "boolean") {
      setAt(draft, path, typed === "yes");
      continue;
    }
    if (typed === undefined) problems.set(path, "This field was not sent. Load the page again.");
    else if (typed !== fieldText(path, value)) {
      const read = readField(path, typed);
      if (read.ok) setAt(draft, path, read.value);
      else problems.set(path, read.problem);
    }
  }
  if (problems.size > 0) return { ok: false, problems };
  const whole = PolicyDocument.safeParse(draft);
  if (whole.success) return { ok: true, document: whole.data };
  for (const { path } of whole.error.issues) {
    problems.set(path.slice(0, 2).join("."), "This cannot be taken here.");
  }
  return { ok: false, problems };
}

/** Amounts, counts, moments, words and lists, as the policy's own schema has them. Empty is no limit. */
function readField(path: string, text: string): Typed<unknown> {
  const { schema, nullable } = schemaOf(path);
  if (schema instanceof z.ZodArray)
    return readList(schema.element, text, {
      nullable,
      separator: NAMES.has(path) ? /[,;\n]+/ : /[\s,;]+/,
    });
  if (text === "" && nullable) return { ok: true, value: null };
  if (text === "") return { ok: false, problem: "This limit needs a value." };
  if (schema instanceof z.ZodEnum) return readWord(schema, text);
  if (SHARE.test(path) && /\d[,'’\s]\d/.test(text)) {
    return { ok: false, problem: "Write this share with a point and no other sign, such as 2.5." };
  }
  if (schema instanceof z.ZodNumber) {
    const count = typedCount(text);
    if (!count.ok || schema.safeParse(count.value).success) return count;
    return { ok: false, problem: "This must be more than zero." };
  }
  return schema instanceof z.ZodISODateTime ? typedMoment(text) : typedAmount(text);
}

/** Nobody means two and a half thousand percent by `2,500`. */
const SHARE = /_(?:percent|bps)$/;

/** Names of several words: a blank does not part them, or what is denied would be some other names. */
const NAMES = new Set(["instruments.issuers_denied", "instruments.sectors_denied"]);

/** What stands in a field; names of several words are parted by commas. */
export const fieldText = (path: string, value: unknown): string =>
  NAMES.has(path) && Array.isArray(value) ? value.map(String).join(", ") : textOf(value);

function readList(
  element: z.core.$ZodType,
  text: string,
  { nullable, separator }: { nullable: boolean; separator: RegExp },
): Typed<unknown> {
  const items = text
    .split(separator)
    .map((item) => item.trim())
    .filter((item) => item !== "");
  if (items.length === 0) return { ok: true, value: nullable ? null : [] };
  const values: unknown[] = [];
  for (const item of items) {
    const read = readItem(element, item);
    if (!read.ok) return read;
    values.push(read.value);
  }
  return { ok: true, value: values };
}

function readItem(element: z.core.$ZodType, item: string): Typed<unknown> {
  if (element instanceof z.ZodEnum) return readWord(element, item);
  const isNumber = element instanceof z.ZodNumber;
  const value = isNumber && /^\d{1,15}$/.test(item) ? Number(item) : item;
  if (z.safeParse(element, value).success) return { ok: true, value };
  const whatFits = isNumber
    ? "a contract id: digits only, such as 265598"
    : "a word that fits here";
  return { ok: false, problem: `“${item}” is not ${whatFits}.` };
}

/** One of a few words, however they are written. */
function readWord(schema: z.ZodEnum, text: string): Typed<unknown> {
  const word = schema.options.find((one) => String(one).toLowerCase() === text.toLowerCase());
  if (word !== undefined) return { ok: true, value: word };
  const known = schema.options.map(String).join(", ");
  return { ok: false, problem: `“${text}” is not known here. Use ${known}.` };
}

function schemaOf(path: string): { schema: z.core.$ZodType; nullable: boolean } {
  let schema: z.core.$ZodType = PolicyDocument;
  let nullable = false;
  for (const key of path.split(".")) {
    const next: z.core.$ZodType | undefined =
      schema instanceof z.ZodObject ? schema.shape[key] : undefined;
    if (next === undefined) throw new TypeError(`policy has no field ${path}`);
    schema = next;
  }
  while (schema instanceof z.ZodNullable || schema instanceof z.ZodDefault) {
    nullable ||= schema instanceof z.ZodNullable;
    schema = schema.unwrap();
  }
  return { schema, nullable };
}

function valueAt(document: object, path: readonly string[]): unknown {
  let value: unknown = document;
  for (const key of path) {
    value =
      typeof value === "object" && value !== null && key in value
        ? Object.entries(value).find(([name]) => name === key)?.[1]
        : undefined;
  }
  return value;
}

function setAt(document: unknown, path: string, value: unknown): void {
  const keys = path.split(".");
  const last = keys.pop();
  let place: unknown = document;
  for (const key of keys) place = valueAt(Object(place), [key]);
  if (last !== undefined && typeof place === "object" && place !== null) {
    Object.assign(place, { [last]: value });
  }
}
