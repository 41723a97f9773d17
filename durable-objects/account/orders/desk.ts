import type { EdgeOrderOperationName } from "../../../src/protocol/operations/edge-orders.ts";
import type { OwnerAccess } from "../owner-access.ts";
import { checkOwnerSession } from "../owner-sessions.ts";
import type { ToolCall } from "../rpc.ts";
import type { OrdersRpc } from "../rpc-orders.ts";
import { markAlertsSeen } from "./alerts.ts";
import { approvalView, approveOrder, denyOrder, listApprovals } from "./owner-approval.ts";
import { answerQuestion, beginAnswer, ordersPage, ownerCancel } from "./owner-orders.ts";
import {
  beginLift,
  beginPolicy,
  lift,
  setPolicy,
  switchTrading,
  tick,
  tradingSettings,
} from "./owner-settings.ts";
import { type Asker, type OrderParts, OWNER_CLIENT } from "./parts.ts";
import { cancelWorking, type OrderAnswer, runOrderTool } from "./service.ts";
import { orderAlarm, orderAlarmAt, reconnected } from "./service-alarm.ts";
import { applyOrderEvent } from "./service-events.ts";
import { engage } from "./service-kill.ts";
import { nothingUnderway } from "./service-submit.ts";

/** Everything about orders of one gateway account, behind the account object's own methods. */
export interface OrderDesk {
  run(
    asker: Asker,
    call: Pick<ToolCall, "input"> & { operation: EdgeOrderOperationName },
  ): Promise<OrderAnswer>;
  /** Inside the transaction that moves the event cursor. */
  event(event: { type: string; payload: Record<string, unknown> }): void;
  /** The PC came back, with a session of its own. */
  connected(): void;
  alarm(): Promise<void>;
  alarmAt(): number | null;
  /** For the owner's pages. */
  owner(access: (requestId?: string) => OwnerAccess): OrdersRpc;
}

export function createOrderDesk(parts: OrderParts): OrderDesk {
  const underway = nothingUnderway();
  return {
    run: (asker, call) => runOrderTool(parts, underway, asker, call),
    event: (event) => applyOrderEvent(parts, event),
    connected: () => reconnected(parts),
    alarm: () => orderAlarm(parts),
    alarmAt: () => orderAlarmAt(parts),
    owner: (access) => ({
      listApprovals: async () => listApprovals(parts),
      approvalView: (secret, id) => approvalView(parts, secret, id),
      approveOrder: (secret, decision, requestId) =>
        approveOrder(parts, access().party, secret, decision, requestId),
      denyOrder: async (secret, decision, requestId) =>
        denyOrder(parts, secret, decision, requestId),
      tradingSettings: async () => tradingSettings(parts),
      switchTrading: async (secret, change, requestId) =>
        switchTrading(parts, access(requestId), secret, change),
      tickChecklist: async (secret, item, requestId) =>
        tick(parts, access(requestId), secret, item),
      engageKill: async (secret, kill, requestId) => {
        if (checkOwnerSession(parts.storage.sql, secret, parts.now()) === null) return false;
        const by = { clientId: null, requestId };
        const engaged = engage(parts, { ...kill, actor: "owner" }, by);
        if (kill.effect !== "freeze") {
          cancelWorking(parts, underway, {
            clientId: OWNER_CLIENT,
            scopes: ["ibkr:orders:preview", "ibkr:orders:paper:cancel", "ibkr:orders:live:cancel"],
            requestId,
          });
        }
        return engaged;
      },
      beginLift: async (secret, asked) => beginLift(parts, secret, asked),
      liftKill: (secret, asked, requestId) =>
        lift(parts, access(requestId), secret, asked, requestId),
      beginPolicy: async (secret, change) => beginPolicy(parts, secret, change),
      changePolicy: (secret, change, requestId) =>
        setPolicy(parts, access(requestId), secret, change, requestId),
      ordersPage: async () => ordersPage(parts),
      markAlertsSeen: async (secret) => {
        if (checkOwnerSession(parts.storage.sql, secret, parts.now()) === null) return;
        markAlertsSeen(parts.storage.sql, parts.now());
      },
      ownerCancel: (secret, { coid }, requestId) =>
        ownerCancel(parts, underway, secret, coid, requestId),
      beginAnswer: async (secret, coid) => beginAnswer(parts, secret, coid),
      answerQuestion: (secret, answer, requestId) =>
        answerQuestion(parts, access(requestId), secret, answer, requestId),
    }),
  };
}
