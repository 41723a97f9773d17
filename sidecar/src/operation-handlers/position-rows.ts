import { counted } from "@ibkr-edge-gateway/protocol/counted-words.ts";
import { GatewayError } from "@ibkr-edge-gateway/protocol/errors.ts";
import { withoutFloatNoise } from "@ibkr-edge-gateway/protocol/market/float-noise.ts";
import type { Position } from "@ibkr-edge-gateway/protocol/operation-schemas/positions-list.ts";
import { Decimal } from "decimal.js";
import { label } from "../client-portal/broker-text.ts";
import { executedAt } from "../client-portal/domain/execution-rows.ts";
import {
  type RealtimePosition,
  realtimePositions,
  type SettledPosition,
  settledPositions,
} from "../client-portal/endpoints/positions.ts";
import { type TradeRow, trades } from "../client-portal/endpoints/trades.ts";
import { LIMITS } from "../client-portal/limits.ts";
import type { Answer } from "../client-portal/portal-interface.ts";
import type { OperationContext } from "./operation-context.ts";

export interface PositionsRead {
  positions: Position[];
  feed: "realtime" | "settled";
  proved: boolean;
  parts: { at: number; from: "broker" | "cache" | "stale"; unread?: number }[];
  notes: string[];
}

/** Rows the broker sent that hold no readable contract or quantity; they are never dropped in silence. */
function readable<Row, T>(
  rows: readonly Row[],
  read: (row: Row) => T | null,
): { read: T[]; lost: number } {
  const out: T[] = [];
  let lost = 0;
  for (const row of rows) {
    const value = read(row);
    if (value === null) lost += 1;
    else out.push(value);
  }
  return { read: out, lost };
}

/** Zero rows linger after a position was closed; they are not holdings. */
const held = (position: Position): boolean => position.quantity !== "0";

const lostNote = (lost: number): string[] =>
  lost === 0
    ? []
    : [`${counted(lost, "position row")} of the broker could not be read: missing here.`];

/**
 * Words on the positions that this list showed before and leaves out. A closed one stays in it for a
 * while as a row of 0, or a fill in its contract explains it; else later lists settle it.
 */
async function vanishedPositions(
  context: Pick<OperationContext, "ask" | "seen" | "stream">,
  list: string,
  positions: readonly Position[],
  at: number,
): Promise<string[]> {
  const { seen } = context;
  const shown = new Map(
    positions.map((one) => [`${one.conid} ${one.model ?? ""}`, held(one) ? one : null]),
  );
  const missing = seen.positions.look(list, shown, at);
  if (missing.length === 0) return [];
  const fills = await fillsOfToday(context);
  const left = missing.filter(({ id, row, seenAt }) => {
    const traded = fills.some(
      (fill) => fill.conid === row.conid && (executedAt(fill) ?? 0) >= seenAt - LIMITS.settleMs,
    );
    if (traded) seen.positions.end(list, id);
    return !traded;
  });
  if (left.length === 0) return [];
  const names = left.map(({ row }) => row.symbol ?? `conid ${row.conid}`).slice(0, 10);
  return [
    `${counted(left.length, "position")} that the broker listed before (${names.join(", ")}) ${left.length === 1 ? "is" : "are"} missing from its list, and no fill explains it: each may still be held.`,
  ];
}

async function fillsOfToday({
  ask,
  stream,
}: Pick<OperationContext, "ask" | "stream">): Promise<readonly TradeRow[]> {
  const streamed = stream.executions(1);
  if (streamed !== null) return streamed.value;
  try {
    return (await ask(trades(1))).value;
  } catch (error) {
    if (error instanceof GatewayError) return [];
    throw error;
  }
}

export async function readRealtimePositions(
  context: Pick<OperationContext, "ask" | "seen" | "stream">,
  accountId: string,
): Promise<PositionsRead> {
  const answer = await context.ask(realtimePositions(accountId));
  const once = new Map<string | RealtimePosition, RealtimePosition>();
  for (const row of answer.value) {
    const before = once.get(keyOf(row));
    if ((before?.timestamp ?? 0) <= (row.timestamp ?? Number.POSITIVE_INFINITY)) {
      once.set(keyOf(row), row);
    }
  }
  const { read, lost } = readable([...once.values()], fromRealtime);
  const vanished = await vanishedPositions(context, `${accountId} realtime`, read, answer.at);
  return {
    positions: read.filter(held),
    feed: "realtime",
    proved: answer.proved && lost === 0 && vanished.length === 0,
    parts: [answer],
    notes: [...lostNote(lost), ...vanished],
  };
}

