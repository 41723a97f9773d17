import { randomBytes } from "node:crypto";
import { failure, GatewayError } from "@ibkr-edge-gateway/protocol/errors.ts";
import type { JsonValue } from "@ibkr-edge-gateway/protocol/json.ts";
import { alertTell } from "@ibkr-edge-gateway/protocol/operations/alert-tell.ts";
import { approvalAnnounce } from "@ibkr-edge-gateway/protocol/operations/approval-announce.ts";
import { approvalCheck } from "@ibkr-edge-gateway/protocol/operations/approval-check.ts";
import { approverAnnounce } from "@ibkr-edge-gateway/protocol/operations/approver-announce.ts";
import { BrokerOrderEvent } from "@ibkr-edge-gateway/protocol/operations/events.ts";
import { killEngage } from "@ibkr-edge-gateway/protocol/operations/kill-engage.ts";
import {
  mandateConfirm,
  mandateRevoke,
  mandateTake,
} from "@ibkr-edge-gateway/protocol/operations/mandates.ts";
import { orderAnswer } from "@ibkr-edge-gateway/protocol/operations/order-answer.ts";
import { orderCancel } from "@ibkr-edge-gateway/protocol/operations/order-cancel.ts";
import { orderModify } from "@ibkr-edge-gateway/protocol/operations/order-modify.ts";
import { orderPlace } from "@ibkr-edge-gateway/protocol/operations/order-place.ts";
import { orderPreview } from "@ibkr-edge-gateway/protocol/operations/order-preview.ts";
import { orderStatus } from "@ibkr-edge-gateway/protocol/operations/order-status.ts";
import { ordersReconcile } from "@ibkr-edge-gateway/protocol/operations/orders-reconcile.ts";
import type { Source } from "@ibkr-edge-gateway/protocol/operations/parts.ts";
import type { BrokerSession } from "@ibkr-edge-gateway/protocol/operations/session-status.ts";
import { trustStatus } from "@ibkr-edge-gateway/protocol/operations/trust-status.ts";
import { isInDoubt } from "@ibkr-edge-gateway/protocol/orders/state.ts";
import { ulid } from "@ibkr-edge-gateway/protocol/ulid.ts";
import { type Clock, isoTime } from "../client-portal/clock.ts";
import type { BrokerEvent } from "../client-portal/events/broker-event.ts";
import type { BrokerLogger } from "../client-portal/logger.ts";
import type { Pacer } from "../client-portal/pacing/pacer.ts";
import type { Portal } from "../client-portal/portal.ts";
import type { StreamView } from "../client-portal/stream/view.ts";
import type { Transport } from "../client-portal/transport.ts";
import type { OperationContext } from "../operations/context.ts";
import type { OperationRequest } from "../operations/executor.ts";
import { type Served, serve } from "../operations/serve.ts";
import { listApprovers } from "../trust/approvers.ts";
import { killFaults } from "../trust/kill-switch.ts";
import { listMandates } from "../trust/mandates.ts";
import type { RelyingParty } from "../trust/verify-assertion.ts";
import { type KeyPolicy, meetKeys } from "./approval/announced-keys.ts";
import { checkAtPc } from "./approval/check.ts";
import { approverWords } from "./approval/fingerprint-words.ts";
import { confirm, meetMandate, revoke } from "./approval/mandates.ts";
import { cancelOrder } from "./cancel/cancel.ts";
import { createWithdrawLater } from "./cancel/retry-queue.ts";
import { createConversation } from "./conversation/conversation.ts";
import { answerQuestion } from "./conversation/owner-reply.ts";
import { outcomeOf } from "./journal/record.ts";
import type { OrderStore } from "./journal/store.ts";
import type { OrderSettings } from "./local-policy/files.ts";
import type { LocalRules } from "./local-policy/rules.ts";
import { announceApproval, newEcho, type Reach } from "./notify/channels.ts";
import { createTeller } from "./notify/gateway-alerts.ts";
import { inputRefusals } from "./preview/input-refusals.ts";
import { previewOrder } from "./preview/preview.ts";
import type { SubmitParts } from "./submit/context.ts";
import { createLane } from "./submit/mutex.ts";
import { createSendOrder } from "./submit/send.ts";
import { submitOrder } from "./submit/submit.ts";
import { rowOf } from "./tracking/event-row.ts";
import { type BookParts, readBook, readStatus } from "./tracking/order-book-read.ts";
import { createProgress } from "./tracking/progress.ts";
import { reconcileOrders } from "./tracking/reconcile.ts";
import { createTracking } from "./tracking/tracking.ts";

/** What the broker side lends the order side. */
export interface DeskParts {
  portal: Portal;
  transport: Transport;
  pacer: Pacer;
  clock: Clock;
  source: Source;
  logger: BrokerLogger;
  stream: StreamView;
  session(): BrokerSession;
  /** The login's accounts, as the broker named them in this session. */
  accounts(): readonly string[];
  clockSkewMs(): number | null;
  onRateLimited(): void;
  onUnauthorized(): void;
  tell(event: BrokerEvent): void;
}

