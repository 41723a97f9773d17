import type { JsonObject } from "@ibkr-edge-gateway/protocol/json.ts";
import type { EDGE_ORDER_OPERATIONS } from "@ibkr-edge-gateway/protocol/operation-schemas/edge-order-operations.ts";
import type { ShownApproval } from "@ibkr-edge-gateway/protocol/operation-schemas/trade-approvals.ts";
import { type Leg, principalLeg } from "@ibkr-edge-gateway/protocol/orders/canonical-order.ts";
import { canonicalDecimal } from "@ibkr-edge-gateway/protocol/orders/decimal.ts";
import type { ModifyInput } from "@ibkr-edge-gateway/protocol/orders/order-input.ts";
import { refusal } from "@ibkr-edge-gateway/protocol/orders/order-refusal.ts";
import type { TradingMode } from "@ibkr-edge-gateway/protocol/orders/order-terms.ts";
import type * as z from "zod";
import type { AgentAsker, OrderParts } from "../order-context.ts";
import { refusedWith, type Written } from "../rules/submits/submit-response.ts";
import { announceApproval } from "../sidecar-calls/announce-approval.ts";
import type { InFlight } from "../sidecar-calls/in-flight.ts";
import { type Approval, findApproval } from "../tables/approvals.ts";
import { requestsUnder, sendWish } from "../tables/sends.ts";
import { shownApproval } from "./approval-status.ts";
import { askApproval } from "./ask-approval.ts";
import { preparePreview } from "./prepare-preview.ts";
import { writeDigest } from "./prepare-submit.ts";
import { refusedAndLogged } from "./refuse-write.ts";
import { writeOnce } from "./write-once.ts";

type ModifyCall = z.output<(typeof EDGE_ORDER_OPERATIONS)["trade.modify"]["input"]>;

/**
 * Changes a working order of this gateway, in two calls: the first prepares the change and asks the
 * owner; the second, with the approval, sends exactly what was approved.
 */
export async function modify(
  parts: OrderParts,
  inFlight: InFlight,
  asker: AgentAsker,
  input: ModifyCall,
): Promise<Written> {
  const { mode, approval_id, idempotency_key: key, submit_on_approval, ...change } = input;
  return approval_id === undefined
    ? askForChange(parts, inFlight, asker, {
        mode,
        key,
        sends: submit_on_approval === true,
        change,
      })
    : submitChange(parts, inFlight, asker, { mode, key, approvalId: approval_id, change });
}

function submitChange(
  parts: OrderParts,
  inFlight: InFlight,
  asker: AgentAsker,
  call: { mode: TradingMode; key: string; approvalId: string; change: ModifyInput },
): Promise<Written> {
  const { mode, key, approvalId, change } = call;
  const { account_id: accountId } = change;
  const approval = findApproval(parts.storage.sql, approvalId, parts.now());
  const own = approval !== null && approval.clientId === asker.clientId ? approval : null;
  const order = own?.intent.ticket.order;
  if (
    order !== undefined &&
    !(order.action === "modify" && says(change, order.target?.order_id, principalLeg(order)))
  ) {
    const message = "The change is not the one the owner approved.";
    const misfit = refusal("APPROVAL_PREVIEW_MISMATCH", "approval_id", "same_change", message);
    return Promise.resolve(refusedAndLogged(parts, asker, { accountId, previewId: "" }, [misfit]));
  }
  return writeOnce(parts, inFlight, asker, {
    key,
    said: saidToModify(mode, approvalId, change),
    accountId,
    mode,
    previewId: own?.previewId ?? "",
    approvalId,
    scope: mode === "live" ? "ibkr:orders:live:modify" : "ibkr:orders:paper:modify",
  });
}

async function askForChange(
  parts: OrderParts,
  inFlight: InFlight,
  asker: AgentAsker,
  call: { mode: TradingMode; key: string; sends: boolean; change: ModifyInput },
): Promise<Written> {
  const { mode, key, sends, change } = call;
  const { account_id } = change;
  const refused = { accountId: account_id, previewId: "" };
  if (!asker.scopes.includes("ibkr:approvals:create")) {
    const message = "A change needs the owner's approval, and this connection may not ask for one.";
    return refusedAndLogged(parts, asker, refused, [
      refusal("AUTH_MISSING_SCOPE", "approval_id", "may_ask", message),
    ]);
  }
  // Asked again with the same words: the owner has it already, and is not asked twice.
  const waiting = sends ? openWish(parts, asker, key) : null;
  if (
    waiting !== null &&
    writeDigest(sendWish(parts.storage.sql, waiting.approvalId)?.said ?? {}) ===
      writeDigest(saidToModify(mode, waiting.approvalId, change))
  ) {
    return approvalNeeded(account_id, shownApproval(parts, waiting), true);
  }
  const prepared = await preparePreview(parts, inFlight, asker, account_id, {
    kind: "modify",
    change,
  });
  if (!prepared.ok) return prepared;
  if (prepared.preview === null) return refusedWith(account_id, prepared.shown.refusals);
  const { preview } = prepared;
  if (preview.ticket.order.mode !== mode) {
    const message = `This is a ${preview.ticket.order.mode} account.`;
    return refusedAndLogged(parts, asker, refused, [
      refusal("ORDER_ACCOUNT_MODE_REFUSED", "account_id", "same_mode", message),
    ]);
  }
  const said = (id: string) => saidToModify(mode, id, change);
  const send = sends ? { key, action: "modify" as const, said } : null;
  const asked = askApproval(parts, asker, { account_id, preview_id: preview.previewId }, send);
  if (asked.approval === null) return refusedWith(account_id, asked.refusals);
  announceApproval(parts, asked.approval.approval_id);
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
