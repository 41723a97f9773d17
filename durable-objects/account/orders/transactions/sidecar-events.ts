import {
  BrokerExecutionEvent,
  BrokerOrderEvent,
} from "@ibkr-edge-gateway/protocol/operations/broker-events.ts";
import {
  IntentAlertEvent,
  IntentQuestionEvent,
  IntentStateEvent,
} from "@ibkr-edge-gateway/protocol/operations/order-events.ts";
import { OrderOutcome } from "@ibkr-edge-gateway/protocol/operations/order-parts.ts";
import type { Order } from "@ibkr-edge-gateway/protocol/operations/orders-list.ts";
import { readNewer } from "@ibkr-edge-gateway/protocol/operations/read-newer.ts";
import { parseFigure } from "@ibkr-edge-gateway/protocol/orders/decimal.ts";
import { isTerminal, type OrderEvidence } from "@ibkr-edge-gateway/protocol/orders/order-state.ts";
import { iso, type OrderParts } from "../order-context.ts";
import { positiveDecimal } from "../rules/positive-decimal.ts";
import { storeFill } from "../tables/fills.ts";
import { lookAtOnce } from "../tables/intents/in-doubt.ts";
import { findIntent, type IntentRow, setOutcome } from "../tables/intents/rows.ts";
import { ownOrder } from "./cancel.ts";
import { watchErrors } from "./circuit-breakers.ts";
import { crossCheck, isExplained } from "./cross-check.ts";
import { raiseAlert } from "./raise-alert.ts";
import { applyEvidence, type OutcomeUpdate } from "./settle.ts";

/**
 * What the sidecar tells of orders. Called inside the transaction that also moves the event cursor,
 * so that each is applied exactly once, with its leaf. What is not understood changes nothing.
 */
export function applyOrderEvent(
  parts: OrderParts,
  event: { type: string; payload: Record<string, unknown> },
): void {
  switch (event.type) {
    case "broker.order": {
      const report = readNewer(IntentStateEvent, event.payload);
      if (report.ok) {
        intentChanged(parts, report.value);
        return;
      }
      const seen = readNewer(BrokerOrderEvent, event.payload);
      if (!seen.ok) return;
      const { order } = seen.value;
      crossCheck(parts, order.account_id, [order]);
      lookForMoved(parts, order);
      return;
    }
    case "broker.question": {
      const report = readNewer(IntentQuestionEvent, event.payload);
      if (report.ok) questionReported(parts, report.value);
      return;
    }
    case "broker.execution": {
      const report = readNewer(BrokerExecutionEvent, event.payload);
      if (report.ok) executed(parts, report.value);
      return;
    }
    case "broker.alert": {
      const report = readNewer(IntentAlertEvent, event.payload);
      if (!report.ok) return;
      const { alert, message, broker_text, cancel_offered, account_id, coid, event_key } =
        report.value;
      if (alert === "unexplained_order" && isKnownHere(parts, report.value)) return;
      raiseAlert(
        parts,
        {
          key: event_key,
          kind: alert,
          brokerAccount: account_id,
          coid,
          message,
          brokerText: broker_text?.untrusted_text ?? null,
          cancelOffered: cancel_offered,
        },
        "pc",
      );
      return;
    }
  }
}

/**
 * Whether an order that the PC cannot explain is explained here: another PC of the owner's sent it.
 * More orders under one reference than were sent, which the PC tells with its intent, stay an alarm.
 */
function isKnownHere(
  parts: OrderParts,
  { account_id, coid, intent_hash, cancel_offered }: IntentAlertEvent,
): boolean {
  if (account_id === null || intent_hash !== null) return false;
  if (coid !== null) return isExplained(parts, account_id, coid);
  // A PC that does not name the reference names the number.
  const { sql } = parts.storage;
  const ofNumber = (orderId: string) =>
    (["paper", "live"] as const)
      .map((mode) => ownOrder(sql, { brokerAccount: account_id, mode, orderId }))
      .find((intent) => intent !== null)?.coid;
  return (
    cancel_offered.length > 0 &&
    cancel_offered.every((orderId) => {
      const ref = ofNumber(orderId);
      return ref !== undefined && isExplained(parts, account_id, ref);
    })
  );
}

