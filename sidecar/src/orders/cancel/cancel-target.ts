import { GatewayError } from "@ibkr-edge-gateway/protocol/errors.ts";
import type { CancelBy } from "@ibkr-edge-gateway/protocol/operation-schemas/order-cancel.ts";
import type { IntentOrder } from "@ibkr-edge-gateway/protocol/operation-schemas/order-parts.ts";
import { type OrderRefusal, refusal } from "@ibkr-edge-gateway/protocol/orders/order-refusal.ts";
import { isOpen } from "@ibkr-edge-gateway/protocol/orders/order-state.ts";
import { isoTime, sleep } from "../../client-portal/clock.ts";
import { canStillTrade } from "../../client-portal/domain/order-rows.ts";
import { liveOrders } from "../../client-portal/endpoints/orders.ts";
import { readOrders } from "../../operation-handlers/live-orders.ts";
import type { OperationContext } from "../../operation-handlers/operation-context.ts";
import { resolveAccount } from "../../operation-handlers/resolve-account.ts";
import type { IntentRecord } from "../journal/intent-record.ts";
import { ORDER_LIMITS } from "../limits.ts";
import type { SubmitContext } from "../submit/submit-context.ts";
import type { BookParts } from "../tracking/order-book-read.ts";

/**
 * Which orders at the broker a cancel by our own reference means. The number may not be known yet:
 * the order may be on its way, wait for an answer, or be in doubt. It is looked for in the journal
 * and then, by force, in the broker's book; what is not found is said to be not found, never gone.
 */
export type CancelTarget =
  /** Without a record: another PC of the owner's sent it, and the broker's list shows it. */
  | { kind: "numbers"; record: IntentRecord | null; orderIds: string[] }
  /** It ended meanwhile, or never left; the record says how. */
  | { kind: "ended"; record: IntentRecord }
  | { kind: "refused"; refusals: OrderRefusal[] };

export async function cancelTarget(
  parts: SubmitContext & { book: BookParts },
  context: OperationContext,
  input: { account_id: string; order_ref: string; by: CancelBy },
): Promise<CancelTarget> {
  const { store, clock } = parts;
  const { account_id, order_ref } = input;
  const first = store.byRef(order_ref);
  if (first === null && OWN_REFERENCE.test(order_ref))
    return inBook(context, account_id, order_ref);
  if (first === null || first.account_id !== account_id) {
    return not(
      "own_journal",
      "This PC has no order under that reference, so it sent none and withdrew none.",
    );
  }
  const { coid } = first;
  const latest = (): IntentRecord => store.intent(coid) ?? first;
  await declineQuestion(parts, coid, input.by);

  // On its way out this very moment: the broker's answer brings the number, or the proof of none.
  const until = Math.min(clock.now() + ORDER_LIMITS.cancelFindsMs, context.deadlineAt);
  while (latest().state === "submitting" && numbersOf(latest(), order_ref).length === 0) {
    if (clock.now() >= until || context.signal.aborted) break;
    await sleep(clock, ORDER_LIMITS.cancelLookMs, context.signal);
  }
  if (!isOpen(latest().state)) return { kind: "ended", record: latest() };
  const unasked = await lookUp(parts, context, account_id, () => missing(latest(), order_ref));
  if (!isOpen(latest().state)) return { kind: "ended", record: latest() };
  const orderIds = numbersOf(latest(), order_ref);
  // One that is known is cancelled, whatever the broker says of its list.
  if (orderIds.length === 0 && unasked !== null) throw unasked;
  return orderIds.length > 0
    ? { kind: "numbers", record: latest(), orderIds }
    : not(
        "in_broker_list",
        "The broker's list does not show the order now, so there is nothing to withdraw yet. It may still turn up; it is being looked for.",
      );
}

/** As an intent is named; nobody else's look like this. */
export const OWN_REFERENCE = /^ieg1-[0-9a-f]{32}$/;

/** One that this PC did not send: every order that bears the reference and can still trade. */
async function inBook(
  context: OperationContext,
  accountId: string,
  orderRef: string,
): Promise<CancelTarget> {
  const account = await resolveAccount(context, accountId);
  const { orders } = await readOrders(context, account);
  const orderIds = orders
    .filter(({ status }) => canStillTrade(status))
    // A bracket's exits bear none and go with their entry; a group's members bear it with a letter.
    .filter(({ order_ref }) => order_ref?.replace(/-[a-z]$/, "") === orderRef)
    .map(({ order_id }) => order_id);
  return orderIds.length > 0
    ? { kind: "numbers", record: null, orderIds }
    : not(
        "in_broker_list",
        "This PC sent no order under that reference, and the broker's list shows none that can still trade. It may still turn up: look at the account at the broker.",
      );
}

/**
 * Reads the broker's list, by force and then again, until it shows what is missing. One row that
 * shows the order is enough to cancel it; nothing is concluded here from a list that does not.
 * Gives why the broker could not be asked.
 */
async function lookUp(
  parts: SubmitContext & { book: BookParts },
  context: OperationContext,
  accountId: string,
  isMissing: () => boolean,
): Promise<GatewayError | null> {
  const { portal, clock, accounts } = parts.book;
  const which = accounts().length > 1 ? { accountId } : {};
  for (let read = 0; read < LOOKS && isMissing(); read++) {
    const asked = portal.ask(
      { ...liveOrders({ ...which, force: read === 0 }), priority: "reconcile" as const },
      {
        fresh: true,
        firstLookOnly: true,
        maxWaitMs: Math.max(0, context.deadlineAt - clock.now() - ORDER_LIMITS.cancelPatienceMs),
        signal: context.signal,
      },
    );
    const answer = await asked.catch(unlessOther);
    if (answer instanceof GatewayError) return answer;
    const { orders } = answer.value;
    const at = isoTime(clock.now());
    parts.tracking.see({ orders, trades: [], source: "live_orders", at, startedAt: null });
  }
  return null;
}

const unlessOther = (thrown: unknown): GatewayError => {
  if (thrown instanceof GatewayError) return thrown;
  throw thrown;
};

const LOOKS = 3;

/** An order that waits for a yes is cancelled by saying no. */
async function declineQuestion(parts: SubmitContext, coid: string, by: CancelBy): Promise<void> {
  const waiting = parts.conversation.waiting();
  if (waiting === null || waiting.coid !== coid) return;
  await parts.conversation.answer(coid, waiting.replyId, {
    confirm: false,
    by: by === "owner" ? "owner" : "sidecar",
  });
}

/** Cancelling an entry takes its exits with it; of a group every member, or the one that is named. */
function headsOf(record: IntentRecord, orderRef: string): IntentOrder[] {
  return record.orders.filter(
    ({ role, order_ref, state }) =>
      isOpen(state) &&
      role !== "take_profit" &&
      role !== "stop_loss" &&
      (orderRef === record.coid || order_ref === orderRef),
  );
}

const numbersOf = (record: IntentRecord, orderRef: string): string[] =>
  headsOf(record, orderRef).flatMap(({ order_id }) => order_id ?? []);

const missing = (record: IntentRecord, orderRef: string): boolean =>
  headsOf(record, orderRef).some(({ order_id }) => order_id === null);

const not = (rule: string, message: string): CancelTarget => ({
  kind: "refused",
  refusals: [refusal("ORDER_NOT_MODIFIABLE", "order_ref", rule, message)],
});
