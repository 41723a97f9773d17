import type { TargetOrder } from "./canonical-order.ts";
import { type CanonicalOrder, type Contract, canonicalOrder, type Leg } from "./canonical-order.ts";
import { FIELDS_OF_TYPE, worksOutside } from "./form-faults.ts";
import type { BracketInput, ModifyInput, OrderInput } from "./order-input.ts";
import { type OrderRefusal, refusal } from "./order-refusal.ts";
import { opposite, type TradingMode } from "./order-terms.ts";

/** From what was asked, and the contract the sidecar resolved, to the canonical order. */
export function orderOf(input: OrderInput, contract: Contract, mode: TradingMode): CanonicalOrder {
  return canonicalOrder({
    v: 1,
    action: "place",
    structure: "single",
    account_id: input.account_id,
    mode,
    legs: [{ role: "single", contract, ...termsOf(input) }],
    target: null,
    reduce_only: input.reduce_only,
  });
}

/**
 * Entry first; the exits stand on the other side with the same quantity, and in the hours of the entry.
 * A share's plain stop alone works in regular hours only, which the order's words say.
 */
export function bracketOf(
  input: BracketInput,
  contract: Contract,
  mode: TradingMode,
): CanonicalOrder {
  const entry: Leg = { role: "entry", contract, ...termsOf(input) };
  const exit = {
    contract,
    side: opposite(input.side),
    quantity: entry.quantity,
    cash_quantity: null,
    trailing: null,
    time_in_force: input.time_in_force,
  };
  const stopLimit = input.stop_loss_limit_price ?? null;
  const stopType = stopLimit === null ? "STP" : "STOP_LIMIT";
  return canonicalOrder({
    v: 1,
    action: "place",
    structure: "bracket",
    account_id: input.account_id,
    mode,
    legs: [
      entry,
      {
        ...exit,
        role: "take_profit",
        order_type: "LMT",
        outside_rth: input.outside_rth,
        limit_price: input.take_profit_price,
        stop_price: null,
      },
      {
        ...exit,
        role: "stop_loss",
        order_type: stopType,
        outside_rth:
          input.outside_rth && (contract.asset_class === "FUT" || worksOutside(stopType)),
        limit_price: stopLimit,
        stop_price: input.stop_loss_price,
      },
    ],
    target: null,
    reduce_only: false,
  });
}

/** One cancels the others: each order as asked, all in one group. */
export function ocaOf(
  inputs: readonly { input: OrderInput; contract: Contract }[],
  accountId: string,
  mode: TradingMode,
): CanonicalOrder {
  return canonicalOrder({
    v: 1,
    action: "place",
    structure: "oca",
    account_id: accountId,
    mode,
    legs: inputs.map(({ input, contract }) => ({
      role: "oca_member",
      contract,
      ...termsOf(input),
    })),
    target: null,
    reduce_only: inputs.every(({ input }) => input.reduce_only),
  });
}

/**
 * The order as it would stand after a change. The broker wants the whole order again, so what is
 * not named is re-stated from the order as it works now; a field its type does not have is refused.
 */
export function modifiedOrderOf(
  change: ModifyInput,
  target: TargetOrder,
  mode: TradingMode,
): { ok: true; order: CanonicalOrder } | { ok: false; refusals: OrderRefusal[] } {
  const { before } = target;
  const needs = FIELDS_OF_TYPE[before.order_type];
  const refusals: OrderRefusal[] = [];
  const misfit = (field: string) =>
    refusals.push(
      refusal(
        "ORDER_FIELD_NOT_ALLOWED",
        field,
        "not_for_type",
        `The order is ${before.order_type}, which has no ${field}.`,
      ),
    );
  if (change.limit_price !== undefined && needs.limit === "forbidden") misfit("limit_price");
  if (change.stop_price !== undefined && needs.stop === "forbidden") misfit("stop_price");
  if (change.trailing_amount !== undefined && !needs.trailing) misfit("trailing_amount");
  if (change.trailing_percent !== undefined && !needs.trailing) misfit("trailing_percent");
  if (refusals.length > 0) return { ok: false, refusals };

  const after: Leg = {
    ...before,
    quantity: change.quantity ?? before.quantity,
    limit_price: change.limit_price ?? before.limit_price,
    stop_price: change.stop_price ?? before.stop_price,
    trailing: trailingOf(change) ?? before.trailing,
    time_in_force: change.time_in_force ?? before.time_in_force,
  };
  const order = canonicalOrder({
    v: 1,
    action: "modify",
    structure: "single",
    account_id: change.account_id,
    mode,
    legs: [after],
    target,
    reduce_only: false,
  });
  return { ok: true, order };
}

/** Cancels one order; its legs say which. */
export function cancelOf(
  accountId: string,
  target: TargetOrder,
  mode: TradingMode,
): CanonicalOrder {
  return canonicalOrder({
    v: 1,
    action: "cancel",
    structure: "single",
    account_id: accountId,
    mode,
    legs: [target.before],
    target,
    reduce_only: false,
  });
}

function termsOf(input: OrderInput | BracketInput): Omit<Leg, "role" | "contract"> {
  return {
    side: input.side,
    order_type: input.order_type,
    quantity: input.quantity ?? null,
    cash_quantity: input.cash_quantity ?? null,
    limit_price: input.limit_price ?? null,
    stop_price: input.stop_price ?? null,
    trailing: trailingOf(input),
    time_in_force: input.time_in_force,
    outside_rth: input.outside_rth,
  };
}

function trailingOf(input: {
  trailing_amount?: string | undefined;
  trailing_percent?: string | undefined;
}): Leg["trailing"] {
  if (input.trailing_amount !== undefined) {
    return { unit: "amount", offset: input.trailing_amount };
  }
  if (input.trailing_percent !== undefined) {
    return { unit: "percent", offset: input.trailing_percent };
  }
  return null;
}
