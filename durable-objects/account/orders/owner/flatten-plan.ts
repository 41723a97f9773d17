import { failure, type GatewayFailure } from "@ibkr-edge-gateway/protocol/errors.ts";
import { accountsList } from "@ibkr-edge-gateway/protocol/operation-schemas/accounts-list.ts";
import {
  type Position,
  positionsList,
} from "@ibkr-edge-gateway/protocol/operation-schemas/positions-list.ts";
import { decimalText, parseFigure } from "@ibkr-edge-gateway/protocol/orders/decimal.ts";
import type { FlattenAccount, FlattenPlan, FlattenRow } from "../../rpc/order-views.ts";
import type { OrderParts } from "../order-context.ts";
import { askSidecar } from "../sidecar-calls/ask-sidecar.ts";

/**
 * What closing every position would take: for each the order that would close it, and what it is
 * worth now as the broker says. Read only. Nothing is prepared and nothing is sent; doing it is an
 * order for each, with an approval of its own. A figure that is not known is null, never zero.
 */
const PAGES = 10;
const READ_MS = 12_000;
const LIMIT = 100;

export async function flattenPlan(parts: OrderParts): Promise<FlattenPlan> {
  const grant = { scope: "ibkr:positions:read" as const, account: null, deadlineMs: READ_MS };
  const answer = await askSidecar(parts, accountsList, {}, grant);
  if (!answer.ok) return { ok: false, message: answer.failure.message };
  const accounts = await Promise.all(
    answer.value.accounts.map(({ account_id }) => closing(parts, account_id)),
  );
  return { ok: true, accounts };
}

async function closing(parts: OrderParts, brokerAccount: string): Promise<FlattenAccount> {
  const read = await positionsOf(parts, brokerAccount);
  if (!read.ok) return { brokerAccount, rows: null, proved: false, note: read.failure.message };
  const note = read.settling
    ? "The broker's picture is still settling after a fill; look again in a moment."
    : read.proved
      ? null
      : "The broker's list could not be confirmed by a second read.";
  const rows = read.positions.flatMap((position) => closingRow(position) ?? []);
  return { brokerAccount, rows, proved: read.proved, note };
}

/** Null for a row of a position that is closed already. */
function closingRow(position: Position): FlattenRow | null {
  const held = parseFigure(position.quantity);
  if (held?.isZero() === true) return null;
  const value = parseFigure(position.market_value);
  const name = [
    position.symbol ?? position.description ?? `contract ${position.conid}`,
    position.expiry,
    position.strike,
    position.right,
  ];
  return {
    conid: position.conid,
    what: name.filter((part) => part !== null).join(" "),
    held: held === null ? null : decimalText(held),
    side: held === null ? null : held.isNegative() ? "BUY" : "SELL",
    quantity: held === null ? null : decimalText(held.abs()),
    estimated: value === null ? null : decimalText(value.abs()),
    currency: position.currency,
  };
}

type Read =
  | { ok: true; positions: Position[]; proved: boolean; settling: boolean }
  | { ok: false; failure: GatewayFailure };

async function positionsOf(parts: OrderParts, account: string): Promise<Read> {
  const positions: Position[] = [];
  let proved = true;
  let settling = false;
  for (let page = 0, offset = 0; page < PAGES; page++) {
    const answer = await askSidecar(
      parts,
      positionsList,
      { account_id: account, feed: "auto", offset, limit: LIMIT },
      { scope: "ibkr:positions:read", account, deadlineMs: READ_MS },
    );
    if (!answer.ok) return answer;
    positions.push(...answer.value.positions);
    proved &&= answer.value.proved;
    settling ||= answer.value.settling;
    const next = answer.value.page.next_offset;
    if (next === null) return { ok: true, positions, proved, settling };
    offset = next;
  }
  return {
    ok: false,
    failure: failure("BROKER_RESPONSE_INVALID", "There are too many positions."),
  };
}
