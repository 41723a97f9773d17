import { accountMetadata } from "@ibkr-edge-gateway/protocol/operation-schemas/account-metadata.ts";
import { label } from "../client-portal/broker-text.ts";
import { accountMeta, brokerageAccounts } from "../client-portal/endpoints/accounts.ts";
import { provenance } from "./operation-context.ts";
import { serve } from "./operation-handler.ts";
import { resolveAccount } from "./resolve-account.ts";

export const serveAccountMetadata = serve(accountMetadata, async (context, input) => {
  const { accountId } = await resolveAccount(context, input.account_id);
  const session = context.session();
  const [meta, brokerage] = await Promise.all([
    context.ask(accountMeta(accountId)),
    session.state === "ready" ? context.ask(brokerageAccounts) : null,
  ]);
  const account = meta.value;
  const props = brokerage?.value.acctProps?.[accountId];
  const alias = label(account.accountAlias, 100);
  const noConversion = props?.noFXConv ?? null;
  return {
    account_id: accountId,
    alias: alias === accountId ? null : alias,
    mode: session.mode,
    base_currency: account.currency,
    customer_type: label(account.acctCustType, 40),
    trading_type: label(account.tradingType, 40),
    business_type: label(account.businessType, 40),
    legal_entity: label(account.ibEntity, 40),
    margin: marginOf(account.tradingType),
    clearing_status: label(account.clearingStatus, 20),
    fractional_shares: props?.supportsFractions ?? null,
    cash_quantity_orders: props?.supportsCashQty ?? null,
    currency_conversion: noConversion === null ? null : !noConversion,
    has_sub_accounts: props?.hasChildAccounts ?? null,
    tradable:
      brokerage === null
        ? null
        : brokerage.value.accounts.includes(accountId) && account.noClientTrading !== true,
    asset_classes:
      brokerage?.value.allowFeatures?.allowedAssetTypes
        ?.split(",")
        .map((kind) => kind.trim().slice(0, 20))
        .filter((kind) => kind !== "") ?? null,
    ...provenance(context, brokerage === null ? [meta] : [meta, brokerage]),
  };
});

/** `STKMRGN`, `PMRGN`, `STKCASH`: only what the broker's word says outright. */
function marginOf(tradingType: string | null): "cash" | "margin" | "unknown" {
  if (tradingType === null) return "unknown";
  if (/MRGN|MARGIN/i.test(tradingType)) return "margin";
  return /CASH/i.test(tradingType) ? "cash" : "unknown";
}
