import { failure, type GatewayFailure } from "../../../src/protocol/errors.ts";
import type { JsonValue } from "../../../src/protocol/json.ts";
import {
  type EdgeOrderOperationName,
  tradeApproval,
  tradeAsk,
  tradeCancel,
  tradeKill,
  tradeLimits,
  tradeModify,
  tradePreview,
  tradePreviewBracket,
  tradeQuestion,
  tradeReconcile,
  tradeSubmit,
} from "../../../src/protocol/operations/edge-orders.ts";
import type { ToolCall } from "../rpc.ts";
import { raiseAlert } from "./alerts.ts";
import { findIntent } from "./intents.ts";
import type { Asker, OrderParts } from "./parts.ts";
import { announce, approvalStatus, askApproval } from "./service-approval.ts";
import { cancel, modify, submitApproved } from "./service-change.ts";
import { engage, killStatus, workingOrders } from "./service-kill.ts";
import { limitsOf } from "./service-limits.ts";
import { preparePreview } from "./service-preview.ts";
import { reconcileAccount } from "./service-reconcile.ts";
import type { Underway, Written } from "./service-submit.ts";
import { nextStepFor, shownOrder } from "./shown-order.ts";

export type OrderAnswer = { ok: true; result: JsonValue } | { ok: false; failure: GatewayFailure };

/** One order tool's call. Standing, budget and account were checked by the caller. */
export async function runOrderTool(
  parts: OrderParts,
  underway: Underway,
  asker: Asker,
  call: Pick<ToolCall, "input"> & { operation: EdgeOrderOperationName },
): Promise<OrderAnswer> {
  const { input } = call;
  switch (call.operation) {
    case "trade.preview": {
      const order = tradePreview.input.parse(input);
      return prepared(
        await preparePreview(parts, asker, order.account_id, { kind: "order", order }),
      );
    }
    case "trade.preview_bracket": {
      const bracket = tradePreviewBracket.input.parse(input);
      return prepared(
        await preparePreview(parts, asker, bracket.account_id, { kind: "bracket", bracket }),
      );
    }
    case "trade.ask": {
      const wanted = tradeAsk.input.parse(input);
      const asked = askApproval(parts, asker, wanted);
      if (asked.approval?.state === "pending") {
        void announce(parts, asked.approval.approval_id).catch(() => undefined);
      }
      return json({ account_id: wanted.account_id, ...asked });
    }
    case "trade.approval": {
      const wanted = tradeApproval.input.parse(input);
      const status = approvalStatus(parts, asker, wanted);
      if (!status.ok) return status;
      const { approval, order, next_step } = status;
      return json({ account_id: wanted.account_id, approval, order, next_step });
    }
    case "trade.submit":
      return written(await submitApproved(parts, underway, asker, tradeSubmit.input.parse(input)));
    case "trade.cancel":
      return written(await cancel(parts, underway, asker, tradeCancel.input.parse(input)));
    case "trade.modify":
      return written(await modify(parts, underway, asker, tradeModify.input.parse(input)));
    case "trade.question": {
      const { account_id, order_ref } = tradeQuestion.input.parse(input);
      const intent = findIntent(parts.storage.sql, order_ref);
      if (intent?.broker_account !== account_id || intent.client_id !== asker.clientId) {
        return {
          ok: false,
          failure: failure("NOT_FOUND", "There is no such order of this client."),
        };
      }
      const order = shownOrder(intent);
      return json({ account_id, order, next_step: nextStepFor(order.state) });
    }
    case "trade.kill_status":
      return json(killStatus(parts));
    case "trade.kill": {
      const { reason, cancel_working_orders } = tradeKill.input.parse(input);
      engage(
        parts,
        {
          scope: "gateway",
          subject: null,
          actor: "agent",
          reason,
          effect: cancel_working_orders ? "freeze_and_cancel" : "freeze",
        },
        asker,
      );
      const cancelling = cancel_working_orders ? cancelWorking(parts, underway, asker) : 0;
      return json(killStatus(parts, cancelling));
    }
    case "trade.limits":
      return json(limitsOf(parts, tradeLimits.input.parse(input).account_id));
    case "trade.reconcile": {
      const told = await reconcileAccount(parts, tradeReconcile.input.parse(input).account_id);
      return told.ok ? json(told.report) : told;
    }
  }
}

/** Asks to withdraw every own order that may still fill; how many. Nothing waits for the answers. */
export function cancelWorking(parts: OrderParts, underway: Underway, asker: Asker): number {
  let asked = 0;
  for (const order of workingOrders(parts.storage.sql)) {
    for (const order_id of order.orderIds) {
      asked += 1;
      void cancel(parts, underway, asker, {
        account_id: order.brokerAccount,
        mode: order.mode,
        order_id,
        idempotency_key: `kill:${order.coid}:${order_id}:${asker.requestId}`.slice(0, 128),
      }).then(
        (done) => tellUncancelled(parts, order, order_id, asker, done),
        () => tellUncancelled(parts, order, order_id, asker, null),
      );
    }
  }
  return asked;
}

/** A withdrawal that a switch asked for and that was not taken: the owner must know it at once. */
function tellUncancelled(
  parts: OrderParts,
  order: { coid: string; brokerAccount: string },
  orderId: string,
  asker: Asker,
  done: Written | null,
): void {
  const taken =
    done?.ok === true && done.answer.order !== null && done.answer.order.state !== "rejected";
  if (taken) return;
  const reasons =
    done === null
      ? "The gateway failed in an unexpected way."
      : done.ok
        ? done.answer.refusals.map(({ message }) => message).join(" ")
        : done.failure.message;
  raiseAlert(parts, {
    key: `cancel_refused:${order.coid}:${orderId}:${asker.requestId}`,
    kind: "cancel_refused",
    brokerAccount: order.brokerAccount,
    coid: order.coid,
    message:
      `The kill switch asked to withdraw an order and it was not withdrawn. ${reasons}`.slice(
        0,
        500,
      ),
    brokerText: null,
    cancelOffered: [orderId],
  });
}

function prepared(outcome: Awaited<ReturnType<typeof preparePreview>>): OrderAnswer {
  return outcome.ok ? json(outcome.shown) : outcome;
}

function written(outcome: Written): OrderAnswer {
  return outcome.ok ? json(outcome.answer) : outcome;
}

/** Our own plain data, as JSON sees it. */
function json(value: unknown): OrderAnswer {
  return { ok: true, result: JSON.parse(JSON.stringify(value)) };
}
