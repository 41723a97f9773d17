import { BrokerOrderEvent } from "@ibkr-edge-gateway/protocol/operation-schemas/broker-events.ts";
import { isoTime } from "../client-portal/clock.ts";
import type { BrokerEvent } from "../client-portal/events/broker-event.ts";
import { memorySigningKey } from "../trust/pc-keys/statement-and-witness-keys.ts";
import { approvalPageOperations } from "./approval-page/page-operations.ts";
import { createPageService, type PageService } from "./approval-page/page-service.ts";
import { approverEnrolled, ownerAnswer } from "./approval-page/report-page-answer.ts";
import { ORDER_LIMITS } from "./limits.ts";
import { type OrderOperations, orderOperations } from "./order-operations.ts";
import type { BrokerSide, OrderSideOptions } from "./order-side-parts.ts";
import { createSubmitContext, type OrderSideContext } from "./submit/create-submit-context.ts";
import { rowOf } from "./tracking/event-row.ts";

/** The order side of the sidecar: every operation about orders, approvals and the local switch. */
export interface OrderSide {
  /** By the operation's name on the relay. */
  readonly operations: OrderOperations;
  /** What waits for the owner on a page of their own, and the answers. */
  readonly pageService: PageService;
  /** What the broker side told; orders among it are evidence. */
  heard(event: BrokerEvent): void;
  /** The session changed. */
  sessionChanged(): void;
  /** Tells the owner, by every way that this PC has and in the console. */
  tellOwner(message: string): void;
  close(): void;
}

/** What the last run left in the middle of something is settled before this returns. */
export function createOrderSide(options: OrderSideOptions, broker: BrokerSide): OrderSide {
  const submit = createSubmitContext(options, broker);
  submit.conversation.recover();
  const pageService = createPageService({
    ...submit,
    ticketKey: options.ticketKey ?? memorySigningKey(),
    hostedFault: options.hostedFault ?? (() => null),
    tellGateway: (ticketSha256, actOn) =>
      broker.tell(ownerAnswer(ticketSha256, actOn, broker.clock.now())),
    tellEnrolled: (enrolled) => broker.tell(approverEnrolled(enrolled, broker.clock.now())),
  });

  /** What this side cannot journal must not stop the broker side from telling what it hears. */
  const guarded =
    <A extends unknown[]>(act: (...args: A) => void) =>
    (...args: A): void => {
      try {
        act(...args);
      } catch (thrown) {
        broker.logger.error({ err: thrown }, "the order side could not take in what happened");
      }
    };

  let cancelPrune = (): void => {};
  let wholePruned = true;
  const prune = guarded(() => {
    wholePruned = true;
    wholePruned = submit.store.prune(broker.clock.now());
  });
  const keepPruning = (): void => {
    prune();
    if (submit.rules.diskFault?.() == null) options.reserve?.keep();
    holdBookDaily(broker, submit);
    // Said as soon as it is known, not only when an order is refused for it.
    submit.rules.policyFault();
    const again = wholePruned ? ORDER_LIMITS.pruneEveryMs : ORDER_LIMITS.pruneAgainMs;
    cancelPrune = broker.clock.after(again, keepPruning);
  };
  keepPruning();

  const check = createCheckSoon(
    broker,
    submit,
    guarded(() => submit.tracking.checkAll()),
  );

  return {
    operations: {
      ...orderOperations(options, broker, submit),
      ...approvalPageOperations(pageService, submit),
    },
    pageService,
    heard: guarded((event) => {
      if (event.type !== "broker.order") return;
      const parsed = BrokerOrderEvent.safeParse(event.payload);
      if (!parsed.success) return;
      submit.tracking.see({
        orders: [rowOf(parsed.data.order)],
        trades: [],
        source: "order_stream",
        at: isoTime(broker.clock.now()),
        startedAt: null,
      });
    }),
    tellOwner: guarded((message) =>
      submit.progress.alert({ alert: "needs_owner", message, record: null }),
    ),
    sessionChanged: guarded(followSession(broker, submit, check.soon)),
    close() {
      check.cancel();
      cancelPrune();
      submit.conversation.close();
      submit.cancelRetries.close();
      submit.tracking.close();
    },
  };
}

/** Every session's start has the book held; one that goes on has it held again after a day. */
function holdBookDaily({ clock, session }: BrokerSide, { keeper, tracking }: OrderSideContext) {
  const heldAt = keeper.heldAt();
  if (heldAt === null || clock.now() - heldAt < DAY_MS || session().state !== "ready") return;
  tracking.checkAll();
}

const DAY_MS = 24 * 60 * 60_000;

/**
 * Every new session has the whole book checked; at once where something of ours stands. Where nothing
 * does, the list of orders, which the broker gives once in five seconds, is first for the stream's own
 * read and for whoever waits for a preview.
 */
function createCheckSoon(
  { clock }: BrokerSide,
  { store, tracking }: OrderSideContext,
  check: () => void,
): { soon(): void; cancel(): void } {
  let cancel = (): void => {};
  return {
    soon() {
      cancel();
      if (store.open().length > 0) tracking.checkAll();
      else cancel = clock.after(ORDER_LIMITS.firstCrossCheckMs, check);
    },
    cancel: () => cancel(),
  };
}

/** A session that ends takes its open question with it; a new one has the whole book checked. */
function followSession(
  broker: BrokerSide,
  submit: OrderSideContext,
  checkSoon: () => void,
): () => void {
  const { store, progress, conversation } = submit;
  let generation: number | null = null;
  return () => {
    const session = broker.session();
    const now = session.state === "ready" ? session.generation : null;
    if (now === generation) return;
    const before = generation;
    generation = now;
    if (before !== null) conversation.lapse();
    if (now !== null) {
      checkSoon();
    } else if (store.open().length > 0) {
      progress.alert({
        alert: "session_lost",
        message: `The broker session is gone while orders are open: ${session.meaning}`,
        record: null,
      });
    }
  };
}
