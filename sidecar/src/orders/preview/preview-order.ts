import { failure, GatewayError } from "@ibkr-edge-gateway/protocol/errors.ts";
import type { Source } from "@ibkr-edge-gateway/protocol/operation-schemas/field-types.ts";
import type {
  PreviewOutcome,
  PreviewRequest,
} from "@ibkr-edge-gateway/protocol/operation-schemas/order-preview.ts";
import {
  type FuturesOperator,
  modifyBody,
  placeBody,
} from "@ibkr-edge-gateway/protocol/orders/broker-body.ts";
import {
  type CanonicalOrder,
  principalLeg,
} from "@ibkr-edge-gateway/protocol/orders/canonical-order.ts";
import { parseFigure } from "@ibkr-edge-gateway/protocol/orders/decimal.ts";
import { effectOf } from "@ibkr-edge-gateway/protocol/orders/effect.ts";
import { type OrderRefusal, refusal } from "@ibkr-edge-gateway/protocol/orders/order-refusal.ts";
import type {
  BrokerMessage,
  ContractRules,
  PreviewFacts,
  Ticket,
} from "@ibkr-edge-gateway/protocol/orders/ticket.ts";
import { opensShortCall } from "@ibkr-edge-gateway/protocol/orders/value-at-risk.ts";
import {
  differenceInWords,
  whatIfDifference,
} from "@ibkr-edge-gateway/protocol/orders/what-if-agreement.ts";
import { isoTime } from "../../client-portal/clock.ts";
import type { Answer } from "../../client-portal/portal-interface.ts";
import { sessionRefusal } from "../../client-portal/session/session-refusal.ts";
import type { OperationContext } from "../../operation-handlers/operation-context.ts";
import { type ResolvedAccount, resolveAccount } from "../../operation-handlers/resolve-account.ts";
import { leastTier } from "../../trust/limits/caps.ts";
import { driftUnknown } from "../../trust/verify/drift-faults.ts";
import { routineKind } from "../conversation/questions.ts";
import type { OrderStore } from "../journal/order-store.ts";
import { ORDER_LIMITS } from "../limits.ts";
import type { LocalRules } from "../local-policy/local-rules.ts";
import { withUnlistedOrders } from "../submit/add-unlisted-orders.ts";
import { currentOnly, FACT_AGES, knownAt } from "../submit/dated-fact.ts";
import { keepProved, lastProofAtPreview } from "../submit/last-proof.ts";
import { localFaults, offerFaults, whatIfFaults } from "../submit/local-checks.ts";
import {
  datedRates,
  orNull,
  readAccountFact,
  readMarket,
  readPositionFacts,
  readRates,
} from "../submit/market-and-account-reads.ts";
import type { Mutex } from "../submit/mutex.ts";
import { orderValue } from "../submit/order-value.ts";
import { atWorst, readWorkingFacts, unreadNotes } from "../submit/working-facts.ts";
import { besideNote, withoutOwnStops } from "../tracking/leftover-exits.ts";
import { askWhatIf } from "./ask-what-if.ts";
import { contractRules } from "./contract-rules.ts";
import { readInstrument, readPortfolioGreeks } from "./instrument.ts";
import { keepTicket } from "./keep-ticket.ts";
import { type BuiltOrder, buildOrder, refused } from "./order-from-request.ts";
import { formFaults } from "./request-faults.ts";
import { withShortOptions } from "./short-options.ts";

/**
 * Prepares an order and says everything that is known of it: the ticket in this PC's own words, and
 * the facts the policy is evaluated over. Nothing is sent but questions. What this sidecar could not
 * read is null, with a note; what it cannot resolve is refused with its reasons.
 */
export interface PreviewParts {
  store: OrderStore;
  rules: LocalRules;
  mutex: Mutex;
  source: Source;
  futuresOperator: FuturesOperator | null;
  clockSkewMs(): number | null;
  newPreviewId(): string;
}

