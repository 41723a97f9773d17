import type { Statement } from "@ibkr-edge-gateway/protocol/approval/statement.ts";
import { orderAnswer } from "@ibkr-edge-gateway/protocol/operations/order-answer.ts";
import { OrderOutcome } from "@ibkr-edge-gateway/protocol/operations/order-parts.ts";
import { intentHash } from "@ibkr-edge-gateway/protocol/orders/intent.ts";
import { isTerminal } from "@ibkr-edge-gateway/protocol/orders/state.ts";
import { orderInWords } from "@ibkr-edge-gateway/protocol/orders/words.ts";
import type { PasskeyAssertion } from "@ibkr-edge-gateway/protocol/passkey.ts";
import { ulid } from "@ibkr-edge-gateway/protocol/ulid.ts";
import type { SignedIn } from "../../access/owner-access.ts";
import { contentHash } from "../../audit/events.ts";
import { listClients } from "../../clients/clients.ts";
import type { OrdersPage, SignedTerms, StatementCeremony } from "../../rpc/orders.ts";
import { cancelIntent } from "../agent/cancel.ts";
import { GATEWAY_CLIENT, iso, type OrderParts, OWNER_CLIENT } from "../order-context.ts";
import { shownOrder } from "../rules/order-view.ts";
import type { Written } from "../rules/submit-response.ts";
import { openNumbers, workingOrders } from "../rules/working-orders.ts";
import type { Underway } from "../sidecar/in-flight.ts";
import { listAlerts } from "../tables/alerts.ts";
import { findApproval, pendingApprovals } from "../tables/approvals.ts";
import { latestIntents } from "../tables/intents/history.ts";
import { findIntent, type IntentRow } from "../tables/intents/rows.ts";
import { findPreview } from "../tables/previews.ts";
import { settle } from "../transactions/settle.ts";
import { ceremonyOf, newTerms, signed } from "./signed-statement.ts";

const LISTED = 50;
/** Who else than a client asked; a client that bears such a name is shown by its own. */
const OWN_NAMES: Readonly<Record<string, string>> = {
  [OWNER_CLIENT]: "You",
  [GATEWAY_CLIENT]: "The gateway",
};

/** Orders and alerts as the owner sees them, newest first. */
export function ordersPage(parts: OrderParts): OrdersPage {
  const { sql } = parts.storage;
  const names = new Map(listClients(sql).map(({ clientId, clientName }) => [clientId, clientName]));
  const orders = latestIntents(sql, LISTED).flatMap((coid) => {
    const intent = findIntent(sql, coid);
    if (intent === null) return [];
    const preview = intent.preview_id === null ? null : findPreview(sql, intent.preview_id);
    const approval =
      intent.approval_id === null ? null : findApproval(sql, intent.approval_id, parts.now());
    const ticket = approval?.intent.ticket ?? preview?.ticket ?? null;
    return [
      {
        order: shownOrder(intent, parts.now()),
        brokerAccount: intent.broker_account,
        mode: intent.mode,
        inWords: ticket === null ? null : orderInWords(ticket),
        clientName: names.get(intent.client_id) ?? OWN_NAMES[intent.client_id] ?? "An agent",
        createdAt: iso(intent.created_at),
        approvalId: intent.approval_id,
      },
    ];
  });
  return {
    orders,
    alerts: listAlerts(sql, LISTED),
    pending: pendingApprovals(sql, parts.now()).length,
  };
}

/**
 * The owner withdraws an order of this gateway, or what an alert offers to withdraw. It waits for
 * nothing, and passes while the broker keeps everybody else silent. An order whose number is not
 * known is withdrawn by its reference.
 */
export async function ownerCancel(
  parts: OrderParts,
  underway: Underway,
  { requestId }: SignedIn,
  wanted: { coid: string } | { alert: string },
): Promise<{ ok: boolean; message: string }> {
  const { sql } = parts.storage;
  const found = "alert" in wanted ? offeredBy(sql, wanted.alert) : standing(sql, wanted.coid);
  if (found === null) {
    return { ok: false, message: "There is no working order of this gateway to withdraw." };
  }
  const { intent, orderIds } = found;
  const asker = { kind: "owner", requestId } as const;
  const told = await Promise.all(
    orderIds.map(async (orderId) => {
      const key = `owner:${ulid(parts.now())}`;
      return saidOf(await cancelIntent(parts, underway, asker, intent, orderId, key));
    }),
  );
  const messages = [...new Set(told.map(({ message }) => message))].join(" ");
  return { ok: told.every(({ ok }) => ok), message: messages };
}

type Found = { intent: IntentRow; orderIds: (string | null)[] };

function standing(sql: SqlStorage, coid: string): Found | null {
  const intent = workingOrders(sql).find((order) => order.coid === coid);
  if (intent === undefined) return null;
  const numbers = openNumbers(intent);
  return { intent, orderIds: numbers.includes(null) ? [null] : numbers };
}

