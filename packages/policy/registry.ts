import type { Check } from "./check.ts";
import { accountAllowedCheck } from "./checks/account-allowed.ts";
import { accountModeCheck } from "./checks/account-mode.ts";
import { agentBudgetCheck } from "./checks/agent-budget.ts";
import { approvalInTimeCheck } from "./checks/approval-in-time.ts";
import { approvalMatchesCheck } from "./checks/approval-matches.ts";
import { approvalPresentCheck } from "./checks/approval-present.ts";
import { approvalRateCheck } from "./checks/approval-rate.ts";
import { approvalTierCheck } from "./checks/approval-tier.ts";
import { approvalUnusedCheck } from "./checks/approval-unused.ts";
import { assetClassAllowedCheck } from "./checks/asset-class-allowed.ts";
import { auditAvailableCheck } from "./checks/audit-available.ts";
import { bracketCoherentCheck } from "./checks/bracket-coherent.ts";
import { buyNotionalPerDayCheck } from "./checks/buy-notional-per-day.ts";
import { buyingPowerCheck } from "./checks/buying-power.ts";
import { cancelFillRatioCheck } from "./checks/cancel-fill-ratio.ts";
import { cashOnlyCheck } from "./checks/cash-only.ts";
import { checklistCompleteCheck } from "./checks/checklist-complete.ts";
import { clientAllowedCheck } from "./checks/client-allowed.ts";
import { clientQuarantineCheck } from "./checks/client-quarantine.ts";
import { clockSkewCheck } from "./checks/clock-skew.ts";
import { commissionCheck } from "./checks/commission.ts";
import { concentrationCheck } from "./checks/concentration.ts";
import { currencyAllowedCheck } from "./checks/currency-allowed.ts";
import { dailyLossCheck } from "./checks/daily-loss.ts";
import { denialHoldsCheck } from "./checks/denial-holds.ts";
import { drawdownCheck } from "./checks/drawdown.ts";
import { duplicateOrderCheck } from "./checks/duplicate-order.ts";
import { excessLiquidityCheck } from "./checks/excess-liquidity.ts";
import { exchangeAllowedCheck } from "./checks/exchange-allowed.ts";
import { exposureCheck } from "./checks/exposure.ts";
import { fatFingerNotionalCheck } from "./checks/fat-finger-notional.ts";
import { fatFingerQuantityCheck } from "./checks/fat-finger-quantity.ts";
import { featureEnabledCheck } from "./checks/feature-enabled.ts";
import { foreignOrderCheck } from "./checks/foreign-order.ts";
import { fractionalCheck } from "./checks/fractional.ts";
import { greeksCheck } from "./checks/greeks.ts";
import { groupCoherentCheck } from "./checks/group-coherent.ts";
import { gtcAgeCheck } from "./checks/gtc-age.ts";
import { idempotencyConflictCheck } from "./checks/idempotency-conflict.ts";
import { idempotencyKeyCheck } from "./checks/idempotency-key.ts";
import { instrumentAllowedCheck } from "./checks/instrument-allowed.ts";
import { instrumentDeniedCheck } from "./checks/instrument-denied.ts";
import { instrumentUnambiguousCheck } from "./checks/instrument-unambiguous.ts";
import { issuerAllowedCheck } from "./checks/issuer-allowed.ts";
import { killSwitchCheck } from "./checks/kill-switch.ts";
import { leverageCheck } from "./checks/leverage.ts";
import { lossCooldownCheck } from "./checks/loss-cooldown.ts";
import { maintenanceWindowCheck } from "./checks/maintenance-window.ts";
import { marketOrderCheck } from "./checks/market-order.ts";
import { marketPresentCheck } from "./checks/market-present.ts";
import { marketSlippageCheck } from "./checks/market-slippage.ts";
import { messageRateCheck } from "./checks/message-rate.ts";
import { nlvPercentCheck } from "./checks/nlv-percent.ts";
import { noTakeoverCheck } from "./checks/no-takeover.ts";
import { notHaltedCheck } from "./checks/not-halted.ts";
import { openNotionalCheck } from "./checks/open-notional.ts";
import { openOrdersCheck } from "./checks/open-orders.ts";
import { optionRulesCheck } from "./checks/option-rules.ts";
import { orderModifiableCheck } from "./checks/order-modifiable.ts";
import { orderNotionalCheck } from "./checks/order-notional.ts";
import { orderQuantityCheck } from "./checks/order-quantity.ts";
import { orderRateCheck } from "./checks/order-rate.ts";
import { orderTypeAllowedCheck } from "./checks/order-type-allowed.ts";
import { ordersPerDayCheck } from "./checks/orders-per-day.ts";
import { outsideRthCheck } from "./checks/outside-rth.ts";
import { policyEnabledCheck } from "./checks/policy-enabled.ts";
import { policyInForceCheck } from "./checks/policy-in-force.ts";
import { positionNlvCheck } from "./checks/position-nlv.ts";
import { positionNotionalCheck } from "./checks/position-notional.ts";
import { positionQuantityCheck } from "./checks/position-quantity.ts";
import { previewFreshCheck } from "./checks/preview-fresh.ts";
import { priceCollarCheck } from "./checks/price-collar.ts";
import { priceDriftCheck } from "./checks/price-drift.ts";
import { priceTickCheck } from "./checks/price-tick.ts";
import { protectiveStopCheck } from "./checks/protective-stop.ts";
import { quantityStepCheck } from "./checks/quantity-step.ts";
import { quietHoursCheck } from "./checks/quiet-hours.ts";
import { quoteFreshCheck } from "./checks/quote-fresh.ts";
import { quoteLiveCheck } from "./checks/quote-live.ts";
import { quoteTwoSidedCheck } from "./checks/quote-two-sided.ts";
import { quoteUncrossedCheck } from "./checks/quote-uncrossed.ts";
import { reconcilingCheck } from "./checks/reconciling.ts";
import { reduceOnlyCheck } from "./checks/reduce-only.ts";
import { reentryLockCheck } from "./checks/reentry-lock.ts";
import { repeatedExecutionCheck } from "./checks/repeated-execution.ts";
import { restrictedListCheck } from "./checks/restricted-list.ts";
import { roundTripsCheck } from "./checks/round-trips.ts";
import { scopeGrantedCheck } from "./checks/scope-granted.ts";
import { sectorAllowedCheck } from "./checks/sector-allowed.ts";
import { selfTradeCheck } from "./checks/self-trade.ts";
import { sessionReadyCheck } from "./checks/session-ready.ts";
import { shortAllowedCheck } from "./checks/short-allowed.ts";
import { sidecarOnlineCheck } from "./checks/sidecar-online.ts";
import { spreadCheck } from "./checks/spread.ts";
import { stopSideCheck } from "./checks/stop-side.ts";
import { tifAllowedCheck } from "./checks/tif-allowed.ts";
import { tradableNowCheck } from "./checks/tradable-now.ts";
import { tradingStateCheck } from "./checks/trading-state.ts";
import { turnoverPerDayCheck } from "./checks/turnover-per-day.ts";
import { venueRulesCheck } from "./checks/venue-rules.ts";
import { whatIfAcceptedCheck } from "./checks/what-if-accepted.ts";
import { whatIfAgrees } from "./checks/what-if-agrees.ts";
import { wouldFlipCheck } from "./checks/would-flip.ts";

