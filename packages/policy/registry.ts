import type { Check } from "./check.ts";
import { accountAllowed } from "./checks/account-allowed.ts";
import { accountMode } from "./checks/account-mode.ts";
import { agentBudget } from "./checks/agent-budget.ts";
import { approvalInTime } from "./checks/approval-in-time.ts";
import { approvalMatches } from "./checks/approval-matches.ts";
import { approvalPresent } from "./checks/approval-present.ts";
import { approvalRate } from "./checks/approval-rate.ts";
import { approvalTier } from "./checks/approval-tier.ts";
import { approvalUnused } from "./checks/approval-unused.ts";
import { assetClassAllowed } from "./checks/asset-class-allowed.ts";
import { auditAvailable } from "./checks/audit-available.ts";
import { bracketCoherent } from "./checks/bracket-coherent.ts";
import { buyNotionalPerDay } from "./checks/buy-notional-per-day.ts";
import { buyingPower } from "./checks/buying-power.ts";
import { cancelFillRatio } from "./checks/cancel-fill-ratio.ts";
import { cashOnly } from "./checks/cash-only.ts";
import { checklistComplete } from "./checks/checklist-complete.ts";
import { clientAllowed } from "./checks/client-allowed.ts";
import { clientQuarantine } from "./checks/client-quarantine.ts";
import { clockSkew } from "./checks/clock-skew.ts";
import { commission } from "./checks/commission.ts";
import { concentration } from "./checks/concentration.ts";
import { currencyAllowed } from "./checks/currency-allowed.ts";
import { dailyLoss } from "./checks/daily-loss.ts";
import { denialHolds } from "./checks/denial-holds.ts";
import { drawdown } from "./checks/drawdown.ts";
import { duplicateOrder } from "./checks/duplicate-order.ts";
import { excessLiquidity } from "./checks/excess-liquidity.ts";
import { exchangeAllowed } from "./checks/exchange-allowed.ts";
import { exposure } from "./checks/exposure.ts";
import { fatFingerNotional } from "./checks/fat-finger-notional.ts";
import { fatFingerQuantity } from "./checks/fat-finger-quantity.ts";
import { featureEnabled } from "./checks/feature-enabled.ts";
import { foreignOrder } from "./checks/foreign-order.ts";
import { fractional } from "./checks/fractional.ts";
import { greeks } from "./checks/greeks.ts";
import { groupCoherent } from "./checks/group-coherent.ts";
import { gtcAge } from "./checks/gtc-age.ts";
import { idempotencyConflict } from "./checks/idempotency-conflict.ts";
import { idempotencyKey } from "./checks/idempotency-key.ts";
import { instrumentAllowed } from "./checks/instrument-allowed.ts";
import { instrumentDenied } from "./checks/instrument-denied.ts";
import { instrumentUnambiguous } from "./checks/instrument-unambiguous.ts";
import { issuerAllowed } from "./checks/issuer-allowed.ts";
import { killSwitch } from "./checks/kill-switch.ts";
import { leverage } from "./checks/leverage.ts";
import { lossCooldown } from "./checks/loss-cooldown.ts";
import { maintenanceWindow } from "./checks/maintenance-window.ts";
import { marketOrder } from "./checks/market-order.ts";
import { marketPresent } from "./checks/market-present.ts";
import { marketSlippage } from "./checks/market-slippage.ts";
import { messageRate } from "./checks/message-rate.ts";
import { nlvPercent } from "./checks/nlv-percent.ts";
import { noTakeover } from "./checks/no-takeover.ts";
import { notHalted } from "./checks/not-halted.ts";
import { openNotional } from "./checks/open-notional.ts";
import { openOrders } from "./checks/open-orders.ts";
import { optionRules } from "./checks/option-rules.ts";
import { orderModifiable } from "./checks/order-modifiable.ts";
import { orderNotional } from "./checks/order-notional.ts";
import { orderQuantity } from "./checks/order-quantity.ts";
import { orderRate } from "./checks/order-rate.ts";
import { orderTypeAllowed } from "./checks/order-type-allowed.ts";
import { ordersPerDay } from "./checks/orders-per-day.ts";
import { outsideRth } from "./checks/outside-rth.ts";
import { policyEnabled } from "./checks/policy-enabled.ts";
import { policyInForce } from "./checks/policy-in-force.ts";
import { positionNlv } from "./checks/position-nlv.ts";
import { positionNotional } from "./checks/position-notional.ts";
import { positionQuantity } from "./checks/position-quantity.ts";
import { previewFresh } from "./checks/preview-fresh.ts";
import { priceCollar } from "./checks/price-collar.ts";
import { priceDrift } from "./checks/price-drift.ts";
import { priceTick } from "./checks/price-tick.ts";
import { protectiveStop } from "./checks/protective-stop.ts";
import { quantityStep } from "./checks/quantity-step.ts";
import { quietHours } from "./checks/quiet-hours.ts";
import { quoteFresh } from "./checks/quote-fresh.ts";
import { quoteLive } from "./checks/quote-live.ts";
import { quoteTwoSided } from "./checks/quote-two-sided.ts";
import { quoteUncrossed } from "./checks/quote-uncrossed.ts";
import { reconciling } from "./checks/reconciling.ts";
import { reduceOnly } from "./checks/reduce-only.ts";
import { reentryLock } from "./checks/reentry-lock.ts";
import { repeatedExecution } from "./checks/repeated-execution.ts";
import { restrictedList } from "./checks/restricted-list.ts";
import { roundTrips } from "./checks/round-trips.ts";
import { scopeGranted } from "./checks/scope-granted.ts";
import { sectorAllowed } from "./checks/sector-allowed.ts";
import { selfTrade } from "./checks/self-trade.ts";
import { sessionReady } from "./checks/session-ready.ts";
import { shortAllowed } from "./checks/short-allowed.ts";
import { sidecarOnline } from "./checks/sidecar-online.ts";
import { spread } from "./checks/spread.ts";
import { stopSide } from "./checks/stop-side.ts";
import { tifAllowed } from "./checks/tif-allowed.ts";
import { tradableNow } from "./checks/tradable-now.ts";
import { tradingState } from "./checks/trading-state.ts";
import { turnoverPerDay } from "./checks/turnover-per-day.ts";
import { venueRules } from "./checks/venue-rules.ts";
import { whatIfAccepted } from "./checks/what-if-accepted.ts";
import { whatIfAgrees } from "./checks/what-if-agrees.ts";
import { wouldFlip } from "./checks/would-flip.ts";

