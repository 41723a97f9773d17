import {
  Decimal,
  dec,
  decimalText,
  parseFigure,
} from "@ibkr-edge-gateway/protocol/orders/decimal.ts";
import {
  isTerminal,
  type OrderEvidence,
  type OrderState,
} from "@ibkr-edge-gateway/protocol/orders/order-state.ts";
import type { IntentRow } from "../../tables/intents/rows.ts";

/** An ended order counts with what filled; one proved never placed counts no more. */
export function ledgerAfter(
  intent: IntentRow,
  state: OrderState,
  evidence: OrderEvidence,
): Pick<IntentRow, "ledger" | "filled_notional"> {
  if (!isTerminal(state)) return { ledger: "reserved", filled_notional: null };
  const filled = parseFigure(evidence.filled);
  if (state === "rejected" && (filled === null || filled.isZero())) {
    return { ledger: "released", filled_notional: null };
  }
  return { ledger: "settled", filled_notional: shareOf(intent, state, filled) };
}

/** The worst-case value of the part that filled; of all of it where the part is not known. */
function shareOf(intent: IntentRow, state: OrderState, filled: Decimal | null): string | null {
  if (intent.notional === null) return null;
  const whole = dec(intent.notional);
  const quantity = parseFigure(intent.quantity);
  if (state === "filled" || filled === null || quantity === null || quantity.isZero()) {
    return decimalText(whole);
  }
  const share = Decimal.min(1, filled.dividedBy(quantity));
  return decimalText(whole.times(share).toDecimalPlaces(8, Decimal.ROUND_UP));
}