async function readSettledPositions(
  context: OperationContext,
  accountId: string,
): Promise<PositionsRead> {
  const parts: Answer<SettledPosition[]>[] = [];
  // The list moves while it is paged; the same contract may come twice, and then the later row counts.
  const rows = new Map<string | SettledPosition, SettledPosition>();
  let complete = false;
  for (let page = 0; page < LIMITS.positionsPages && !complete; page++) {
    const answer = await context.ask(settledPositions(accountId, page));
    parts.push(answer);
    const before = rows.size;
    for (const row of answer.value) rows.set(keyOf(row), row);
    complete = isLastPage(answer.value) || rows.size === before;
  }
  const { read, lost } = readable([...rows.values()], fromSettled);
  const at = Math.min(...parts.map((part) => part.at));
  const vanished = complete
    ? await vanishedPositions(context, `${accountId} settled`, read, at)
    : [];
  return {
    positions: read.filter(held),
    feed: "settled",
    proved: complete && lost === 0 && vanished.length === 0 && parts.every((part) => part.proved),
    parts,
    notes: [
      ...lostNote(lost),
      ...vanished,
      ...(complete ? [] : ["There are more positions than were read."]),
    ],
  };
}

/** A row without a contract is one of its own: three of them are three that could not be read. */
const keyOf = <Row extends Pick<SettledPosition, "conid" | "model">>(row: Row): string | Row =>
  row.conid === null ? row : `${row.conid} ${row.model ?? ""}`;

/** Pages hold 30 or 100 rows by the gateway's build: only an empty one, or one short of its own word, is the last. */
function isLastPage(page: readonly SettledPosition[]): boolean {
  const size = page.find((row) => row.pageSize !== null)?.pageSize ?? null;
  return page.length === 0 || (size !== null && page.length < size);
}

/** The real-time list first; the settled one when that service does not answer. */
export async function readPositions(
  context: OperationContext,
  accountId: string,
  feed: "auto" | "realtime" | "settled",
): Promise<PositionsRead> {
  if (feed === "settled") return readSettledPositions(context, accountId);
  try {
    return await readRealtimePositions(context, accountId);
  } catch (error) {
    if (feed === "realtime" || context.session().reads === "none") throw error;
    const settled = await readSettledPositions(context, accountId);
    return {
      ...settled,
      notes: [
        ...settled.notes,
        "The real-time position list did not answer; this list may lag a fill by a minute.",
      ],
    };
  }
}

/** How far, relative, a value may be from price times quantity and be it all the same: a 32-bit float's noise. */
const VALUE_NOISE = 2 ** -22;

/** Both lists carry 32-bit floats; where the value is the price times the quantity, it is written exactly. */
function valued(
  quantity: string,
  price: string | null,
  value: string | null,
): Pick<Position, "market_price" | "market_value"> {
  const market_price = price === null ? null : withoutFloatNoise(price);
  if (value === null) return { market_price, market_value: null };
  const product = market_price === null ? null : new Decimal(market_price).times(quantity);
  const off = product?.minus(value).abs();
  if (product === null || off?.greaterThan(product.abs().times(VALUE_NOISE)) !== false) {
    return { market_price, market_value: withoutFloatNoise(value) };
  }
  return { market_price, market_value: product.toFixed() };
}

/** A share's description is its symbol, class and all (`BRK B`); other kinds add their terms. */
function symbolIn(description: string | null, assetClass: string | null): string | null {
  if (description === null) return null;
  const share = assetClass === "STK" || assetClass === null;
  const whole = share && /^[A-Z0-9]+[ ./-]?[A-Z]{0,3}$/.test(description);
  return whole ? description : (description.split(" ")[0] ?? null);
}

function fromRealtime(row: RealtimePosition): Position | null {
  if (row.conid === null || row.position === null) return null;
  const description = label(row.description, 200);
  return {
    conid: row.conid,
    symbol: symbolIn(description, row.assetClass ?? row.secType),
    description,
    asset_class: label(row.assetClass ?? row.secType, 20),
    currency: row.currency,
    quantity: row.position,
    ...valued(row.position, row.marketPrice, row.marketValue),
    average_cost: row.avgCost,
    average_price: row.avgPrice,
    unrealized_pnl: row.unrealizedPnl,
    realized_pnl: row.realizedPnl,
    expiry: null,
    strike: null,
    right: null,
    multiplier: null,
    underlying_conid: null,
    model: label(row.model, 100),
  };
}

function fromSettled(row: SettledPosition): Position | null {
  if (row.conid === null || row.position === null) return null;
  const right = row.putOrCall?.toUpperCase().slice(0, 1);
  return {
    conid: row.conid,
    symbol: label(row.ticker, 100) ?? symbolIn(label(row.contractDesc, 200), row.assetClass),
    description: label(row.name ?? row.contractDesc, 200),
    asset_class: label(row.assetClass, 20),
    currency: row.currency,
    quantity: row.position,
    ...valued(row.position, row.mktPrice, row.mktValue),
    average_cost: row.avgCost,
    average_price: row.avgPrice,
    unrealized_pnl: row.unrealizedPnl,
    realized_pnl: row.realizedPnl,
    expiry: row.expiry,
    // A share's strike and multiplier are written as 0 and mean nothing, a future's strike too.
    strike: right === "C" || right === "P" ? row.strike : null,
    right: right === "C" ? "call" : right === "P" ? "put" : null,
    multiplier: row.multiplier,
    underlying_conid: row.undConid,
    model: label(row.model, 100),
  };
}
