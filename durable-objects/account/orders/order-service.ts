import type { EdgeOrderOperationName } from "@ibkr-edge-gateway/protocol/operations/edge-orders.ts";
import type { EdgeJob } from "@ibkr-edge-gateway/protocol/relay/edge/state.ts";
import type { OwnerAccess } from "../access/owner-access.ts";
import { checkOwnerSession } from "../access/owner-sessions.ts";
import type { ToolCall } from "../rpc/account.ts";
import type { MandatesRpc } from "../rpc/mandates.ts";
import type { OrdersRpc } from "../rpc/orders.ts";
import { OWNER_WITHDRAWS, withdrawFound, withdrawWorking } from "./agent/cancel-all.ts";
import { type OrderAnswer, runOrderTool } from "./agent/tools.ts";
import { orderAlarm, orderAlarmAt, reconnected } from "./alarm.ts";
import { type Asker, type OrderParts, OWNER_CLIENT } from "./order-context.ts";
import { approvalView, listApprovals } from "./owner/approval-view.ts";
import { approveOrder, denyOrder } from "./owner/approve.ts";
import { flattenPlan } from "./owner/flatten-plan.ts";
import { beginLift, lift } from "./owner/kill-switch.ts";
import { beginMandate } from "./owner/mandate-draft.ts";
import { mandateChoices, mandateViews } from "./owner/mandate-view.ts";
import { confirmMandate, revokeMandate, showMandate, signMandate } from "./owner/mandates.ts";
import { answerQuestion, beginAnswer, ordersPage, ownerCancel } from "./owner/orders.ts";
import { beginPolicy, setPolicy } from "./owner/policy.ts";
import { switchTrading, tick, tradingSettings } from "./owner/trading-switches.ts";
import { nothingUnderway } from "./sidecar/in-flight.ts";
import { markAlertsSeen } from "./tables/alerts.ts";
import { engage } from "./transactions/engage-kill-switch.ts";
import { writeLost } from "./transactions/lost-write.ts";
import { applyOrderEvent } from "./transactions/sidecar-events.ts";

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
  /** A write's end will never be known: the PC has lost the record of it. */
  lost(job: EdgeJob): void;
  alarm(): Promise<void>;
  alarmAt(): number | null;
  /** For the owner's pages. */
  owner(access: (requestId?: string) => OwnerAccess): OrdersRpc;
  mandates(access: (requestId?: string) => OwnerAccess): MandatesRpc;
}

export function createOrderDesk(parts: OrderParts): OrderDesk {
  const underway = nothingUnderway();
  return {
    run: (asker, call) => runOrderTool(parts, underway, asker, call),
    event: (event) => {
      applyOrderEvent(parts, event);
      // After the transaction of the event: what a switch wants withdrawn may just have turned up.
      if (event.type === "broker.order") {
        void Promise.resolve()
          .then(() => withdrawFound(parts, underway, `found:${parts.now()}`))
          .catch(() => undefined);
      }
    },
    connected: () => reconnected(parts),
    lost: (job) => writeLost(parts, job),
    alarm: () => orderAlarm(parts),
    alarmAt: () => orderAlarmAt(parts),
    mandates: (access) => ({
      listMandates: async () => mandateViews(parts),
      mandateChoices: async () => mandateChoices(parts),
      beginMandate: async (secret, draft) => beginMandate(parts, secret, draft),
      signMandate: (secret, signed, requestId) =>
        signMandate(parts, access(requestId), secret, signed, requestId),
      confirmMandate: (secret, given, requestId) => confirmMandate(parts, secret, given, requestId),
      showMandate: (secret, mandateId) => showMandate(parts, secret, mandateId),
      revokeMandate: async (secret, mandateId, requestId) =>
        revokeMandate(parts, secret, mandateId, requestId),
    }),
    owner: (access) => ({
      listApprovals: async () => listApprovals(parts),
      approvalView: (secret, id) => approvalView(parts, secret, id),
      approveOrder: (secret, decision, requestId) =>
        approveOrder(parts, access(requestId), underway, secret, decision, requestId),
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
          const asker = { clientId: OWNER_CLIENT, scopes: OWNER_WITHDRAWS, requestId };
          withdrawWorking(parts, underway, asker, { ...kill, exits: true });
        }
        return engaged;
      },
      flattenPlan: (secret) => flattenPlan(parts, secret),
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
      ownerCancel: (secret, wanted, requestId) =>
        ownerCancel(parts, underway, secret, wanted, requestId),
      beginAnswer: async (secret, coid) => beginAnswer(parts, secret, coid),
      answerQuestion: (secret, answer, requestId) =>
        answerQuestion(parts, access(requestId), secret, answer, requestId),
    }),
  };
}
