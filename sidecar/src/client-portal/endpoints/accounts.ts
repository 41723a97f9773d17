import * as z from "zod";
import type { Ask } from "../portal-interface.ts";
import { recordOrNull, recordsOrNull, rows, wire } from "../readers.ts";
import { readWith } from "./read-with.ts";

/** `/portfolio/accounts`: the accounts of the login, readable without a brokerage session. */
const PortfolioAccount = z.looseObject({
  id: wire.text,
  accountId: wire.text,
  accountAlias: wire.text,
  currency: wire.currency,
  type: wire.text,
  tradingType: wire.text,
  acctCustType: wire.text,
  businessType: wire.text,
  ibEntity: wire.text,
  clearingStatus: wire.text,
  noClientTrading: wire.flag,
  brokerageAccess: wire.flag,
  // Two spellings occur.
  faclient: wire.flag,
  faClient: wire.flag,
});
export type PortfolioAccount = z.output<typeof PortfolioAccount>;

export const ACCOUNT_ID = /^[A-Z]{1,3}\d{3,12}[A-Z]?$/;

export const portfolioAccounts: Ask<PortfolioAccount[]> = {
  name: "portfolio.accounts",
  path: "/portfolio/accounts",
  needs: "sso",
  pace: "portfolio_accounts",
  ttlMs: 10 * 60_000,
  isCold: (accounts) => accounts.length === 0,
  decode: readWith("portfolio.accounts", rows(PortfolioAccount)),
};

export function accountIdOf(account: PortfolioAccount): string | null {
  const id = account.accountId ?? account.id;
  return id !== null && ACCOUNT_ID.test(id) ? id : null;
}

/** `/portfolio/{account}/meta`: one such record. */
export function accountMeta(accountId: string): Ask<PortfolioAccount> {
  return {
    name: "portfolio.meta",
    path: `/portfolio/${accountId}/meta`,
    needs: "sso",
    ttlMs: 60_000,
    decode: readWith("portfolio.meta", PortfolioAccount),
  };
}

const AccountProps = z.looseObject({
  hasChildAccounts: wire.flag,
  supportsCashQty: wire.flag,
  supportsFractions: wire.flag,
  noFXConv: wire.flag,
  isProp: wire.flag,
});

const BrokerageAccounts = z.looseObject({
  accounts: wire.list.transform((ids) =>
    ids.filter((id): id is string => typeof id === "string" && ACCOUNT_ID.test(id)),
  ),
  acctProps: recordsOrNull(AccountProps),
  aliases: recordOrNull(z.record(z.string(), wire.text)),
  allowFeatures: recordOrNull(
    z.looseObject({ allowedAssetTypes: wire.text, allowCrypto: wire.flag }),
  ),
  groups: wire.list,
  profiles: wire.list,
  selectedAccount: wire.text,
  isPaper: wire.flag,
});
type BrokerageAccounts = z.output<typeof BrokerageAccounts>;

/** `/iserver/accounts`: what the brokerage session can trade. */
export const brokerageAccounts: Ask<BrokerageAccounts> = {
  name: "iserver.accounts",
  path: "/iserver/accounts",
  needs: "brokerage",
  ttlMs: 10 * 60_000,
  decode: readWith("iserver.accounts", BrokerageAccounts),
};
