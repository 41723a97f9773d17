import type { Instrument } from "../market/instrument.ts";
import type { Simulator } from "../simulator.ts";
import type { OrderDraft } from "../state/orders.ts";
import type { Asking } from "../state/question.ts";
import { costOf } from "./order-cost.ts";

/** What the broker asks before it takes these orders, in the order in which it asks. */
export function questionsFor(
  sim: Simulator,
  drafts: readonly OrderDraft[],
  modifying: boolean,
): Asking[] {
  const rules = sim.behaviours.questions;
  const asked: Asking[] = rules.extra.map(({ id, text }) => ({ id, text, onYes: "nothing" }));
  if (rules.enabled) {
    for (const draft of drafts) {
      const instrument = sim.market.find(draft.conid);
      if (instrument !== undefined)
        asked.push(...questionsAbout(sim, draft, instrument, modifying));
    }
  }
  const suppressed = sim.world.brokerage.suppressed;
  const seen = new Set<string>();
  return asked.filter(({ id, text }) => {
    const key = id === "" ? text : id;
    if (seen.has(key) || suppressed.has(id)) return false;
    seen.add(key);
    return true;
  });
}

function questionsAbout(
  sim: Simulator,
  draft: OrderDraft,
  instrument: Instrument,
  modifying: boolean,
): Asking[] {
  const rules = sim.behaviours.questions;
  const quote = sim.market.quote(instrument);
  const cost = costOf(sim, draft, instrument);
  const name = describeOrder(draft, instrument);
  const found: Asking[] = [];
  const ask = (id: string, text: string, onYes: Asking["onYes"] = "nothing"): void => {
    found.push({ id, text, onYes });
  };
  if (rules.cancelOthers) {
    ask(
      "",
      "You have open orders for this contract. Cancel all open orders and then place new closing order?",
      "cancel-others",
    );
  }
  if (modifying) ask("o10138", `Confirm the modification of the order. ${name}`);
  const limit = draft.type === "LMT" ? draft.price : undefined;
  const distance = limit?.minus(quote.last).div(quote.last).mul(100);
  if (distance?.abs().gt(rules.priceBandPercent) === true) {
    ask(
      "o163",
      `The following order "${name}" price exceeds \nthe Percentage constraint of ${rules.priceBandPercent}%.\nAre you sure you want to submit this order?`,
    );
  }
  if (quote.data === "N") {
    ask(
      "o354",
      "You are submitting an order without market data. We strongly recommend against this as it may result in erroneous and unexpected trades.\nAre you sure you want to submit this order?",
    );
  }
  if (draft.quantity.gt(rules.sizeLimit)) {
    ask(
      "o383",
      `The following order "${name}" size exceeds the Size Limit of ${rules.sizeLimit}.\nAre you sure you want to submit this order?`,
    );
  }
  if (cost.amount.gt(rules.valueLimit)) {
    ask(
      "o451",
      `The following order value estimate of ${cost.amount.toFixed(2)} ${instrument.currency} exceeds \nthe Total Value Limit of ${rules.valueLimit} ${instrument.currency}.\nAre you sure you want to submit this order?`,
    );
  }
  const { before, after } = cost.position;
  if (rules.crossSide && before.isPositive() && after.isNegative()) {
    ask(
      "o2137",
      `<h4>Oversell</h4>The order sells more than the position of ${before} ${instrument.symbol} and would open a short position. Do you want to continue?`,
    );
  }
  if (rules.mandatoryCap && draft.side === "BUY" && distance?.gt(rules.priceBandPercent) === true) {
    ask(
      "o10153",
      "<h4>Confirm Mandatory Cap Price</h4>To avoid trading at a price that is not consistent with a fair and orderly market, IB may set a cap (for a buy order) or sell order). THIS MAY CAUSE AN ORDER THAT WOULD OTHERWISE BE MARKETABLE TO NOT BE TRADED.",
      "cap",
    );
  }
  if (rules.riskWarnings) found.push(...riskWarnings(draft));
  if (rules.priceManagement && limit !== undefined) {
    ask(
      "p12",
      "Would you like to use the Price Management Algo for this order?",
      "price-management",
    );
  }
  return found;
}

/** What it warns of for the order's type alone. */
function riskWarnings({ type }: OrderDraft): Asking[] {
  const warn = (id: string, text: string): Asking => ({ id, text, onYes: "nothing" });
  if (type === "MKT") {
    return [
      warn(
        "o10151",
        "<h4>Market Order Confirmation</h4>The order will be executed at the market price, which may differ from the last price. Do you want to continue?",
      ),
    ];
  }
  if (type !== "STP" && type !== "TRAIL") return [];
  return [
    warn(
      "o10152",
      "<h4>Stop Order Confirmation</h4>A stop order becomes a market order when its trigger is reached. Do you want to continue?",
    ),
    warn(
      "o10331",
      "Stop orders of this type are simulated by the broker. Do you want to continue?",
    ),
  ];
}

/** `BUY 1 AAPL NASDAQ.NMS @ 300`. */
export function describeOrder(draft: OrderDraft, instrument: Instrument): string {
  const price = draft.price === undefined ? "MKT" : `@ ${draft.price}`;
  return `${draft.side} ${draft.quantity} ${instrument.symbol} ${instrument.exchange} ${price}`;
}
