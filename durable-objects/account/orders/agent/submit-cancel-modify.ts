import type { JsonObject } from "@ibkr-edge-gateway/protocol/json.ts";
import type {
  EDGE_ORDER_OPERATIONS,
  ShownApproval,
} from "@ibkr-edge-gateway/protocol/operations/edge-orders.ts";
import { type Leg, principalLeg } from "@ibkr-edge-gateway/protocol/orders/canonical-order.ts";
import { canonicalDecimal } from "@ibkr-edge-gateway/protocol/orders/decimal.ts";
import type { ModifyInput } from "@ibkr-edge-gateway/protocol/orders/order-input.ts";
import { refusal } from "@ibkr-edge-gateway/protocol/orders/refusal.ts";
import type { TradingMode } from "@ibkr-edge-gateway/protocol/orders/terms.ts";
import type * as z from "zod";
import type { AgentAsker, Asker, OrderParts } from "../order-context.ts";
import { refusedWith, type Written } from "../rules/submit-response.ts";
import type { Underway } from "../sidecar/in-flight.ts";
import { type Approval, findApproval } from "../tables/approvals.ts";
import { findKey } from "../tables/idempotency-keys.ts";
import type { IntentRow } from "../tables/intents.ts";
import { findPreview } from "../tables/previews.ts";
import { requestsUnder, sendWish } from "../tables/sends.ts";
import { ownOrder } from "../transactions/cancel.ts";
import { preparePreview } from "./preview.ts";
import { type Asked, announce, askApproval, shownApproval } from "./request-approval.ts";
import { refusedAndLogged, write, writeDigest } from "./submit.ts";

type Input<N extends keyof typeof EDGE_ORDER_OPERATIONS> = z.output<
  (typeof EDGE_ORDER_OPERATIONS)[N]["input"]
>;

/** Asks the owner about a new order; with the submit that the approval shall make, where it is said. */
export function askForOrder(
  parts: OrderParts,
  asker: AgentAsker,
  input: Input<"trade.ask">,
): Asked {
  const { account_id, submit_on_approval, idempotency_key: key, ...asked } = input;
  const request = { account_id, ...asked };
  if (submit_on_approval !== true || key === undefined) return askApproval(parts, asker, request);
  const order = findPreview(parts.storage.sql, input.preview_id)?.ticket.order;
  return askApproval(parts, asker, request, {
    key,
    action: "place",
    said: (approval_id) => saidToSubmit({ account_id, mode: order?.mode ?? "paper", approval_id }),
  });
}

const saidToSubmit = (
  submit: Pick<Input<"trade.submit">, "account_id" | "mode" | "approval_id">,
): JsonObject => ({ act: "submit", ...submit });

/** Sends what the owner approved. */
export function submitApproved(
  parts: OrderParts,
  underway: Underway,
  asker: AgentAsker,
  input: Input<"trade.submit">,
): Promise<Written> {
  const { account_id, mode, approval_id, idempotency_key } = input;
  const { sql } = parts.storage;
  const approval = findApproval(sql, approval_id, parts.now());
  const previewId = approval?.clientId === asker.clientId ? approval.previewId : "";
  // A group is several orders in one POST, as a bracket is: one tool sends both.
  const structure = approval?.intent.ticket.order.structure === "single" ? "single" : "bracket";
  if (previewId !== "" && input.preview_id !== undefined && input.preview_id !== previewId) {
    return Promise.resolve(
      refusedAndLogged(parts, asker, { accountId: account_id, previewId: "" }, [
        refusal(
          "APPROVAL_PREVIEW_MISMATCH",
          "preview_id",
          "approved_preview",
          "The approval is for another preview.",
        ),
      ]),
    );
  }
  if (previewId !== "" && structure !== input.structure) {
    return Promise.resolve(
      refusedAndLogged(parts, asker, { accountId: account_id, previewId: "" }, [
        refusal(
          "APPROVAL_PREVIEW_MISMATCH",
          "approval_id",
          "same_structure",
          structure === "bracket"
            ? "A bracket or a group was approved; use the tool for brackets and groups."
            : "A single order was approved; use the tool for single orders.",
        ),
      ]),
    );
  }
  return write(parts, underway, asker, {
    key: idempotency_key,
    said: saidToSubmit({ account_id, mode, approval_id }),
    accountId: account_id,
    mode,
    previewId,
    approvalId: approval_id,
    scope: mode === "live" ? "ibkr:orders:live:submit" : "ibkr:orders:paper:submit",
  });
}

