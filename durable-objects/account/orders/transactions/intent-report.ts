import type { IntentStateEvent } from "@ibkr-edge-gateway/protocol/operation-schemas/order-events.ts";
import { isTerminal, type OrderEvidence } from "@ibkr-edge-gateway/protocol/orders/order-state.ts";
import { iso, type OrderParts } from "../order-context.ts";
import { LOOK_AGAIN_MS, lookAgain } from "../rules/outcomes/read-book-once-more.ts";
import { findIntent, type IntentRow } from "../tables/intents/rows.ts";
import { watchErrors } from "./circuit-breakers.ts";
import { keepPcStatements } from "./keep-pc-statements.ts";
import { raiseAlert } from "./raise-alert.ts";
import { applyEvidence, type OutcomeUpdate } from "./settle.ts";

/** The PC tells that the state of an order changed, with the evidence for it. */
export function intentChanged(parts: OrderParts, report: IntentStateEvent): void {
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
  // Before the state is taken: the entry that ends the order names what was stated of it.
  const { sidecarId } = parts.relay.presence();
  if (report.stated !== undefined && sidecarId !== null) {
    keepPcStatements(parts, report.stated, sidecarId);
  }
  if (isOlderThanTheEnd(intent, report.evidence)) {
    lookAgain(sql, intent, parts.now());
    parts.wakeAt(parts.now() + LOOK_AGAIN_MS);
    return;
  }
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
