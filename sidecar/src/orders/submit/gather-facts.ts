import { GatewayError } from "@ibkr-edge-gateway/protocol/errors.ts";
import {
  type CanonicalOrder,
  principalLeg,
} from "@ibkr-edge-gateway/protocol/orders/canonical-order.ts";
import { Decimal, dec, decimalText } from "@ibkr-edge-gateway/protocol/orders/decimal.ts";
import { effectOf } from "@ibkr-edge-gateway/protocol/orders/effect.ts";
import type { PositionFact } from "@ibkr-edge-gateway/protocol/orders/ticket.ts";
import { isoTime } from "../../client-portal/clock.ts";
import { sessionRefusal } from "../../client-portal/session/refusal.ts";
import type { OperationContext } from "../../operations/context.ts";
import type { resolveAccount } from "../../operations/resolve-account.ts";
import type { KeptPreview } from "../journal/previews.ts";
import { readHours } from "../preview/instrument.ts";
import type { Facts, SubmitContext } from "./context.ts";
import { readDailyPnl, readMarket, readPositionFacts, readRates } from "./facts.ts";
import { orderValue } from "./order-value.ts";
import { withOwnOrders } from "./own-orders.ts";
import { readWorkingFacts } from "./working-facts.ts";

/** Market, position, value and the day's result, read here and now. */
export async function gatherFacts(
  parts: SubmitContext,
  context: OperationContext,
  preview: KeptPreview,
  account: Awaited<ReturnType<typeof resolveAccount>>,
): Promise<Facts> {
  const session = parts.session();
  if (session.state !== "ready") throw sessionRefusal(session, context.clock.now());
  const { order } = preview.ticket;
  const { contract, outside_rth } = principalLeg(order);
  const { conid } = contract;
  const [market, hours, rates] = await Promise.all([
    readMarket(context, conid).catch(unlessGateway),
    readHours(context, conid, outside_rth),
    readRates(context, account),
  ]);
  const positionsAskedAt = context.clock.now();
  const [positions, dailyPnl] = await Promise.all([
    readPositionFacts(context, account.accountId, rates?.rates ?? null, true),
    readDailyPnl(context, account.accountId),
  ]);
  // The list of orders may be asked for every six seconds only, and says nothing about what opens.
  const working = mayReduce(order, positions)
    ? await readWorkingFacts(context, account, parts.store, rates?.rates ?? null, false)
    : [];
  const taking = withOwnOrders(working, parts.store, account.accountId, positionsAskedAt);
  const effect = effectOf(order, positions, taking, isoTime(context.clock.now()));
  const value = orderValue(preview.ticket, {
    market,
    effect,
    rates,
    base: account.baseCurrency,
    caps: parts.rules.caps(),
    nowMs: context.clock.now(),
  });
  return {
    market,
    hours,
    effect,
    ...value,
    notional: larger(value.notional, preview.ticket.notional),
    dailyPnl,
  };
}

/** Whether any leg stands against a position held, so that the order may be an exit. */
function mayReduce(order: CanonicalOrder, positions: readonly PositionFact[] | null): boolean {
  if (positions === null || order.structure === "bracket") return false;
  return order.legs.some((leg) =>
    positions.some(
      ({ conid, quantity }) =>
        conid === leg.contract.conid &&
        (leg.side === "SELL" ? dec(quantity).greaterThan(0) : dec(quantity).lessThan(0)),
    ),
  );
}

const unlessGateway = (thrown: unknown): null => {
  if (thrown instanceof GatewayError) return null;
  throw thrown;
};

/** Unknown is larger than any number. */
export function larger(a: string | null, b: string | null): string | null {
  if (a === null || b === null) return null;
  return decimalText(Decimal.max(dec(a), dec(b)));
}