export async function previewOrder(
  parts: PreviewParts,
  context: OperationContext,
  input: { account_id: string; request: PreviewRequest },
): Promise<PreviewOutcome> {
  const { request } = input;
  const form = formFaults(input.account_id, request);
  if (form.length > 0) return refused(form);
  const session = context.session();
  const { generation, mode } = session;
  if (session.state !== "ready" || generation === null) {
    throw sessionRefusal(session, context.clock.now());
  }
  if (mode === "unknown") {
    throw new GatewayError(
      failure(
        "ORDER_ACCOUNT_MODE_REFUSED",
        "The broker does not prove whether this is a paper or a live session, so no order is prepared.",
      ),
    );
  }
  const account = await resolveAccount(context, input.account_id);
  const built = await buildOrder(parts, context, account, request, mode);
  if (!("ok" in built)) return built;
  return describe(parts, context, account, built, generation);
}

/** Everything that is read about the order, as of this moment; what could not be read is noted. */
async function readFacts(
  parts: PreviewParts,
  given: OperationContext,
  account: ResolvedAccount,
  { order, fact, notes: noted }: BuiltOrder,
) {
  const context = currentOnly(given);
  const { clock } = context;
  const { store } = parts;
  const now = (): string => isoTime(clock.now());
  const leg = principalLeg(order);
  const { conid } = leg.contract;
  const notes = [...noted];
  // The what-if answers about contracts whose quote was looked at before.
  const quote = await orNull(readMarket(context, conid));
  const rates = await readRates(context, account);
  const askedAt = clock.now();
  const [contract, instrument, accountFact, held, book, tried] = await Promise.all([
    orNull(context.ask(contractRules(conid, leg.side === "BUY", now))),
    readInstrument(context, leg.contract, fact, leg.outside_rth),
    readAccountFact(context, account),
    readPositionFacts(context, account.accountId, rates?.value ?? null),
    readWorkingFacts(context, account, store, rates?.value ?? null),
    order.action === "cancel" ? null : askWhatIf(parts, context, order, notes),
  ]);
  const market = knownAt(quote, FACT_AGES.marketMs, clock.now());
  const known = knownAt(held, FACT_AGES.positionsMs, clock.now());
  const seen = knownAt(book, FACT_AGES.workingMs, clock.now());
  const positions = await withShortOptions(context, known, rates?.value ?? null);
  if (market === null) notes.push("The market could not be read.");
  if (positions === null) notes.push("The positions could not be read and proved.");
  if (seen === null) notes.push("The working orders could not be read and proved.");
  else notes.push(...unreadNotes(seen));
  keepProved(store, account.accountId, held);
  const worst = seen === null || positions === null ? null : atWorst(seen, positions);
  const inDoubt = held?.proved === true ? "until_quiet" : "counts";
  const all = withUnlistedOrders(worst, store, account.accountId, askedAt, inDoubt);
  const taking = all === null ? null : withoutOwnStops(order, all, store);
  // What may open a position is judged by the whole list or not at all.
  const working = seen === null || seen.unread.length > 0 ? null : seen.working;
  // As old as the older of the two reads that it was made of.
  const readAt = isoTime(Math.min(held?.at ?? 0, book?.at ?? 0));
  const proved = effectOf(order, positions, taking, readAt);
  const last =
    proved === null ? lastProofAtPreview(parts, order, market, clock.now()) : { effect: proved };
  if (last.note !== undefined) notes.push(last.note);
  const beside = proved?.kind === "exit" && all !== null ? besideNote(order, all, store) : null;
  if (beside !== null) notes.push(beside);
  return {
    market,
    rates,
    contract,
    instrument,
    accountFact,
    positions,
    working,
    tried,
    effect: last.effect,
    notes,
  };
}

type FactsRead = Awaited<ReturnType<typeof readFacts>>;