/**
 * Every check, in the order of evaluation: state, identity, form, instrument, data quality, per
 * order, cumulative, portfolio, behaviour, approval. All of them run; the order is for the reader.
 */
export const CHECKS: readonly Check[] = [
  // state
  killSwitchCheck,
  tradingStateCheck,
  noTakeoverCheck,
  sessionReadyCheck,
  sidecarOnlineCheck,
  reconcilingCheck,
  auditAvailableCheck,
  clockSkewCheck,
  policyEnabledCheck,
  policyInForceCheck,
  maintenanceWindowCheck,
  // identity
  scopeGrantedCheck,
  clientAllowedCheck,
  accountAllowedCheck,
  accountModeCheck,
  checklistCompleteCheck,
  featureEnabledCheck,
  foreignOrderCheck,
  orderModifiableCheck,
  agentBudgetCheck,
  clientQuarantineCheck,
  // form
  marketOrderCheck,
  orderTypeAllowedCheck,
  gtcAgeCheck,
  outsideRthCheck,
  tifAllowedCheck,
  fractionalCheck,
  priceTickCheck,
  quantityStepCheck,
  stopSideCheck,
  bracketCoherentCheck,
  groupCoherentCheck,
  venueRulesCheck,
  // instrument
  instrumentUnambiguousCheck,
  assetClassAllowedCheck,
  currencyAllowedCheck,
  exchangeAllowedCheck,
  instrumentAllowedCheck,
  instrumentDeniedCheck,
  issuerAllowedCheck,
  restrictedListCheck,
  sectorAllowedCheck,
  notHaltedCheck,
  tradableNowCheck,
  optionRulesCheck,
  // data
  marketPresentCheck,
  quoteFreshCheck,
  quoteLiveCheck,
  quoteTwoSidedCheck,
  quoteUncrossedCheck,
  spreadCheck,
  priceCollarCheck,
  fatFingerNotionalCheck,
  fatFingerQuantityCheck,
  marketSlippageCheck,
  // order
  orderNotionalCheck,
  orderQuantityCheck,
  nlvPercentCheck,
  buyingPowerCheck,
  cashOnlyCheck,
  excessLiquidityCheck,
  leverageCheck,
  whatIfAcceptedCheck,
  whatIfAgrees,
  commissionCheck,
  // cumulative
  cancelFillRatioCheck,
  messageRateCheck,
  orderRateCheck,
  ordersPerDayCheck,
  buyNotionalPerDayCheck,
  roundTripsCheck,
  turnoverPerDayCheck,
  openNotionalCheck,
  openOrdersCheck,
  repeatedExecutionCheck,
  // portfolio
  positionNlvCheck,
  positionNotionalCheck,
  positionQuantityCheck,
  concentrationCheck,
  exposureCheck,
  greeksCheck,
  shortAllowedCheck,
  wouldFlipCheck,
  selfTradeCheck,
  reduceOnlyCheck,
  protectiveStopCheck,
  // behaviour
  dailyLossCheck,
  drawdownCheck,
  lossCooldownCheck,
  reentryLockCheck,
  quietHoursCheck,
  duplicateOrderCheck,
  idempotencyConflictCheck,
  idempotencyKeyCheck,
  previewFreshCheck,
  priceDriftCheck,
  // approval
  approvalInTimeCheck,
  approvalMatchesCheck,
  approvalPresentCheck,
  approvalTierCheck,
  approvalUnusedCheck,
  approvalRateCheck,
  denialHoldsCheck,
];
