import { isJsonObject, parseJson } from "../canonical-json.ts";
import { EvidenceFault } from "../fault.ts";

/** The members of an intent's leg that say what a broker is asked for. Amounts are decimal text. */
export interface SentLeg {
  readonly role: string;
  readonly contract: { readonly conid: number };
  readonly side: string;
  readonly order_type: string;
  readonly quantity: string | null;
  readonly cash_quantity: string | null;
  readonly limit_price: string | null;
  readonly stop_price: string | null;
  readonly trailing: { readonly unit: string; readonly offset: string } | null;
  readonly time_in_force: string;
  readonly outside_rth: boolean;
}

/** What an intent says of the order. */
export interface SentOrder {
  readonly action: string;
  readonly structure: string;
  readonly account_id: string;
  readonly legs: readonly SentLeg[];
}

/**
 * Checks the exact text that was posted to the broker's gateway against the order that was approved:
 * account, contract, side, kind, amounts and prices of every leg, and the order reference. Throws
 * `STATEMENT_DIFFERS`, which names the first member that is not as approved.
 */
export function checkSentBody(body: string, order: SentOrder, coid: string): void {
  const parsed = parseJson(body);
  const posted = isJsonObject(parsed) && Array.isArray(parsed.orders) ? parsed.orders : [parsed];
  if (posted.length !== order.legs.length) {
    throw differs(`${posted.length} orders were sent, and ${order.legs.length} approved`);
  }
  order.legs.forEach((leg, at) => {
    const sent: unknown = posted[at];
    if (!isJsonObject(sent)) throw differs("what was sent is no order");
    const wanted = { ...membersOf(order.account_id, leg), ...referenceOf(order, leg, at, coid) };
    for (const [name, value] of Object.entries(wanted)) {
      const found = name === "conid" ? contractOf(sent) : spelled(sent[name]);
      if (found !== value) throw differs(`${name} was sent as ${found}, and approved as ${value}`);
    }
  });
}

/** The members that decide, as text; null for one that must not be there. */
function membersOf(account: string, leg: SentLeg): Record<string, string | null> {
  const [price, auxPrice] = pricesOf(leg);
  const { trailing } = leg;
  return {
    acctId: account,
    conid: String(leg.contract.conid),
    side: leg.side,
    orderType: leg.order_type,
    tif: leg.time_in_force,
    outsideRTH: String(leg.outside_rth),
    quantity: plain(leg.quantity),
    cashQty: plain(leg.cash_quantity),
    price: plain(price),
    auxPrice: plain(auxPrice),
    trailingAmt: plain(trailing?.offset ?? null),
    trailingType: trailing === null ? null : trailing.unit === "amount" ? "amt" : "%",
  };
}

/** What stands in `price` and in `auxPrice`; the broker wants a stop's trigger in the first. */
function pricesOf({
  order_type,
  limit_price,
  stop_price,
}: SentLeg): [price: string | null, auxPrice: string | null] {
  switch (order_type) {
    case "LMT":
    case "MIDPRICE":
      return [limit_price, null];
    case "STOP_LIMIT":
    case "TRAILLMT":
      return [limit_price, stop_price];
    case "STP":
    case "TRAIL":
      return [stop_price, null];
    default:
      return [null, null];
  }
}

/** A new order carries its reference; a change of one names the order in its address instead. */
function referenceOf(
  { action, structure }: SentOrder,
  { role }: SentLeg,
  at: number,
  coid: string,
): Record<string, string | null> {
  if (action !== "place") return {};
  if (structure === "oca") return { cOID: `${coid}-${String.fromCharCode(97 + at)}` };
  if (structure === "bracket" && role !== "entry") return { cOID: null, parentId: coid };
  return { cOID: coid };
}

/** The contract's number; a directed order has it before the exchange. */
function contractOf({ conid, conidex }: Readonly<Record<string, unknown>>): string | null {
  return spelled(typeof conidex === "string" ? conidex.replace(/@.*$/, "") : conid);
}

/** A decimal without the zeros at its end, which a JSON number has not. */
function plain(text: string | null): string | null {
  return text?.includes(".") === true ? text.replace(/\.?0+$/, "") : text;
}

function spelled(value: unknown): string | null {
  if (value === undefined || value === null) return null;
  return typeof value === "string" ? value : JSON.stringify(value);
}

function differs(why: string): EvidenceFault {
  return new EvidenceFault(
    "STATEMENT_DIFFERS",
    `What the PC sent is not what was approved: ${why}.`,
  );
}