/** The orders an alert names, never ones that a form names. */
function offeredBy(sql: SqlStorage, key: string): Found | null {
  const alert = listAlerts(sql, LISTED).find((one) => one.key === key);
  const intent = alert?.coid == null ? null : findIntent(sql, alert.coid);
  if (alert === undefined || intent === null || intent.action !== "place") return null;
  if (alert.cancelOffered.length === 0) return standing(sql, intent.coid);
  const ended = shownOrder(intent, 0).orders.filter(({ state }) => isTerminal(state));
  const orderIds = alert.cancelOffered.filter(
    (orderId) => !ended.some(({ order_id }) => order_id === orderId),
  );
  return orderIds.length === 0 ? null : { intent, orderIds };
}

function saidOf(done: Written): { ok: boolean; message: string } {
  if (!done.ok) return { ok: false, message: done.failure.message };
  const { order, refusals } = done.answer;
  if (order === null) {
    return { ok: false, message: refusals.map(({ message }) => message).join(" ") };
  }
  const why = [...order.refusals.map(({ message }) => message), ...order.alerts].join(" ");
  return order.state === "rejected"
    ? { ok: false, message: `${order.means} ${why}`.trim() }
    : { ok: true, message: order.means };
}

/** What the passkey signs to say yes to the question that is open; null when none is. */
export function beginAnswer(parts: OrderParts, coid: string): StatementCeremony | null {
  const terms = newTerms(parts);
  const asked = openQuestion(parts, coid, terms);
  return asked === null ? null : ceremonyOf(parts.storage.sql, asked.statement, terms);
}

export async function answerQuestion(
  parts: OrderParts,
  owner: SignedIn,
  answer: {
    coid: string;
    confirm: boolean;
    signed: { terms: SignedTerms; assertion: PasskeyAssertion } | null;
  },
): Promise<{ ok: boolean; message: string }> {
  const terms = answer.signed?.terms ?? newTerms(parts);
  const asked = openQuestion(parts, answer.coid, terms);
  if (asked === null) return { ok: false, message: "No question is open for this order." };
  if (answer.confirm) {
    const { signed: by } = answer;
    if (by === null || !(await signed(parts, owner, asked.statement, by.terms, by.assertion))) {
      return { ok: false, message: "The passkey did not sign this answer." };
    }
  }
  const { intent, replyId, fingerprints } = asked;
  const assertion = answer.signed?.assertion;
  const input = {
    account_id: intent.broker_account,
    mode: intent.mode,
    coid: intent.coid,
    reply_id: replyId,
    confirm: answer.confirm,
    owner:
      answer.confirm && assertion !== undefined
        ? {
            fingerprints,
            nonce: terms.nonce,
            not_after: terms.notAfter,
            assertion: {
              id: assertion.id,
              client_data_json: assertion.response.clientDataJSON,
              authenticator_data: assertion.response.authenticatorData,
              signature: assertion.response.signature,
            },
          }
        : null,
  };
  parts.log({
    type: "approval.decided",
    kind: "owner",
    clientId: intent.client_id,
    sidecarId: null,
    brokerAccount: intent.broker_account,
    decision: answer.confirm ? "allow" : "deny",
    errorCode: null,
    requestId: owner.requestId,
    meta: { coid: intent.coid, question: answer.confirm ? "confirm" : "decline" },
  });
  const settlement = await parts.relay.submit({
    class: orderAnswer.class,
    traceparent: undefined,
    submit: {
      job_id: ulid(parts.now()),
      operation: orderAnswer.name,
      input,
      input_sha256: contentHash(input),
      grant: {
        capability: intent.mode === "live" ? "orders.live" : "orders.paper",
        broker_account: intent.broker_account,
        scope: `ibkr:orders:${intent.mode}:submit`,
        expires_at: iso(parts.now() + 60_000),
      },
      deadline_ms: orderAnswer.deadlineMs,
    },
  });
  if (!settlement.ok) return { ok: false, message: "The PC could not be told; look at the order." };
  const outcome = OrderOutcome.safeParse(settlement.result);
  if (!outcome.success) return { ok: false, message: "The PC's answer could not be read." };
  const refused = outcome.data.refusals.map(({ message }) => message).join(" ");
  if (refused !== "") return { ok: false, message: refused };
  settle(
    parts.storage,
    intent.coid,
    { kind: "outcome", outcome: outcome.data },
    parts.now(),
    parts.log,
  );
  return { ok: true, message: "The broker was answered." };
}

function openQuestion(
  parts: OrderParts,
  coid: string,
  terms: SignedTerms,
): { intent: IntentRow; replyId: string; fingerprints: string[]; statement: Statement } | null {
  const { sql } = parts.storage;
  const intent = findIntent(sql, coid);
  if (intent === null || intent.state !== "awaiting_confirmation") return null;
  const { question } = shownOrder(intent, parts.now());
  if (question === null) return null;
  const fingerprints = question.messages.map(({ fingerprint }) => fingerprint);
  const approval =
    intent.approval_id === null ? null : findApproval(sql, intent.approval_id, parts.now());
  const hash = approval === null ? intent.intent_hash : intentHash(approval.intent);
  if (hash === null) return null;
  return {
    intent,
    replyId: question.reply_id,
    fingerprints,
    statement: {
      act: "question",
      question: {
        intent_hash: hash,
        reply_id: question.reply_id,
        fingerprints,
        confirm: true,
        nonce: terms.nonce,
        not_after: terms.notAfter,
      },
    },
  };
}
