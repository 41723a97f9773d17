import { failure, type GatewayFailure } from "@ibkr-edge-gateway/protocol/errors.ts";
import type { JsonValue } from "@ibkr-edge-gateway/protocol/json.ts";
import type { EdgeOrderOperationName } from "@ibkr-edge-gateway/protocol/operation-schemas/edge-order-operations.ts";
import {
  tradeApproval,
  tradeAsk,
} from "@ibkr-edge-gateway/protocol/operation-schemas/trade-approvals.ts";
import { tradeKill } from "@ibkr-edge-gateway/protocol/operation-schemas/trade-kill-switch.ts";
import { tradeLimits } from "@ibkr-edge-gateway/protocol/operation-schemas/trade-limits.ts";
import {
  tradePreview,
  tradePreviewBracket,
  tradePreviewGroup,
} from "@ibkr-edge-gateway/protocol/operation-schemas/trade-previews.ts";
import { tradeReconcile } from "@ibkr-edge-gateway/protocol/operation-schemas/trade-reconcile.ts";
import {
  tradeCancel,
  tradeModify,
  tradeQuestion,
  tradeSubmit,
} from "@ibkr-edge-gateway/protocol/operation-schemas/trade-writes.ts";
import { ordersOfGroup } from "@ibkr-edge-gateway/protocol/orders/order-input.ts";
import { shareOf } from "../../clients/client-share.ts";
import type { ToolCall } from "../../rpc/account-types.ts";
import type { AgentAsker, OrderParts } from "../order-context.ts";
import { nextStepFor, shownOrder } from "../rules/outcomes/order-view.ts";
import type { Written } from "../rules/submits/submit-response.ts";
import { announceApproval } from "../sidecar-calls/announce-approval.ts";
import type { InFlight } from "../sidecar-calls/in-flight.ts";
import { reconcileAccount } from "../sidecar-calls/reconcile-account.ts";
import { findIntent } from "../tables/intents/rows.ts";
import { killStatus } from "../transactions/engage-kill-switch.ts";
import { agentKill } from "./agent-kill-switch.ts";
import { approvalStatus } from "./approval-status.ts";
import { askForOrder } from "./ask-approval.ts";
import { cancel } from "./cancel-order.ts";
import { limitsOf } from "./limits-status.ts";
import { modify } from "./modify-order.ts";
import { preparePreview } from "./prepare-preview.ts";
import { submitApproved } from "./submit-approved.ts";

export type OrderAnswer = { ok: true; result: JsonValue } | { ok: false; failure: GatewayFailure };

/** One order tool's call. Standing, budget and account were checked by the caller. */
export async function runOrderTool(
  parts: OrderParts,
  inFlight: InFlight,
  asker: AgentAsker,
  call: Pick<ToolCall, "input"> & { operation: EdgeOrderOperationName },
): Promise<OrderAnswer> {
  const { input } = call;
  switch (call.operation) {
    case "trade.preview": {
      const order = tradePreview.input.parse(input);
      return prepared(
        await preparePreview(parts, inFlight, asker, order.account_id, { kind: "order", order }),
      );
    }
    case "trade.preview_bracket": {
      const bracket = tradePreviewBracket.input.parse(input);
      return prepared(
        await preparePreview(parts, inFlight, asker, bracket.account_id, {
          kind: "bracket",
          bracket,
        }),
      );
    }
    case "trade.preview_group": {
      const group = tradePreviewGroup.input.parse(input);
      const { account_id } = group;
      const orders = ordersOfGroup(group);
      return prepared(
        await preparePreview(parts, inFlight, asker, account_id, {
          kind: "oca",
          account_id,
          orders,
        }),
      );
    }
    case "trade.ask": {
      const wanted = tradeAsk.input.parse(input);
      const asked = askForOrder(parts, asker, wanted);
      if (asked.approval?.state === "pending") {
        announceApproval(parts, asked.approval.approval_id);
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
      return written(await submitApproved(parts, inFlight, asker, tradeSubmit.input.parse(input)));
    case "trade.cancel":
      return written(await cancel(parts, inFlight, asker, tradeCancel.input.parse(input)));
    case "trade.modify":
      return written(await modify(parts, inFlight, asker, tradeModify.input.parse(input)));
    case "trade.question":
      return orderOfClient(parts, asker, tradeQuestion.input.parse(input));
    case "trade.kill_status":
      return json(killStatus(parts));
    case "trade.kill":
      return json(agentKill(parts, inFlight, asker, tradeKill.input.parse(input)));
    case "trade.limits":
      return json(limitsOf(parts, tradeLimits.input.parse(input).account_id, asker.clientId));
    case "trade.reconcile": {
      const answer = await reconcileAccount(parts, tradeReconcile.input.parse(input).account_id, {
        class: "agent",
        share: shareOf(asker.clientId),
      });
      return answer.ok ? json(answer.report) : answer;
    }
  }
}

function orderOfClient(
  parts: OrderParts,
  asker: AgentAsker,
  { account_id, order_ref }: { account_id: string; order_ref: string },
): OrderAnswer {
  const intent = findIntent(parts.storage.sql, order_ref);
  if (intent?.broker_account !== account_id || intent.client_id !== asker.clientId) {
    return { ok: false, failure: failure("NOT_FOUND", "There is no such order of this client.") };
  }
  const order = shownOrder(intent, parts.now());
  return json({ account_id, order, next_step: nextStepFor(order.state) });
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
