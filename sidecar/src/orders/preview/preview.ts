import { failure, GatewayError } from "@ibkr-edge-gateway/protocol/errors.ts";
import type { JsonObject } from "@ibkr-edge-gateway/protocol/json.ts";
import type {
  PreviewOutcome,
  PreviewRequest,
} from "@ibkr-edge-gateway/protocol/operations/order-preview.ts";
import type { Source } from "@ibkr-edge-gateway/protocol/operations/parts.ts";
import {
  type FuturesOperator,
  modifyBody,
  placeBody,
} from "@ibkr-edge-gateway/protocol/orders/broker-body.ts";
import {
  bracketOf,
  cancelOf,
  modifiedOrderOf,
  ocaOf,
  orderOf,
} from "@ibkr-edge-gateway/protocol/orders/build-order.ts";
import {
  type CanonicalOrder,
  principalLeg,
} from "@ibkr-edge-gateway/protocol/orders/canonical-order.ts";
import { effectOf } from "@ibkr-edge-gateway/protocol/orders/effect.ts";
import {
  bracketFormFaults,
  modifyFormFaults,
  orderFormFaults,
} from "@ibkr-edge-gateway/protocol/orders/form-rules.ts";
import { type OrderRefusal, refusal } from "@ibkr-edge-gateway/protocol/orders/refusal.ts";
import { structureFaults } from "@ibkr-edge-gateway/protocol/orders/structure.ts";
import type { TradingMode } from "@ibkr-edge-gateway/protocol/orders/terms.ts";
import type { BrokerMessage, Ticket, WhatIf } from "@ibkr-edge-gateway/protocol/orders/ticket.ts";
import { isoTime } from "../../client-portal/clock.ts";
import type { SecDef } from "../../client-portal/endpoints/contracts.ts";
import { sessionRefusal } from "../../client-portal/session/refusal.ts";
import type { OperationContext } from "../../operations/context.ts";
import { type ResolvedAccount, resolveAccount } from "../../operations/resolve-account.ts";
import { leastTier } from "../../trust/caps.ts";
import { driftUnknown } from "../../trust/drift-faults.ts";
import { routineKind } from "../conversation/questions.ts";
import type { OrderStore } from "../journal/store.ts";
import { ORDER_LIMITS } from "../limits.ts";
import { type LocalRules, usageOf } from "../local-policy/rules.ts";
import {
  baseNotional,
  orNull,
  readAccountFact,
  readMarket,
  readPositionFacts,
  readRates,
  readWorkingFacts,
} from "../submit/facts.ts";
import { localFaults, offerFaults } from "../submit/local-checks.ts";
import type { Mutex } from "../submit/mutex.ts";
import { withOwnOrders } from "../submit/own-orders.ts";
import { readInstrument, readPortfolioGreeks } from "./instrument.ts";
import { type ContractAsked, resolveContract } from "./resolve-contract.ts";
import { contractRules } from "./rules.ts";
import { readTarget } from "./target.ts";
import { refusedWhatIf, type WhatIfAnswer, whatIf } from "./what-if.ts";

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

type Built =
  | { ok: true; order: CanonicalOrder; fact: SecDef | null; notes: string[] }
  | Extract<PreviewOutcome, { outcome: "refused" }>;

const refused = (
  refusals: OrderRefusal[],
  candidates: Extract<PreviewOutcome, { outcome: "refused" }>["candidates"] = [],
): Extract<PreviewOutcome, { outcome: "refused" }> => ({
  outcome: "refused",
  refusals: refusals.slice(0, 50),
  candidates,
});

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
  const built = await build(parts, context, account, request, mode);
  if (!("ok" in built)) return built;
  return describe(parts, context, account, built, generation);
}

function formFaults(accountId: string, request: PreviewRequest): OrderRefusal[] {
  const named = accountsOf(request);
  const faults: OrderRefusal[] = named.every((one) => one === accountId)
    ? []
    : [
        refusal(
          "INPUT_INVALID",
          "account_id",
          "one_account",
          "Every part of the request must be for the same account.",
        ),
      ];
  switch (request.kind) {
    case "order":
      return [...faults, ...orderFormFaults(request.order)];
    case "bracket":
      return [...faults, ...bracketFormFaults(request.bracket)];
    case "oca":
      return [...faults, ...request.orders.flatMap((order) => orderFormFaults(order))];
    case "modify":
      return [...faults, ...modifyFormFaults(request.change)];
    case "cancel":
      return faults;
  }
}