function intentChanged(parts: OrderParts, report: IntentStateEvent): void {
  const { sql } = parts.storage;
  const intent = findIntent(sql, report.coid);
  if (intent === null) {
    raiseAlert(parts, {
      key: `unexplained:${report.coid}`,
      kind: "unexplained_order",
      brokerAccount: report.account_id,
      coid: report.coid,
      message:
        "The PC follows an order that this gateway has no record of having let out. Engage the kill switch and look at the account.",
      brokerText: null,
      cancelOffered: report.orders.flatMap(({ order_id }) => (order_id === null ? [] : [order_id])),
    });
    return;
  }
  if (isOlderThanTheEnd(intent, report.evidence)) return;
  const update: OutcomeUpdate = (state, before) => {
    // An older report of an order that has ended, sent again: the newer one stands.
    if (state === intent.state && isTerminal(state) && !isTerminal(report.state)) return null;
    // Why it was not sent says nothing of one that turned up after all.
    const turnedUp = before?.proved_by === "sidecar_not_sent" && state !== "rejected";
    return {
      action: intent.action,
      account_id: report.account_id,
      coid: report.coid,
      intent_hash: report.intent_hash,
      refusals: turnedUp ? [] : (before?.refusals ?? []),
      broker_text: turnedUp ? null : (before?.broker_text ?? null),
      answered: before?.answered ?? [],
      alerts: before?.alerts ?? [],
      question: state === "awaiting_confirmation" ? (before?.question ?? null) : null,
      state,
      proved_by: report.evidence.source,
      orders: report.orders,
      at: iso(parts.now()),
    };
  };
  const { storage, log } = parts;
  const applied = applyEvidence(storage, report.coid, report.evidence, parts.now(), log, update);
  if (!applied.ok) return;
  if (applied.alarm !== null || applied.state === "needs_owner" || applied.state === "unknown") {
    raiseAlert(
      parts,
      {
        key: `${applied.state}:${report.coid}`,
        kind:
          applied.state === "unknown"
            ? "outcome_unknown"
            : applied.state === "needs_owner"
              ? "needs_owner"
              : "resurrected",
        brokerAccount: report.account_id,
        coid: report.coid,
        message:
          applied.state === "unknown"
            ? "Nobody can tell yet whether an order stands at the broker. It is being looked for."
            : applied.state === "needs_owner"
              ? "The state of an order could not be proved. Look at the account at the broker."
              : "An order that was proved to have ended is alive at the broker. Look at the account at the broker.",
        brokerText: null,
        cancelOffered: [],
      },
      "pc",
    );
  }
  watchErrors(parts, intent.broker_account);
}

/** How far the clock of the PC that saw it may be from the clock that dated the end. */
const ALLOWED_SKEW_MS = 5_000;

/**
 * "Working", seen before the order's end was proved: a PC that is taken back into use tells what it
 * saw before it stood by. That is no news of an order that was seen at the broker. One that was never
 * seen there is another matter: whoever saw it at any time contradicts "it was never placed".
 */
function isOlderThanTheEnd(intent: IntentRow, evidence: OrderEvidence): boolean {
  if (!isTerminal(intent.state) || evidence.says !== "working") return false;
  if (intent.state === "rejected" && intent.seen === 0) return false;
  return Date.parse(evidence.at) < intent.updated_at - ALLOWED_SKEW_MS;
}

/**
 * A row of the broker's list that says something else of an order of ours than its own row. The PC
 * that sent the order tells of it anyway; after a change of the PC nobody does, and the book is read.
 */
function lookForMoved(parts: OrderParts, order: Order): void {
  if (order.order_ref === null) return;
  const { sql } = parts.storage;
  const intent =
    findIntent(sql, order.order_ref) ?? findIntent(sql, order.order_ref.replace(/-[a-z]$/, ""));
  if (intent?.action !== "place" || intent.broker_account !== order.account_id) return;
  // What is being submitted has its own end to wait for.
  if (isTerminal(intent.state) || intent.state === "submitting" || agrees(intent, order)) return;
  lookAtOnce(sql, intent.coid, parts.now());
  parts.wakeAt(parts.now());
}

