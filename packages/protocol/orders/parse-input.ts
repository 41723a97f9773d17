import type * as z from "zod";
import { decimalRefusal } from "./decimal-refusal.ts";
import { bracketFormFaults, modifyFormFaults, orderFormFaults } from "./form-faults.ts";
import {
  BracketInput,
  CancelInput,
  GroupInput,
  ModifyInput,
  OrderInput,
  ordersOfGroup,
} from "./order-input.ts";
import { type OrderRefusal, refusal } from "./order-refusal.ts";

/** Everything wrong with what a caller sent, each with its field and rule; or the parsed value. */
export type Parsed<T> = { ok: true; value: T } | { ok: false; refusals: OrderRefusal[] };

/** One order, from anything that a caller sent: its shape, then its form. */
export function parseOrderInput(value: unknown): Parsed<OrderInput> {
  return parse(OrderInput, value, orderFormFaults);
}

/** A bracket: an entry with its target and its stop. */
export function parseBracketInput(value: unknown): Parsed<BracketInput> {
  return parse(BracketInput, value, bracketFormFaults);
}

/** A one-cancels-all group. A fault of a member has the field `orders.<index>.<field>`. */
export function parseGroupInput(value: unknown): Parsed<GroupInput> {
  return parse(GroupInput, value, (group) =>
    ordersOfGroup(group).flatMap((order, index) =>
      orderFormFaults(order).map((fault) =>
        OF_A_MEMBER.has(fault.field)
          ? { ...fault, field: `orders.${index}.${fault.field}` }
          : fault,
      ),
    ),
  );
}

const OF_A_MEMBER: ReadonlySet<string> = new Set([
  "order_type",
  "limit_price",
  "stop_price",
  "trailing_amount",
  "trailing_percent",
]);

/** A change of a working order; it names what changes and nothing else of the order. */
export function parseModifyInput(value: unknown): Parsed<ModifyInput> {
  return parse(ModifyInput, value, modifyFormFaults);
}

/** A cancel of one order, by the positive number that the broker gave it. */
export function parseCancelInput(value: unknown): Parsed<CancelInput> {
  return parse(CancelInput, value, () => []);
}

function parse<T>(
  schema: z.ZodType<T>,
  value: unknown,
  faults: (parsed: T) => OrderRefusal[],
): Parsed<T> {
  const shaped = schema.safeParse(value);
  if (!shaped.success) {
    const refusals = shaped.error.issues.flatMap((issue) => explain(issue, value));
    return { ok: false, refusals };
  }
  const refusals = faults(shaped.data);
  return refusals.length > 0 ? { ok: false, refusals } : { ok: true, value: shaped.data };
}

const DECIMAL_FIELDS = new Set([
  "quantity",
  "cash_quantity",
  "limit_price",
  "stop_price",
  "trailing_amount",
  "trailing_percent",
  "strike",
  "take_profit_price",
  "stop_loss_price",
  "stop_loss_limit_price",
]);

function explain(issue: z.core.$ZodIssue, root: unknown): OrderRefusal[] {
  if (issue.code === "unrecognized_keys") {
    return issue.keys.map((key) => {
      // The key is the caller's text: it is quoted back only when it is a plain word.
      const name = /^[A-Za-z0-9_]{1,40}$/.test(key) ? key : "(unprintable)";
      return refusal(
        "INPUT_INVALID",
        name,
        "unknown_field",
        `${name} is not a field of this request.`,
      );
    });
  }
  const field = issue.path.map(String).join(".") || "(request)";
  const given = issue.path.reduce<unknown>(
    (at, key) =>
      Array.isArray(at) && typeof key === "number"
        ? at[key]
        : isRecord(at) && typeof key === "string"
          ? at[key]
          : undefined,
    root,
  );
  if (given === undefined) {
    return [refusal("INPUT_INVALID", field, "required", `${field} is required.`)];
  }
  if (DECIMAL_FIELDS.has(String(issue.path.at(-1)))) {
    const found = decimalRefusal(field, given);
    if (found !== null) return [found];
  }
  if (field === "order_id") {
    return [
      refusal(
        "ORDER_ID_REFUSED",
        field,
        "positive_order_id",
        "order_id must be the positive number of one order, as a string. The broker reads -1 as every order of the account, so it is never sent.",
      ),
    ];
  }
  const options = issue.code === "invalid_value" ? issue.values.map(String).join(", ") : null;
  return [
    refusal(
      "INPUT_INVALID",
      field,
      options === null ? "format" : "one_of",
      options === null ? `${field} has the wrong form.` : `${field} must be one of ${options}.`,
    ),
  ];
}

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null && !Array.isArray(value);