function accountsOf(request: PreviewRequest): string[] {
  switch (request.kind) {
    case "order":
      return [request.order.account_id];
    case "bracket":
      return [request.bracket.account_id];
    case "oca":
      return [request.account_id, ...request.orders.map(({ account_id }) => account_id)];
    case "modify":
      return [request.change.account_id];
    case "cancel":
      return [request.cancel.account_id];
  }
}

async function build(
  parts: PreviewParts,
  context: OperationContext,
  account: ResolvedAccount,
  request: PreviewRequest,
  mode: TradingMode,
): Promise<Built> {
  switch (request.kind) {
    case "order":
    case "bracket": {
      const asked: ContractAsked = request.kind === "order" ? request.order : request.bracket;
      const found = await resolveContract(context, asked);
      if (!found.ok) return refused(found.refusals, found.candidates);
      const order =
        request.kind === "order"
          ? orderOf(request.order, found.contract, mode)
          : bracketOf(request.bracket, found.contract, mode);
      return { ok: true, order, fact: found.fact, notes: noted(found.note) };
    }
    case "oca": {
      const members = [];
      const notes = new Set<string>();
      let fact: SecDef | null = null;
      for (const [index, member] of request.orders.entries()) {
        const found = await resolveContract(context, member);
        if (!found.ok) {
          const at = (one: OrderRefusal) => ({ ...one, field: `orders.${index}.${one.field}` });
          return refused(found.refusals.map(at), found.candidates);
        }
        fact ??= found.fact;
        for (const note of noted(found.note)) notes.add(note);
        members.push({ input: member, contract: found.contract });
      }
      const order = ocaOf(members, request.account_id, mode);
      const incoherent = structureFaults(order, null);
      return incoherent.length > 0
        ? refused(incoherent)
        : { ok: true, order, fact, notes: [...notes] };
    }
    case "modify": {
      const { order_id } = request.change;
      const read = await readTarget(context, account, parts.store, order_id, "modify");
      if (!read.ok) return refused(read.refusals);
      const changed = modifiedOrderOf(request.change, read.target, mode);
      if (!changed.ok) return refused(changed.refusals);
      return { ok: true, order: changed.order, fact: null, notes: [] };
    }
    case "cancel": {
      const { order_id } = request.cancel;
      const read = await readTarget(context, account, parts.store, order_id, "cancel");
      if (!read.ok) return refused(read.refusals);
      return {
        ok: true,
        order: cancelOf(account.accountId, read.target, mode),
        fact: null,
        notes: [],
      };
    }
  }
}

const noted = (note: string | null): string[] => (note === null ? [] : [note]);

async function describe(
  parts: PreviewParts,
  context: OperationContext,
  account: ResolvedAccount,
  built: Extract<Built, { ok: true }>,
  generation: number,
): Promise<PreviewOutcome> {
  const { order, fact } = built;
  const { clock } = context;
  const { store, rules } = parts;
  const now = (): string => isoTime(clock.now());
  const leg = principalLeg(order);
  const { conid } = leg.contract;
  const base = account.baseCurrency;
  if (base === null) {
    throw new GatewayError(
      failure("BROKER_RESPONSE_INVALID", "The broker does not say the account's base currency."),
    );
  }
  const notes = [...built.notes];
  // The what-if answers about contracts whose quote was looked at before.
  const market = await orNull(readMarket(context, conid));
  if (market === null) notes.push("The market could not be read.");
  const rates = await readRates(context, account);
  const askedAt = clock.now();
  const [contract, instrument, accountFact, positions, working, tried] = await Promise.all([
    orNull(context.ask(contractRules(conid, leg.side === "BUY", now))),
    readInstrument(context, leg.contract, fact, leg.outside_rth),
    readAccountFact(context, account),
    readPositionFacts(context, account.accountId, rates?.rates ?? null),
    readWorkingFacts(context, account, store, rates?.rates ?? null),
    order.action === "cancel" ? null : tryWhatIf(parts, context, order, notes),
  ]);
  if (positions === null) notes.push("The positions could not be read and proved.");
  if (working === null) notes.push("The working orders could not be read and proved.");
  const taking = withOwnOrders(working, store, account.accountId, askedAt);
  const effect = effectOf(order, positions, taking, now());
  const notional = baseNotional(order, market, rates?.rates ?? null);
  const rate = rates?.rates.get(leg.contract.currency);

  const ticket: Ticket = {
    v: 1,
    order,
    market,
    notional,
    base_currency: base,
    what_if: tried?.whatIf ?? null,
    warnings: warningsOf(store, order, tried?.warning ?? null),
    waits: order.action === "cancel" ? null : (instrument.waits ?? null),
    prepared_at: now(),
  };
  const after = context.session();
  if (after.generation !== generation) throw sessionRefusal(after, clock.now());
  const previewId = parts.newPreviewId();
  const caps = rules.caps();
  const dailyPnl = accountFact?.daily_pnl ?? null;
  const usage = usageOf(store, clock.now(), dailyPnl);
  store.keepPreview(previewId, { ticket, generation, echo: null, madeAt: clock.now(), usage });
  return {
    outcome: "ticket",
    preview_id: previewId,
    ticket,
    facts: {
      rules: contract?.value ?? null,
      instrument,
      account: accountFact,
      positions,
      working,
      fx_to_base: rate === undefined || rates === null ? null : { rate, at: rates.at },
      effect,
      greeks: await readPortfolioGreeks(context, positions),
      broker_clock_skew_ms: parts.clockSkewMs(),
    },
    generation,
    source: parts.source,
    kept_until: isoTime(clock.now() + ORDER_LIMITS.previewKeptMs),
    local_refusals: [
      ...offerFaults(rules.policy(), order),
      ...localFaults({ rules, store, clock }, order, { notional, effect, dailyPnl }),
      ...bodyFaults(order, parts.futuresOperator),
      ...driftUnknown(ticket, effect),
    ].slice(0, 50),
    least_tier: caps.ok && leastTier(caps.caps, order, notional) < 2 ? 1 : 2,
    notes,
  };
}

