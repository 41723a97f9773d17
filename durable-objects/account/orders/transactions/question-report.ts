import type { IntentQuestionEvent } from "@ibkr-edge-gateway/protocol/operation-schemas/order-events.ts";
import { OrderOutcome } from "@ibkr-edge-gateway/protocol/operation-schemas/order-parts.ts";
import { iso, type OrderParts } from "../order-context.ts";
import { findIntent, setOutcome } from "../tables/intents/rows.ts";
import { keepNumbers } from "../tables/order-numbers.ts";
import { raiseAlert } from "./raise-alert.ts";

/** The PC tells that the broker asked about an order, or that a question was answered. */
export function questionReported(parts: OrderParts, report: IntentQuestionEvent): void {
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
  if (intent.action === "place") keepNumbers(sql, coid, outcome);
}