async function describe(
  parts: PreviewParts,
  context: OperationContext,
  account: ResolvedAccount,
  built: BuiltOrder,
  generation: number,
): Promise<PreviewOutcome> {
  const { clock } = context;
  const { store, rules } = parts;
  const base = account.baseCurrency;
  if (base === null) {
    throw new GatewayError(
      failure("BROKER_RESPONSE_INVALID", "The broker does not say the account's base currency."),
    );
  }
  const { order } = built;
  const read = await readFacts(parts, context, account, built);
  const { market, effect, tried } = read;
  const caps = rules.caps();
  const magnifier = read.contract?.value.price_magnifier;
  const priced = { order, ...(magnifier === undefined ? {} : { price_magnifier: magnifier }) };
  const nowMs = clock.now();
  const value = orderValue(priced, {
    market,
    effect,
    rates: datedRates(read.rates),
    base,
    caps,
    nowMs,
  });
  const { notional, rate } = value;
  const ticket: Ticket = {
    v: 1,
    ...priced,
    market,
    notional,
    ...(effect?.by_last_proof === true
      ? { last_position: { quantity: effect.position, at: effect.at } }
      : {}),
    ...(opensShortCall(order, effect) ? { uncovered_call: true } : {}),
    base_currency: base,
    what_if: tried?.whatIf ?? null,
    warnings: warningsOf(store, order, tried?.warning ?? null),
    waits: order.action === "cancel" ? null : (read.instrument.waits ?? null),
    prepared_at: isoTime(clock.now()),
  };
  const after = context.session();
  if (after.generation !== generation) throw sessionRefusal(after, clock.now());
  const previewId = parts.newPreviewId();
  const dailyPnl = read.accountFact?.daily_pnl ?? null;
  const made = { ticket, effect, generation, dailyPnl };
  keepTicket({ store, rules, clock }, previewId, context.share, made);
  const difference = order.action === "cancel" ? null : whatIfDifference(ticket, parseFigure(rate));
  return {
    outcome: "ticket",
    preview_id: previewId,
    ticket,
    facts: await factsOf(parts, context, read, rate),
    generation,
    source: parts.source,
    kept_until: isoTime(clock.now() + ORDER_LIMITS.previewKeptMs),
    local_refusals: [
      ...offerFaults(rules.policy(), order),
      ...localFaults({ rules, store, clock }, order, { ...value, effect, dailyPnl }),
      ...whatIfFaults(ticket, { effect, rate }),
      ...bodyFaults(order, parts.futuresOperator),
      ...driftUnknown(ticket, effect),
    ].slice(0, 50),
    least_tier: caps.ok && leastTier(caps.caps, order, notional) < 2 ? 1 : 2,
    notes: [...read.notes, ...(difference === null ? [] : [differenceInWords(difference)])],
  };
}

/** What the gateway's policy is evaluated over; `rate` is from the contract's currency to the base. */
async function factsOf(
  parts: PreviewParts,
  context: OperationContext,
  { rates, ...read }: FactsRead,
  rate: string | null,
): Promise<PreviewFacts> {
  return {
    rules: read.contract === null ? null : rulesAt(read.contract),
    instrument: read.instrument,
    account: read.accountFact,
    positions: read.positions,
    working: read.working,
    fx_to_base: rate === null || rates === null ? null : { rate, at: isoTime(rates.at) },
    effect: read.effect,
    greeks: await readPortfolioGreeks(context, read.positions),
    broker_clock_skew_ms: parts.clockSkewMs(),
  };
}

/** The rules carry the time at which the broker gave them, and not that of their reading here. */
const rulesAt = ({ value, at }: Answer<ContractRules>): ContractRules => ({
  ...value,
  at: isoTime(at),
});

/** What this PC's configuration lacks for the order to be written down at all. */
function bodyFaults(order: CanonicalOrder, operator: FuturesOperator | null): OrderRefusal[] {
  if (order.action === "cancel") return [];
  const body =
    order.action === "modify" ? modifyBody(order, operator) : placeBody(order, "what-if", operator);
  return body.ok ? [] : [refusal("INPUT_INVALID", body.field, body.rule, body.message)];
}

/** What the broker said, and what it is known to ask of every order of this kind. */
function warningsOf(
  store: OrderStore,
  order: CanonicalOrder,
  warning: BrokerMessage | null,
): BrokerMessage[] {
  if (order.action === "cancel") return [];
  const kind = routineKind(order);
  const all = [...(warning === null ? [] : [warning]), ...store.routineQuestions(kind)];
  const seen = new Set<string>();
  return all
    .filter(({ message_id, fingerprint }) => {
      const key = `${message_id} ${fingerprint}`;
      if (seen.has(key)) return false;
      seen.add(key);
      return true;
    })
    .slice(0, 20);
}