/** Withdraws an order of this gateway. No approval and no kill switch stands in its way. */
export async function cancel(
  parts: OrderParts,
  underway: Underway,
  asker: AgentAsker,
  input: Input<"trade.cancel">,
): Promise<Written> {
  const { account_id, mode, order_id, idempotency_key } = input;
  const request = {
    key: idempotency_key,
    said: { act: "cancel", account_id, mode, order_id },
    accountId: account_id,
    mode,
    approvalId: null,
    scope:
      mode === "live"
        ? ("ibkr:orders:live:cancel" as const)
        : ("ibkr:orders:paper:cancel" as const),
  };
  const used = findKey(parts.storage.sql, asker.clientId, idempotency_key);
  if (used !== null || underway.running.has(`${asker.clientId}\n${idempotency_key}`)) {
    return write(parts, underway, asker, { ...request, previewId: "" });
  }
  const intent = ownOrder(parts.storage.sql, {
    brokerAccount: account_id,
    mode,
    orderId: order_id,
  });
  if (intent !== null) {
    const own = { intent, orderId: order_id, bySwitch: false };
    return write(parts, underway, asker, { ...request, previewId: "", own });
  }
  const prepared = await preparePreview(parts, asker, account_id, {
    kind: "cancel",
    cancel: { account_id, order_id },
  });
  if (!prepared.ok) return prepared;
  if (prepared.preview === null) return refusedWith(account_id, prepared.shown.refusals);
  const { preview } = prepared;
  if (preview.ticket.order.target?.foreign !== false) {
    return refusedAndLogged(parts, asker, { accountId: account_id, previewId: "" }, [
      refusal(
        "FOREIGN_ORDER",
        "order_id",
        "own_order",
        "The order was not placed through this gateway, so it is shown and left alone. Withdraw it where it was placed.",
      ),
    ]);
  }
  return write(parts, underway, asker, {
    ...request,
    previewId: preview.previewId,
    fresh: { market: preview.ticket.market, facts: preview.facts, skewMs: 0 },
  });
}

/**
 * Withdraws an order of this gateway for the gateway's own reasons: under its number, or by our
 * reference where the broker's answer that would bring the number is still missing.
 */
export function cancelIntent(
  parts: OrderParts,
  underway: Underway,
  asker: Asker,
  intent: IntentRow,
  orderId: string | null,
  key: string,
): Promise<Written> {
  const { broker_account: account_id, mode, coid } = intent;
  return write(parts, underway, asker, {
    key,
    said: { act: "cancel", account_id, mode, order_id: orderId, order_ref: coid },
    accountId: account_id,
    mode,
    previewId: "",
    approvalId: null,
    scope: mode === "live" ? "ibkr:orders:live:cancel" : "ibkr:orders:paper:cancel",
    own: { intent, orderId, bySwitch: true },
  });
}

/**
 * Changes a working order of this gateway, in two calls: the first prepares the change and asks the
 * owner; the second, with the approval, sends exactly what was approved.
 */