/** What the owner's PC brings. */
export interface DeskOptions {
  store: OrderStore;
  rules: LocalRules;
  settings: OrderSettings;
  gatewayAccountId: string;
  sidecarId: string;
  relyingParty: RelyingParty;
  reach: Reach;
  keys: KeyPolicy;
  /** Injected for tests. */
  echo?: () => number;
}

/** The order side of the sidecar: every operation about orders, approvals and the local switch. */
export interface OrderDesk {
  serves(operation: string): boolean;
  execute(request: OperationRequest, context: OperationContext): Promise<JsonValue>;
  /** What the broker side told; orders among it are evidence. */
  heard(event: BrokerEvent): void;
  /** The session changed. */
  sessionChanged(): void;
  close(): void;
}

type Handler = (request: OperationRequest) => Served;

export function createOrderDesk(options: DeskOptions, parts: DeskParts): OrderDesk {
  const { store, rules, settings, reach } = options;
  const { clock, source, logger } = parts;
  const book: BookParts = { portal: parts.portal, clock, accounts: parts.accounts };
  const progress = createProgress({
    store,
    clock,
    source,
    logger,
    tell: parts.tell,
    push: (alert, message) => {
      reach.terminal([`ALERT ${alert}: ${message}`]);
      void reach.desktop("ibkr-sidecar", message);
      void reach.push(`ibkr-sidecar: ${alert}`, message);
    },
  });
  const tracking = createTracking({
    reads: {
      book: (accountId, signal) => readBook(book, accountId, signal),
      status: (orderId, signal) => readStatus(book, orderId, signal),
    },
    accounts: parts.accounts,
    store,
    progress,
    source,
    logger,
    ready: () => parts.session().state === "ready",
    stream: parts.stream,
    clock,
  });
  const send = createSendOrder(parts);
  const conversation = createConversation({
    store,
    progress,
    tracking,
    send,
    clock,
    source,
    logger,
    stopped: (record) => {
      const engaged = rules.killSwitch();
      const effect =
        record.effect === null
          ? null
          : {
              kind: record.effect,
              position: "0",
              working_same_side: "0",
              at: isoTime(clock.now()),
            };
      const [fault] = killFaults(engaged, record.ticket.order, effect);
      if (fault !== undefined) {
        return new GatewayError(failure("LOCAL_KILL_SWITCH", fault.message));
      }
      return parts.session().generation === record.generation
        ? null
        : new GatewayError(
            failure("GENERATION_CHANGED", "The broker session is another one since the order."),
          );
    },
  });
  const lane = createLane(clock);
  const later = createWithdrawLater({
    clock,
    logger,
    session: parts.session,
    onGivenUp: (order) =>
      progress.alert({
        alert: "needs_owner",
        message: `The broker refused the withdrawal of order ${order} again and again. It may still fill: look at the account in TWS.`,
        record: null,
      }),
  });
  const futuresOperator = settings.futures_operator;
  const submit: SubmitParts & { book: BookParts } = {
    store,
    progress,
    tracking,
    conversation,
    lane,
    later,
    send,
    rules,
    clock,
    book,
    session: parts.session,
    accounts: parts.accounts,
    gatewayAccountId: options.gatewayAccountId,
    sidecarId: options.sidecarId,
    relyingParty: options.relyingParty,
    // Every connection to it had to show the simulator's certificate.
    simulator: source === "simulator",
    futuresOperator,
    reach,
    echo: options.echo ?? newEcho,
  };
  const preview = {
    store,
    rules,
    lane,
    source,
    futuresOperator,
    clockSkewMs: parts.clockSkewMs,
    newPreviewId: () => `pv_${ulid(clock.now(), randomBytes(10))}`,
  };

  const tellOwner = createTeller(reach, clock);
  const handlers: Readonly<Record<string, Handler>> = {
    "alert.tell": () => serve(alertTell, (_context, input) => tellOwner(input)),
    "order.preview": () =>
      serve(orderPreview, (context, input) => previewOrder(preview, context, input)),
    "order.place": (request) =>
      serve(orderPlace, (context, input) => submitOrder(submit, request, context, "place", input)),
    "order.modify": (request) =>
      serve(orderModify, (context, input) =>
        submitOrder(submit, request, context, "modify", input),
      ),
    "order.cancel": (request) =>
      serve(orderCancel, (context, input) => cancelOrder(submit, request, context, input)),
    "order.answer": (request) =>
      serve(orderAnswer, (_context, input) => answerQuestion(submit, request, input)),
    "order.status": () =>
      serve(orderStatus, (_context, input) => {
        const record = store.intent(input.coid);
        const own = record?.account_id === input.account_id ? record : null;
        return Promise.resolve({
          source,
          as_of: isoTime(clock.now()),
          intent: own === null ? null : outcomeOf(own),
        });
      }),
    "orders.reconcile": () =>
      serve(ordersReconcile, (context, input) =>
        reconcileOrders({ book, store, tracking }, context, input),
      ),
    "approval.announce": () =>
      serve(approvalAnnounce, async (_context, input) => ({
        ...(await announceApproval(
          { store, reach, echo: options.echo ?? newEcho, nowMs: clock.now() },
          input,
        )),
        as_of: isoTime(clock.now()),
      })),
    "approval.check": () =>
      serve(approvalCheck, (_context, input) => checkAtPc(submit, reach, input)),
    "approver.announce": () =>
      serve(approverAnnounce, (_context, input) =>
        meetKeys({ store, clock, simulator: submit.simulator, keys: options.keys }, input),
      ),
    "mandate.take": () => serve(mandateTake, (_context, input) => meetMandate(submit, input)),
    "mandate.confirm": () =>
      serve(mandateConfirm, (_context, input) => Promise.resolve(confirm(submit, input))),
    "mandate.revoke": () =>
      serve(mandateRevoke, (_context, input) => Promise.resolve(revoke(submit, input))),
    "trust.status": () => serve(trustStatus, () => Promise.resolve(trust())),
    "kill.engage": (request) =>
      serve(killEngage, (_context, input) => {
        const before = rules.killSwitch().engaged;
        request.begin?.();
        rules.engage(input.reason, clock.now());
        const now = rules.killSwitch();
        if (!before) {
          progress.alert({
            alert: "kill_switch_engaged",
            message: "The kill switch at the PC was engaged. Only this PC lifts it.",
            record: null,
          });
        }
        return Promise.resolve({
          engaged: true as const,
          since: now.engaged ? now.since : null,
          reason: now.engaged ? now.reason : null,
          changed: !before,
        });
      }),
  };

  const trust = () => {
    const caps = rules.caps();
    const kill = rules.killSwitch();
    return {
      sidecar_id: options.sidecarId,
      as_of: isoTime(clock.now()),
      capabilities: rules.policy().offer,
      kill_switch: {
        engaged: kill.engaged,
        since: kill.engaged ? kill.since : null,
        reason: kill.engaged ? kill.reason : null,
      },
      caps: caps.ok ? withoutVersion(caps.caps) : null,
      caps_fault: caps.ok ? null : caps.reason,
      approvers: listApprovers(store.db).map((approver) => ({
        credential_id: approver.credentialId,
        fingerprint: approverWords(approver.publicKey),
        label: approver.label,
        enrolled_at: isoTime(approver.enrolledAt),
      })),
      mandates: listMandates(store.db)
        .slice(0, 100)
        .map(({ hash, mandate, state }) => ({
          mandate_id: mandate.mandate_id,
          mandate_hash: hash,
          state,
          not_after: mandate.not_after,
        })),
      in_doubt: store
        .open()
        .filter(({ state }) => isInDoubt(state))
        .slice(0, 100)
        .map(({ coid, account_id }) => ({ coid, account_id })),
    };
  };

  conversation.recover();
  store.prune(clock.now());

  /** What this side cannot journal must not stop the broker side from telling what it hears. */
  const guarded =
    <A extends unknown[]>(act: (...args: A) => void) =>
    (...args: A): void => {
      try {
        act(...args);
      } catch (thrown) {
        logger.error({ err: thrown }, "the order side could not take in what happened");
      }
    };

  let generation: number | null = null;
  const sessionChanged = (): void => {
    const session = parts.session();
    const now = session.state === "ready" ? session.generation : null;
    if (now === generation) return;
    const before = generation;
    generation = now;
    if (before !== null) conversation.lapse();
    if (now !== null) {
      tracking.checkAll();
    } else if (store.open().length > 0) {
      progress.alert({
        alert: "session_lost",
        message: `The broker session is gone while orders are open: ${session.meaning}`,
        record: null,
      });
    }
  };

  return {
    serves: (operation) => Object.hasOwn(handlers, operation),
    async execute(request, context) {
      const handler = handlers[request.operation];
      if (handler === undefined) {
        throw new GatewayError(failure("INPUT_INVALID", "This sidecar knows no such operation."));
      }
      if (request.operation === "order.preview") {
        const refusals = inputRefusals(request.input);
        if (refusals.length > 0) return { outcome: "refused", refusals, candidates: [] };
      }
      return handler(request).execute(context, request.input);
    },
    heard: guarded((event) => {
      if (event.type !== "broker.order") return;
      const parsed = BrokerOrderEvent.safeParse(event.payload);
      if (!parsed.success) return;
      tracking.see({
        orders: [rowOf(parsed.data.order)],
        trades: [],
        source: "order_stream",
        at: isoTime(clock.now()),
        startedAt: null,
      });
    }),
    sessionChanged: guarded(sessionChanged),
    close() {
      conversation.close();
      later.close();
      tracking.close();
    },
  };
}

function withoutVersion<T extends { v: number }>(caps: T): Omit<T, "v"> {
  const { v: _version, ...rest } = caps;
  return rest;
}
