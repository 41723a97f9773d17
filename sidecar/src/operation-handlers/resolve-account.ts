import { failure, GatewayError } from "@ibkr-edge-gateway/protocol/errors.ts";
import {
  accountIdOf,
  type PortfolioAccount,
  portfolioAccounts,
} from "../client-portal/endpoints/accounts.ts";
import type { Answer } from "../client-portal/portal-interface.ts";
import type { OperationContext } from "./operation-context.ts";

export interface ResolvedAccount {
  accountId: string;
  account: PortfolioAccount;
  baseCurrency: string | null;
  /** How many accounts the login has. */
  accountCount: number;
  answer: Answer<PortfolioAccount[]>;
}

/**
 * The account a call means. An id is only ever sent to the broker after it was found in the
 * broker's own list: the broker answers an unknown one with 401, which would cast doubt on the
 * whole session. It also must be read before any other portfolio question.
 */
export async function resolveAccount(
  context: OperationContext,
  named: string | undefined,
): Promise<ResolvedAccount> {
  const answer = await context.ask(portfolioAccounts);
  const known = answer.value.flatMap((account) => {
    const accountId = accountIdOf(account);
    return accountId === null ? [] : [{ accountId, account }];
  });
  const chosen = named === undefined ? known : known.filter((one) => one.accountId === named);
  const [only] = chosen;
  if (only === undefined) {
    throw new GatewayError(
      failure("INPUT_UNAUTHORIZED_ACCOUNT", "This broker login has no such account.", {
        user_action: "Name an account from the accounts list.",
      }),
    );
  }
  if (named === undefined && chosen.length > 1) {
    throw new GatewayError(
      failure(
        "INPUT_AMBIGUOUS_ACCOUNT",
        `This broker login has ${chosen.length} accounts; name the one you mean.`,
        { user_action: "Name an account from the accounts list." },
      ),
    );
  }
  return {
    accountId: only.accountId,
    account: only.account,
    baseCurrency: only.account.currency,
    accountCount: known.length,
    answer,
  };
}
