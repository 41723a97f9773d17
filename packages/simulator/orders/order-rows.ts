import { double, type WireJson } from "../json.ts";
import type { OrderType } from "../market/contract-rules.ts";
import type { Instrument } from "../market/instrument.ts";
import { type Execution, isFinished, type Order, remaining } from "../state/orders.ts";
import { factor } from "../state/valuation.ts";
import { compactUtc, utcTime } from "../zone.ts";

/** Orders and executions as the broker writes them: in lists, in a status, in a stream. */

const TYPE_WORDS: Record<OrderType, [shown: string, original: string]> = {
  LMT: ["Limit", "LIMIT"],
  MKT: ["Market", "MARKET"],
  STP: ["Stop", "STOP"],
  STOP_LIMIT: ["Stop Limit", "STOP_LIMIT"],
  MIDPRICE: ["MidPrice", "MIDPRICE"],
  TRAIL: ["Trailing Stop", "TRAILING_STOP"],
  TRAILLMT: ["Trailing Stop Limit", "TRAILING_STOP_LIMIT"],
};

const COLOURS: Record<Order["status"], [background: string, foreground: string]> = {
  Inactive: ["#FFFFFF", "#FF0000"],
  PendingSubmit: ["#FFFFFF", "#3399CC"],
  PreSubmitted: ["#FFFFFF", "#0000CC"],
  Submitted: ["#000000", "#00F000"],
  Filled: ["#FFFFFF", "#000000"],
  PendingCancel: ["#FFFFFF", "#CC00CC"],
  Cancelled: ["#FFFFFF", "#999999"],
};

/** `Buy 10 Limit 187.25, Day`, as the broker describes an order in one line. */
export function orderText(order: Order): string {
  const filled = order.status === "Filled";
  const verb = order.side === "BUY" ? (filled ? "Bought" : "Buy") : filled ? "Sold" : "Sell";
  const price = order.price === undefined ? "" : ` ${order.price.toFixed(2)}`;
  return `${verb} ${order.quantity} ${TYPE_WORDS[order.type][0]}${price}, ${order.tif === "DAY" ? "Day" : order.tif}`;
}

/** A row of the live orders. What a price field holds depends on the type, and a filled order's is "". */
export function orderRow(order: Order, instrument: Instrument): { [key: string]: WireJson } {
  const filled = order.status === "Filled";
  const [shown, original] = TYPE_WORDS[order.type];
  const [background, foreground] = COLOURS[order.status];
  const left = remaining(order);
  return {
    acct: order.account,
    conidex: order.conidex,
    conid: order.conid,
    account: order.account,
    orderId: order.id,
    cashCcy: instrument.currency,
    sizeAndFills: filled ? String(order.quantity) : `${order.filled}/${left}`,
    orderDesc: orderText(order),
    description1: instrument.symbol,
    ticker: instrument.symbol,
    secType: instrument.secType,
    listingExchange: instrument.exchange === "NASDAQ" ? "NASDAQ.NMS" : instrument.exchange,
    remainingQuantity: double(left),
    filledQuantity: double(order.filled),
    totalSize: double(order.quantity),
    companyName: instrument.name,
    status: order.status,
    order_ccp_status: order.status === "Inactive" ? "Rejected" : order.status,
    order_cancellation_by_system_reason: order.reason === "" ? undefined : order.reason,
    avgPrice: order.filled.isZero() ? undefined : String(order.averagePrice.toDP(6)),
    origOrderType: original,
    supportsTaxOpt: "1",
    lastExecutionTime: compactUtc(order.changedAt),
    orderType: shown,
    bgColor: background,
    fgColor: foreground,
    isEventTrading: "0",
    price: filled || order.price === undefined ? "" : String(order.price),
    auxPrice: order.auxPrice === undefined ? undefined : String(order.auxPrice),
    stop_price: order.trailStop === undefined ? undefined : String(order.trailStop),
    timeInForce: filled ? "CLOSE" : order.tif,
    lastExecutionTime_r: order.changedAt,
    side: order.side,
    order_ref: order.ref,
    parentId: order.parent,
    ocaGroupId: order.group,
    outsideRTH: order.outsideRth,
  };
}

/** The fields a modification may touch, in the server's own numbers. */
const EDITABLE = "\u001e";