/** Whether the row at the broker says of the order what is known of it here. */
function agrees(intent: IntentRow, { status, order_id, filled }: Order): boolean {
  const { state } = intent;
  switch (status) {
    case "working":
    case "pending":
    case "pending_cancel":
    case "partially_filled": {
      const isFilling = parseFigure(filled)?.greaterThan(0) === true;
      return state === "partially_filled" || (state === "working" && !isFilling);
    }
    case "filled":
    case "cancelled":
    case "inactive": {
      // The order as a whole has not ended. One part of a group may have, as is known.
      const known = OrderOutcome.safeParse(JSON.parse(intent.outcome ?? "null"));
      const parts = known.success ? known.data.orders : [];
      const part = parts.find((one) => one.order_id === order_id);
      return parts.length > 1 && part !== undefined && isTerminal(part.state);
    }
    case "unknown":
      return true;
  }
}

function questionReported(parts: OrderParts, report: IntentQuestionEvent): void {
  const intent = findIntent(parts.storage.sql, report.coid);
  if (intent === null) return;
  const asked = report.happened === "asked";
  keepOutcome(parts, report.coid, (before) => ({
    action: intent.action,
    account_id: report.account_id,
    coid: report.coid,
    intent_hash: report.intent_hash,
    refusals: before?.refusals ?? [],
    broker_text: before?.broker_text ?? null,
    answered: [
      ...(before?.answered ?? []),
      ...(asked
        ? []
        : report.question.messages.map(({ message_id, fingerprint }) => ({
            message_id,
            fingerprint,
            confirmed: report.happened === "confirmed",
            by: report.by === "broker" ? ("sidecar" as const) : report.by,
          }))),
    ].slice(-40),
    alerts: before?.alerts ?? [],
    question: asked && report.by === "broker" ? report.question : null,
    state: intent.state,
    proved_by: before?.proved_by ?? "submit_answer",
    orders: before?.orders ?? [],
    at: iso(parts.now()),
  }));
  parts.log({
    type: "order.state",
    kind: "sidecar",
    clientId: intent.client_id,
    sidecarId: null,
    brokerAccount: report.account_id,
    decision: "allow",
    errorCode: null,
    requestId: "",
    meta: {
      coid: report.coid,
      question: report.happened,
      by: report.by,
      messages: report.question.messages
        .map(({ message_id, fingerprint }) => `${message_id ?? "-"}:${fingerprint.slice(0, 16)}`)
        .join(","),
    },
  });
  if (asked && intent.state === "awaiting_confirmation") {
    raiseAlert(
      parts,
      {
        key: `question:${report.question.reply_id}`,
        kind: "question_waiting",
        brokerAccount: report.account_id,
        coid: report.coid,
        message: "The broker asks a question about an order. Unanswered, it is declined.",
        brokerText: report.question.messages
          .map(({ text }) => text)
          .join("\n")
          .slice(0, 2_000),
        cancelOffered: [],
      },
      "pc",
    );
  }
}

function executed(parts: OrderParts, report: BrokerExecutionEvent): void {
  const { execution } = report;
  const { conid, side, account_id, order_ref } = execution;
  const quantity = positiveDecimal(execution.quantity);
  const price = positiveDecimal(execution.price);
  // A fill without its number, side or price cannot be counted; the positions still show it.
  if (conid === null || side === null || quantity === null || price === null) return;
  const at = Date.parse(execution.executed_at ?? report.observed_at);
  const coid =
    order_ref !== null && findIntent(parts.storage.sql, order_ref) !== null ? order_ref : null;
  const fresh = storeFill(parts.storage.sql, {
    executionId: execution.execution_id,
    coid,
    brokerAccount: account_id,
    conid,
    side: side === "buy" ? "BUY" : "SELL",
    quantity,
    price,
    atMs: Number.isFinite(at) ? at : parts.now(),
  });
  if (!fresh) return;
  parts.log({
    type: "broker.execution",
    kind: "sidecar",
    clientId: null,
    sidecarId: null,
    brokerAccount: account_id,
    decision: "allow",
    errorCode: null,
    requestId: "",
    meta: {
      execution_id: execution.execution_id,
      origin: coid === null ? "foreign" : "gateway",
      ...(coid === null ? {} : { coid }),
    },
  });
}

/** The newest outcome of an order's parts, beside its state. */
function keepOutcome(
  parts: OrderParts,
  coid: string,
  make: (before: OrderOutcome | null) => OrderOutcome,
): void {
  const { sql } = parts.storage;
  const intent = findIntent(sql, coid);
  if (intent === null) return;
  const parsed =
    intent.outcome === null ? null : OrderOutcome.safeParse(JSON.parse(intent.outcome));
  const outcome = make(parsed?.success === true ? parsed.data : null);
  setOutcome(sql, coid, outcome);
}
