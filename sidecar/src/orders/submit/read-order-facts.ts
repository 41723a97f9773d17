import { GatewayError } from "@ibkr-edge-gateway/protocol/errors.ts";
import {
  type CanonicalOrder,
  principalLeg,
} from "@ibkr-edge-gateway/protocol/orders/canonical-order.ts";
import { dec } from "@ibkr-edge-gateway/protocol/orders/decimal.ts";
import type { PositionFact } from "@ibkr-edge-gateway/protocol/orders/ticket.ts";
import { tradingSchedule } from "../../client-portal/endpoints/trading-schedule.ts";
import { sessionRefusal } from "../../client-portal/session/session-refusal.ts";
import type { OperationContext } from "../../operation-handlers/operation-context.ts";
import type { ResolvedAccount } from "../../operation-handlers/resolve-account.ts";
import { readHours } from "../preview/instrument.ts";
import { withoutOwnStops } from "../tracking/leftover-exits.ts";
import { withUnlistedOrders } from "./add-unlisted-orders.ts";
import { currentOnly, type Fact, freshOnly, joined } from "./dated-fact.ts";
import type { Seen } from "./facts-at-decision.ts";
import { keepProved } from "./last-proof.ts";
import {
  orNull,
  readDailyPnl,
  readMarket,
  readPositionFacts,
  readRates,
} from "./market-and-account-reads.ts";
import type { OrderHours, SubmitContext } from "./submit-context.ts";
import { atWorst, readWorkingFacts } from "./working-facts.ts";

/** Market, position, rates and the day's result, read here and now. */
export async function readOrderFacts(
  parts: Pick<SubmitContext, "session" | "store">,
  given: OperationContext,
  order: CanonicalOrder,
  account: ResolvedAccount,
): Promise<Seen> {
  const session = parts.session();
  const { clock } = given;
  if (session.state !== "ready") throw sessionRefusal(session, clock.now());
  const context = currentOnly(given);
  const { contract, outside_rth } = principalLeg(order);
  const { conid } = contract;
  const [market, hours, rates] = await Promise.all([
    readMarket(context, conid).catch(unlessGateway),
    hoursFact(context, conid, outside_rth),
    readRates(context, account),
  ]);
  const positionsAskedAt = clock.now();
  const [positions, dailyPnl] = await Promise.all([
    readPositionFacts(freshOnly(context), account.accountId, rates?.value ?? null),
    readDailyPnl(context, account.accountId),
  ]);
  keepProved(parts.store, account.accountId, positions);
  const taking = await takingFrom(parts, context, order, account, positions, positionsAskedAt);
  return { market, hours, rates, positions, taking, dailyPnl };
}

/** What may take from the position before this order does; null when that is not known. */
async function takingFrom(
  { store }: Pick<SubmitContext, "store">,
  context: OperationContext,
  order: CanonicalOrder,
  account: ResolvedAccount,
  positions: Fact<PositionFact[]> | null,
  positionsAskedAt: number,
): Promise<Seen["taking"]> {
  // The list of orders may be asked for every six seconds only, and says nothing about what opens.
  if (positions === null || !mayReduce(order, positions.value)) {
    const none = withUnlistedOrders([], store, account.accountId, positionsAskedAt);
    return none === null || positions === null ? null : { ...positions, value: none };
  }
  const book = await readWorkingFacts(context, account, store, null, false);
  if (book === null) return null;
  const worst = atWorst(book.value, positions.value);
  const inDoubt = positions.proved ? "until_quiet" : "counts";
  const all = withUnlistedOrders(worst, store, account.accountId, positionsAskedAt, inDoubt);
  return all === null ? null : { ...book, value: withoutOwnStops(order, all, store) };
}

async function hoursFact(
  context: OperationContext,
  conid: number,
  outsideRth: boolean,
): Promise<Fact<OrderHours>> {
  const value = await readHours(context, conid, outsideRth);
  const schedule = await orNull(context.ask(tradingSchedule(conid)));
  const at = { from: "broker" as const, at: context.clock.now(), proved: true };
  return joined(value, [schedule ?? at]);
}

/** Whether any leg stands against a position held, so that the order may be an exit. */
function mayReduce(order: CanonicalOrder, positions: readonly PositionFact[]): boolean {
  if (order.structure === "bracket") return false;
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
