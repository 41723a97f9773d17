import { randomBytes } from "node:crypto";
import { alertTell } from "@ibkr-edge-gateway/protocol/operation-schemas/alert-tell.ts";
import { approvalAnnounce } from "@ibkr-edge-gateway/protocol/operation-schemas/approval-announce.ts";
import { approvalCheck } from "@ibkr-edge-gateway/protocol/operation-schemas/approval-check.ts";
import { approverAnnounce } from "@ibkr-edge-gateway/protocol/operation-schemas/approver-announce.ts";
import { orderStatus } from "@ibkr-edge-gateway/protocol/operation-schemas/intent-status.ts";
import { killEngage } from "@ibkr-edge-gateway/protocol/operation-schemas/kill-engage.ts";
import {
  mandateConfirm,
  mandateRevoke,
  mandateTake,
} from "@ibkr-edge-gateway/protocol/operation-schemas/mandates.ts";
import { orderAnswer } from "@ibkr-edge-gateway/protocol/operation-schemas/order-answer.ts";
import { orderCancel } from "@ibkr-edge-gateway/protocol/operation-schemas/order-cancel.ts";
import { orderModify } from "@ibkr-edge-gateway/protocol/operation-schemas/order-modify.ts";
import { orderPlace } from "@ibkr-edge-gateway/protocol/operation-schemas/order-place.ts";
import { orderPreview } from "@ibkr-edge-gateway/protocol/operation-schemas/order-preview.ts";
import { orderRehearse } from "@ibkr-edge-gateway/protocol/operation-schemas/order-rehearse.ts";
import { ordersReconcile } from "@ibkr-edge-gateway/protocol/operation-schemas/orders-reconcile.ts";
import { trustStatus } from "@ibkr-edge-gateway/protocol/operation-schemas/trust-status.ts";
import { LAST_ROOM_FOR, serviceOf } from "@ibkr-edge-gateway/protocol/service-class.ts";
import { ulid } from "@ibkr-edge-gateway/protocol/ulid.ts";
import { isoTime } from "../client-portal/clock.ts";
import type { DiskReserve } from "../config/disk-reserve.ts";
import type { OperationRequest } from "../operation-handlers/executor-interface.ts";
import { type Served, serve } from "../operation-handlers/operation-handler.ts";
import { checkAtPc } from "./approval/approval-dry-run.ts";
import { receiveAnnouncedKeys } from "./approval/receive-announced-keys.ts";
import {
  receiveConfirmation,
  receiveMandate,
  receiveRevocation,
} from "./approval/receive-mandates.ts";
import { readTrustStatus } from "./approval/trust-status.ts";
import { cancelOrder } from "./cancel/cancel-order.ts";
import { answerQuestion } from "./conversation/owner-reply.ts";
import { outcomeOf } from "./journal/intent-record.ts";
import { engageKillSwitch } from "./local-policy/engage-kill-switch.ts";
import { showApprovalRequest } from "./notify/announce-approval.ts";
import { createTeller } from "./notify/gateway-alerts.ts";
import type { BrokerSide, OrderSideOptions } from "./order-side-parts.ts";
import { inputRefusals } from "./preview/input-refusals.ts";
import { refused } from "./preview/order-from-request.ts";
import { previewOrder } from "./preview/preview-order.ts";
import type { OrderSideContext } from "./submit/create-submit-context.ts";
import { placeOrder } from "./submit/place-order.ts";
import { rehearseOrder } from "./submit/rehearse-order.ts";
import { reconcileOrders } from "./tracking/serve-reconcile.ts";

type Handler = (request: OperationRequest) => Pick<Served, "execute">;
export type OrderOperations = Readonly<Record<string, Handler>>;

/** Every operation about orders, approvals and the local switch, by its name on the relay. */
export function orderOperations(
  options: OrderSideOptions,
  broker: BrokerSide,
  submit: OrderSideContext,
): OrderOperations {
  return {
    ...withRoom(options.reserve, writes(broker, submit)),
    ...reads(options, broker, submit),
    ...approvals(options, submit),
  };
}