/** The long record of one order; quantities are text here. */
export function statusRecord(order: Order, instrument: Instrument, requestId: number): WireJson {
  const finished = isFinished(order);
  const [shown] = TYPE_WORDS[order.type];
  const [background, foreground] = COLOURS[order.status];
  const text = (value: { toFixed(places?: number): string }): string => {
    const plain = value.toFixed();
    return plain.includes(".") ? plain : `${plain}.0`;
  };
  const average = order.filled.isZero() ? undefined : String(order.averagePrice.toDP(6));
  return {
    sub_type: null,
    request_id: String(requestId),
    server_id: "0",
    is_event_trading: "0",
    order_id: order.id,
    conidex: order.conidex,
    conid: order.conid,
    symbol: instrument.symbol,
    // Both spellings are on record.
    side: order.id % 2 === 0 ? order.side : order.side.slice(0, 1),
    contract_description_1: instrument.symbol,
    listing_exchange: instrument.exchange === "NASDAQ" ? "NASDAQ.NMS" : instrument.exchange,
    option_acct: "c",
    company_name: instrument.name,
    size: text(remaining(order)),
    total_size: text(order.quantity),
    currency: instrument.currency,
    account: order.account,
    order_type: shown,
    order_desc: orderText(order),
    price: String(order.price ?? "0.0"),
    filled_quantity: text(order.filled),
    remaining_quantity: text(remaining(order)),
    total_cash_size: order.cashQuantity === undefined ? "0.0" : text(order.cashQuantity),
    fill_price: average,
    avg_fill_price: average,
    last_fill_price: average,
    limit_price: order.price === undefined ? undefined : String(order.price),
    stop_price: order.auxPrice === undefined ? undefined : String(order.auxPrice),
    cum_fill: text(order.filled),
    average_price: average,
    order_status: order.status,
    order_ccp_status: order.status === "Inactive" ? "Rejected" : order.status,
    order_status_description: order.reason === "" ? `Order ${order.status}` : order.reason,
    tif: order.tif,
    fg_color: foreground,
    bg_color: background,
    order_not_editable: finished,
    editable_fields: finished ? "" : EDITABLE,
    cannot_cancel_order: finished,
    deactivate_order: false,
    use_price_mgmt_algo: order.priceManaged,
    sec_type: instrument.secType,
    available_chart_periods: "#R|1",
    order_description: orderText(order),
    order_description_with_contract: `${orderText(order)} ${instrument.symbol}`,
    outside_rth: order.outsideRth,
    all_or_none: false,
    clearing_id: "IB",
    clearing_name: "IB",
    alert_active: 0,
    child_order_type: order.parent === undefined ? "0" : "3",
    order_clearing_account: order.account,
    size_and_fills: `${order.filled}/${order.quantity}`,
    exit_strategy_display_price: String(order.price ?? "0.0"),
    exit_strategy_chart_description: `${orderText(order)} (${shown})`,
    exit_strategy_tool_availability: "1",
    allowed_duplicate_opposite: true,
    order_time: compactUtc(order.createdAt),
    oca_group_id: order.group,
    order_ref: order.ref,
  };
}

/** An execution; `streamed` gives the socket's spelling, with the conid as text. */
export function executionRow(
  execution: Execution,
  instrument: Instrument,
  submitter: string,
  longSides: boolean,
  streamed: boolean,
): WireJson {
  const { order, size, price } = execution;
  const buy = order.side === "BUY";
  const side = longSides ? (buy ? "BOT" : "SLD") : buy ? "B" : "S";
  const net = size
    .mul(price)
    .mul(factor(instrument))
    .mul(buy ? 1 : -1);
  return {
    execution_id: execution.id,
    symbol: instrument.symbol,
    supports_tax_opt: "1",
    side,
    order_description: `${buy ? "Bot" : "Sold"} ${size} @ ${price.toFixed(2)} on ${execution.exchange}`,
    order_ref: order.ref,
    order_id: order.id,
    trade_time: utcTime(execution.at),
    trade_time_r: execution.at,
    size: double(size),
    // A currency trades in a hundredth of a cent and less.
    price: price.toFixed(Math.max(2, price.decimalPlaces())),
    submitter,
    exchange: execution.exchange,
    commission: execution.commission.toFixed(2),
    net_amount: double(net),
    account: order.account,
    accountCode: order.account,
    account_allocation_name: order.account,
    company_name: instrument.name,
    contract_description_1: instrument.symbol,
    sec_type: instrument.secType,
    listing_exchange: instrument.exchange === "NASDAQ" ? "NASDAQ.NMS" : instrument.exchange,
    conid: streamed ? String(order.conid) : order.conid,
    [streamed ? "conidex" : "conidEx"]: order.conidex,
    clearing_id: "IB",
    clearing_name: "IB",
    liquidation_trade: "0",
    is_event_trading: "0",
  };
}