export async function modify(
  parts: OrderParts,
  underway: Underway,
  asker: AgentAsker,
  input: Input<"trade.modify">,
): Promise<Written> {
  const { mode, approval_id, idempotency_key, submit_on_approval, ...change } = input;
  const { account_id } = change;
  if (approval_id !== undefined) {
    const { sql } = parts.storage;
    const approval = findApproval(sql, approval_id, parts.now());
    const own = approval !== null && approval.clientId === asker.clientId ? approval : null;
    const order = own?.intent.ticket.order;
    if (
      order !== undefined &&
      !(order.action === "modify" && says(change, order.target?.order_id, principalLeg(order)))
    ) {
      return refusedAndLogged(parts, asker, { accountId: account_id, previewId: "" }, [
        refusal(
          "APPROVAL_PREVIEW_MISMATCH",
          "approval_id",
          "same_change",
          "The change is not the one the owner approved.",
        ),
      ]);
    }
    return write(parts, underway, asker, {
      key: idempotency_key,
      said: saidToModify(mode, approval_id, change),
      accountId: account_id,
      mode,
      previewId: own?.previewId ?? "",
      approvalId: approval_id,
      scope: mode === "live" ? "ibkr:orders:live:modify" : "ibkr:orders:paper:modify",
    });
  }
  if (!asker.scopes.includes("ibkr:approvals:create")) {
    return refusedAndLogged(parts, asker, { accountId: account_id, previewId: "" }, [
      refusal(
        "AUTH_MISSING_SCOPE",
        "approval_id",
        "may_ask",
        "A change needs the owner's approval, and this connection may not ask for one.",
      ),
    ]);
  }
  // Asked again with the same words: the owner has it already, and is not asked twice.
  const waiting = submit_on_approval === true ? openWish(parts, asker, idempotency_key) : null;
  if (
    waiting !== null &&
    writeDigest(sendWish(parts.storage.sql, waiting.approvalId)?.said ?? {}) ===
      writeDigest(saidToModify(mode, waiting.approvalId, change))
  ) {
    return approvalNeeded(account_id, shownApproval(parts, waiting), true);
  }
  const prepared = await preparePreview(parts, asker, account_id, { kind: "modify", change });
  if (!prepared.ok) return prepared;
  if (prepared.preview === null) return refusedWith(account_id, prepared.shown.refusals);
  const { preview } = prepared;
  if (preview.ticket.order.mode !== mode) {
    return refusedAndLogged(parts, asker, { accountId: account_id, previewId: "" }, [
      refusal(
        "ORDER_ACCOUNT_MODE_REFUSED",
        "account_id",
        "same_mode",
        `This is a ${preview.ticket.order.mode} account.`,
      ),
    ]);
  }
  const send =
    submit_on_approval === true
      ? {
          key: idempotency_key,
          action: "modify" as const,
          said: (id: string) => saidToModify(mode, id, change),
        }
      : null;
  const asked = askApproval(parts, asker, { account_id, preview_id: preview.previewId }, send);
  if (asked.approval === null) return refusedWith(account_id, asked.refusals);
  void announce(parts, asked.approval.approval_id).catch(() => undefined);
  return approvalNeeded(account_id, asked.approval, false);
}

function approvalNeeded(account_id: string, approval: ShownApproval, replayed: boolean): Written {
  return {
    ok: true,
    answer: {
      account_id,
      outcome: "approval_needed",
      replayed,
      order: null,
      approval,
      refusals: [],
      next_step: approval.submit_on_approval
        ? "Nothing was sent yet. The owner's Approve and send sends the change; wait with ibkr_approval_status and wait_seconds."
        : "Nothing was sent. When the owner has approved, call again with the same change and this approval_id.",
    },
  };
}

/** The request of this client that waits for the owner under this key; null when none does. */
function openWish(parts: OrderParts, asker: AgentAsker, key: string): Approval | null {
  const { sql } = parts.storage;
  return (
    requestsUnder(sql, asker.clientId, key)
      .map((approvalId) => findApproval(sql, approvalId, parts.now()))
      .find((approval) => approval?.state === "pending") ?? null
  );
}

/** Whether the named change is what the approved order says. */
function says(change: ModifyInput, orderId: string | undefined, leg: Leg): boolean {
  const same = (asked: string | undefined, approved: string | null | undefined) =>
    asked === undefined || (approved != null && canonicalDecimal(asked) === approved);
  const trailing = (unit: "amount" | "percent") =>
    leg.trailing?.unit === unit ? leg.trailing.offset : null;
  return (
    change.order_id === orderId &&
    same(change.quantity, leg.quantity) &&
    same(change.limit_price, leg.limit_price) &&
    same(change.stop_price, leg.stop_price) &&
    same(change.trailing_amount, trailing("amount")) &&
    same(change.trailing_percent, trailing("percent")) &&
    (change.time_in_force === undefined || change.time_in_force === leg.time_in_force)
  );
}

function saidToModify(mode: TradingMode, approval_id: string, change: ModifyInput): JsonObject {
  const words: JsonObject = { act: "modify", mode, approval_id };
  for (const [name, value] of Object.entries(change)) {
    if (value !== undefined) words[name] = value;
  }
  return words;
}
