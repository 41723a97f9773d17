import { failure, type GatewayFailure } from "@ibkr-edge-gateway/protocol/errors.ts";
import type { JsonObject } from "@ibkr-edge-gateway/protocol/json.ts";
import { isEdgeOrderOperation } from "@ibkr-edge-gateway/protocol/operation-schemas/edge-order-operations.ts";
import type { BrokerAccount } from "../rpc/account-types.ts";
import { takesAccount } from "./client-accounts.ts";

/**
 * An order names its account. Where the caller left it out and the login has only one, that one is
 * meant; the answer names it. Reads are filled in at the PC, which knows its accounts.
 */
export function lacksAccount(operation: string, input: JsonObject): boolean {
  return (
    isEdgeOrderOperation(operation) &&
    takesAccount(operation) &&
    typeof input.account_id !== "string"
  );
}

export function withOnlyAccount(
  input: JsonObject,
  accounts: readonly BrokerAccount[],
): { ok: true; input: JsonObject } | { ok: false; failure: GatewayFailure } {
  const [only, another] = accounts;
  if (only === undefined) {
    return {
      ok: false,
      failure: failure("INPUT_UNAUTHORIZED_ACCOUNT", "The broker login shows no account."),
    };
  }
  return another === undefined
    ? { ok: true, input: { ...input, account_id: only.accountId } }
    : {
        ok: false,
        failure: failure(
          "INPUT_AMBIGUOUS_ACCOUNT",
          "This broker login has more than one account, so the order must say which is meant. Nothing was done.",
        ),
      };
}