/** What takes risk away is written down before it leaves, also on a disk that is full. */
const withRoom = (reserve: DiskReserve | undefined, operations: OrderOperations): OrderOperations =>
  Object.fromEntries(
    Object.entries(operations).map(([name, handler]): [string, Handler] => [
      name,
      (request) => {
        const { operation, service } = request;
        if (LAST_ROOM_FOR.has(serviceOf(operation, service?.class))) reserve?.giveUpWhenFull();
        return handler(request);
      },
    ]),
  );

/** What changes something at the broker or at this PC. */
const writes = (broker: BrokerSide, submit: OrderSideContext): OrderOperations => ({
  "order.place": (request) =>
    serve(orderPlace, (context, input) => placeOrder(submit, request, context, "place", input)),
  "order.modify": (request) =>
    serve(orderModify, (context, input) => placeOrder(submit, request, context, "modify", input)),
  "order.cancel": (request) =>
    serve(orderCancel, (context, input) => cancelOrder(submit, request, context, input)),
  "order.answer": (request) =>
    serve(orderAnswer, (_context, input) => answerQuestion(submit, request, input)),
  "kill.engage": (request) =>
    serve(killEngage, (_context, input) =>
      Promise.resolve(engageKillSwitch({ ...submit, clock: broker.clock }, request, input.reason)),
    ),
});

const reads = (
  options: OrderSideOptions,
  { clock, source, clockSkewMs }: BrokerSide,
  submit: OrderSideContext,
): OrderOperations => ({
  "order.preview": () => ({
    execute: async (context, input) => {
      const refusals = inputRefusals(input);
      if (refusals.length > 0) return refused(refusals);
      return serve(orderPreview, (_context, request) =>
        previewOrder(
          {
            ...submit,
            source,
            clockSkewMs,
            newPreviewId: () => `pv_${ulid(clock.now(), randomBytes(10))}`,
          },
          context,
          request,
        ),
      ).execute(context, input);
    },
  }),
  "order.rehearse": (request) =>
    serve(orderRehearse, (context, input) => rehearseOrder(submit, request, context, input)),
  "order.status": () =>
    serve(orderStatus, (_context, input) => {
      const record = submit.store.intent(input.coid);
      const own = record?.account_id === input.account_id ? record : null;
      return Promise.resolve({
        source,
        as_of: isoTime(clock.now()),
        intent: own === null ? null : outcomeOf(own),
      });
    }),
  "orders.reconcile": () =>
    serve(ordersReconcile, (context, input) => reconcileOrders(submit, context, input)),
  "trust.status": () =>
    serve(trustStatus, () =>
      Promise.resolve(
        readTrustStatus({ ...submit, sidecarId: options.sidecarId, nowMs: clock.now() }),
      ),
    ),
});

/** What the owner's approvals, keys and mandates need of this PC. */
const approvals = (options: OrderSideOptions, submit: OrderSideContext): OrderOperations => {
  const { store, reach, clock, simulator, echo } = submit;
  const tellOwner = createTeller(reach, clock);
  return {
    "alert.tell": () => serve(alertTell, (_context, input) => tellOwner(input)),
    "approval.announce": () =>
      serve(approvalAnnounce, async (_context, input) => ({
        ...(await showApprovalRequest(
          { store, reach, echo, simulator, nowMs: clock.now() },
          input,
        )),
        as_of: isoTime(clock.now()),
      })),
    "approval.check": () =>
      serve(approvalCheck, (_context, input) => checkAtPc(submit, reach, input)),
    "approver.announce": () =>
      serve(approverAnnounce, (_context, input) =>
        receiveAnnouncedKeys({ store, clock, simulator, keys: options.keys }, input),
      ),
    "mandate.take": () => serve(mandateTake, (_context, input) => receiveMandate(submit, input)),
    "mandate.confirm": () =>
      serve(mandateConfirm, (_context, input) =>
        Promise.resolve(receiveConfirmation(submit, input)),
      ),
    "mandate.revoke": () =>
      serve(mandateRevoke, (_context, input) => Promise.resolve(receiveRevocation(submit, input))),
  };
};