/**
 * Every check, in the order of evaluation: state, identity, form, instrument, data quality, per
 * order, cumulative, portfolio, behaviour, approval. All of them run; the order is for the reader.
 */
export const CHECKS: readonly Check[] = [
  // state
  killSwitch,
  tradingState,
  noTakeover,
  sessionReady,
  sidecarOnline,
  reconciling,
  auditAvailable,
  clockSkew,
  policyEnabled,
  policyInForce,
  maintenanceWindow,
  // identity
  scopeGranted,
  clientAllowed,
  accountAllowed,
  accountMode,
  checklistComplete,
  featureEnabled,
  foreignOrder,
  orderModifiable,
  agentBudget,
  clientQuarantine,
  // form
  marketOrder,
  orderTypeAllowed,
  gtcAge,
  outsideRth,
  tifAllowed,
  fractional,
  priceTick,
  quantityStep,
  stopSide,
  bracketCoherent,
  groupCoherent,
  venueRules,
  // instrument
  instrumentUnambiguous,
  assetClassAllowed,
  currencyAllowed,
  exchangeAllowed,
  instrumentAllowed,
  instrumentDenied,
  issuerAllowed,
  restrictedList,
  sectorAllowed,
  notHalted,
  tradableNow,
  optionRules,
  // data
  marketPresent,
  quoteFresh,
  quoteLive,
  quoteTwoSided,
  quoteUncrossed,
  spread,
  priceCollar,
  fatFingerNotional,
  fatFingerQuantity,
  marketSlippage,
  // order
  orderNotional,
  orderQuantity,
  nlvPercent,
  buyingPower,
  cashOnly,
  excessLiquidity,
  leverage,
  whatIfAccepted,
  whatIfAgrees,
  commission,
  // cumulative
  cancelFillRatio,
  messageRate,
  orderRate,
  ordersPerDay,
  buyNotionalPerDay,
  roundTrips,
  turnoverPerDay,
  openNotional,
  openOrders,
  repeatedExecution,
  // portfolio
  positionNlv,
  positionNotional,
  positionQuantity,
  concentration,
  exposure,
  greeks,
  shortAllowed,
  wouldFlip,
  selfTrade,
  reduceOnly,
  protectiveStop,
  // behaviour
  dailyLoss,
  drawdown,
  lossCooldown,
  reentryLock,
  quietHours,
  duplicateOrder,
  idempotencyConflict,
  idempotencyKey,
  previewFresh,
  priceDrift,
  // approval
  approvalInTime,
  approvalMatches,
  approvalPresent,
  approvalTier,
  approvalUnused,
  approvalRate,
  denialHolds,
];
