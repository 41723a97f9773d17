import type { JsonValue } from "@ibkr-edge-gateway/protocol/json.ts";
import type * as z from "zod";

/** What is wrong with one argument, for a model to mend: its name, and what belongs there. */
export function problemOf(issue: z.core.$ZodIssue, args: JsonValue | undefined): string {
  const where = issue.path.map(String).join(".").slice(0, 80);
  if (issue.code === "unrecognized_keys") {
    const names = issue.keys.slice(0, 5).map((key) => JSON.stringify(key.slice(0, 40)));
    return `${where === "" ? "" : `${where}: `}there is no argument ${names.join(", ")}`;
  }
  if (where === "") return "the arguments must be one JSON object";
  const missing = issue.path.length > 0 && valueAt(args, issue.path) === undefined;
  return `${where} ${missing ? "is required" : rule(issue)}`;
}

function rule(issue: z.core.$ZodIssue): string {
  switch (issue.code) {
    case "invalid_value":
      return `must be ${issue.values.length > 1 ? "one of " : ""}${issue.values.map(String).join(", ")}`;
    case "too_small":
      return bound("at least", issue.origin, issue.minimum);
    case "too_big":
      return bound("at most", issue.origin, issue.maximum);
    case "invalid_type":
      return `must be ${KINDS[issue.expected] ?? issue.expected}`;
    case "invalid_format":
      return `must be ${formOf(issue.path.at(-1))}`;
    case "custom":
      return issue.message.slice(0, 200);
    default:
      return "has the wrong form; see its description";
  }
}

const KINDS: Readonly<Record<string, string>> = {
  string: "text",
  int: "a whole number",
  number: "a number",
  boolean: "true or false",
  array: "a list",
  object: "an object",
};

function bound(word: string, origin: string, limit: number | bigint): string {
  const least = String(limit);
  switch (origin) {
    case "string":
      return `must have ${word} ${least} characters`;
    case "array":
    case "set":
      return `must have ${word} ${least} entries`;
    default:
      return `must be ${word} ${least}`;
  }
}

/** What a field of a fixed form looks like. A pattern says it to a parser and to nobody else. */
const FORMS: Readonly<Record<string, string>> = {
  account_id: 'a broker account such as "U1234567", from ibkr_accounts_list',
  approval_id: "an approval_id from ibkr_approvals_create",
  preview_id: "the preview_id of a preview",
  order_id: "the broker's number of one order, from ibkr_orders_list",
  order_ref: "the order_ref of a submit's answer",
  idempotency_key: "8 to 128 letters, digits or . _ : -",
  conid: "a contract id, from ibkr_contract_resolve",
  symbol: 'a ticker such as "AAPL" or "BRK B"',
  currency: 'three letters such as "USD"',
  exchange: 'an exchange such as "NASDAQ"',
  expiry: 'a day such as "20261218"',
  month: 'a month such as "2026-12"',
  period: 'a period such as "5d", "4w" or "1y"',
  end: 'a time in UTC such as "2026-11-30T14:30:00Z"',
};

function formOf(field: PropertyKey | undefined): string {
  const name = String(field);
  return Object.hasOwn(FORMS, name) ? (FORMS[name] ?? "") : "of the form that its description says";
}

function valueAt(root: unknown, path: readonly PropertyKey[]): unknown {
  return path.reduce<unknown>(
    (at, key) => (typeof at === "object" && at !== null ? Reflect.get(at, key) : undefined),
    root,
  );
}
