import { failure, type GatewayFailure } from "@ibkr-edge-gateway/protocol/errors.ts";
import type { JsonObject, JsonValue } from "@ibkr-edge-gateway/protocol/json.ts";
import {
  EDGE_ORDER_OPERATIONS,
  isEdgeOrderOperation,
} from "@ibkr-edge-gateway/protocol/operation-schemas/edge-order-operations.ts";
import {
  isOperationName,
  OPERATIONS,
} from "@ibkr-edge-gateway/protocol/operation-schemas/registry.ts";

/**
 * Broker accounts are granted per client. A call is narrowed before it leaves and its answer is
 * read again before it is given out; `null` stands for every account.
 */

type Narrowed = { ok: true; input: JsonObject } | { ok: false; failure: GatewayFailure };

/** The input with the account it is about, when the client's grant leaves only one. */
export function narrowInput(
  operation: string,
  input: JsonObject,
  accounts: readonly string[] | null,
): Narrowed {
  if (accounts === null || !takesAccount(operation)) return { ok: true, input };
  const { account_id: named } = input;
  if (typeof named === "string") {
    return accounts.includes(named) ? { ok: true, input } : { ok: false, failure: notGranted() };
  }
  const [only, ...more] = accounts;
  if (only === undefined) return { ok: false, failure: notGranted() };
  if (more.length > 0) {
    return {
      ok: false,
      failure: failure(
        "INPUT_AMBIGUOUS_ACCOUNT",
        "This client may use more than one broker account; name the one that is meant.",
      ),
    };
  }
  return { ok: true, input: { ...input, account_id: only } };
}

/** The answer without accounts the client may not see; null when it is about such a one. */
export function narrowResult(
  result: JsonValue,
  accounts: readonly string[] | null,
): { result: JsonValue; changed: boolean } | null {
  if (accounts === null || !isObject(result)) return { result, changed: false };
  if (typeof result.account_id === "string" && !accounts.includes(result.account_id)) return null;
  if (!Array.isArray(result.accounts)) return { result, changed: false };
  const kept = result.accounts.filter(
    (entry) =>
      isObject(entry) &&
      typeof entry.account_id === "string" &&
      accounts.includes(entry.account_id),
  );
  return { result: { ...result, accounts: kept }, changed: true };
}

export function notGranted(): GatewayFailure {
  return failure(
    "INPUT_UNAUTHORIZED_ACCOUNT",
    "There is no such broker account for this connection.",
    { user_action: "List the accounts; the owner chooses them in the console, under Clients." },
  );
}

/** Whether an operation is about one broker account. */
export function takesAccount(operation: string): boolean {
  if (isEdgeOrderOperation(operation)) {
    return "account_id" in EDGE_ORDER_OPERATIONS[operation].input.shape;
  }
  if (!isOperationName(operation)) return false;
  const { input } = OPERATIONS[operation];
  return "shape" in input && "account_id" in input.shape;
}

function isObject(value: JsonValue): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