/** The broker's own judgement of the principal leg; null when it could not be asked. */
async function tryWhatIf(
  parts: PreviewParts,
  context: OperationContext,
  order: CanonicalOrder,
  notes: string[],
): Promise<WhatIfAnswer | null> {
  const { clock } = context;
  const body = whatIfBody(order, parts.futuresOperator);
  if (!body.ok) {
    notes.push(body.message);
    return null;
  }
  // The broker has one question at a time; a what-if must not void an order's.
  const release = await parts.mutex.acquire(5_000);
  if (release === null) {
    notes.push(
      "Another order waits for an answer, so the broker was not asked what this one costs.",
    );
    return null;
  }
  const now = (): string => isoTime(clock.now());
  try {
    const ask = whatIf(order.account_id, body.body, now);
    const answer = await context.ask({
      ...ask,
      onRefused: (status, text) =>
        status < 500 ? new WhatIfRefused(refusedWhatIf(text, now())) : null,
    });
    return answer.value;
  } catch (thrown) {
    if (thrown instanceof WhatIfRefused) return { whatIf: thrown.whatIf, warning: null };
    if (!(thrown instanceof GatewayError)) throw thrown;
    notes.push("The broker did not say what the order would cost.");
    return null;
  } finally {
    release();
  }
}

class WhatIfRefused extends GatewayError {
  readonly whatIf: WhatIf;

  constructor(answer: WhatIf) {
    super(failure("WHATIF_REJECTED", "The broker would not take this order."));
    this.whatIf = answer;
  }
}

/** What this PC's configuration lacks for the order to be written down at all. */
function bodyFaults(order: CanonicalOrder, operator: FuturesOperator | null): OrderRefusal[] {
  if (order.action === "cancel") return [];
  const body =
    order.action === "modify" ? modifyBody(order, operator) : placeBody(order, "what-if", operator);
  return body.ok ? [] : [refusal("INPUT_INVALID", body.field, body.rule, body.message)];
}

/** The principal leg alone, under no reference: a what-if must not use one up. */
function whatIfBody(
  order: CanonicalOrder,
  operator: FuturesOperator | null,
): { ok: true; body: JsonObject } | { ok: false; message: string } {
  const alone: CanonicalOrder = {
    ...order,
    action: "place",
    structure: "single",
    legs: [{ ...principalLeg(order), role: "single" }],
    target: null,
  };
  const body = placeBody(alone, "what-if", operator);
  if (!body.ok) return body;
  const { orders } = body.body;
  if (!Array.isArray(orders)) return { ok: false, message: "The order has no body." };
  const anonymous = orders.map((one) => {
    if (typeof one !== "object" || one === null || Array.isArray(one)) return one;
    const { cOID: _reference, ...rest } = one;
    return rest;
  });
  return { ok: true, body: { orders: anonymous } };
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
