import type { BrokerLogger } from "../../client-portal/logger.ts";
import { memorySigningKey } from "../../trust/pc-keys/statement-and-witness-keys.ts";
import { createCancelRetryQueue } from "../cancel/retry-queue.ts";
import { createConversation } from "../conversation/conversation.ts";
import type { Conversation } from "../conversation/conversation-interface.ts";
import { declineOpenQuestion } from "../conversation/decline-open-question.ts";
import { type NumberParts, showQuestion } from "../conversation/question-number.ts";
import { whyStopped } from "../conversation/why-stopped.ts";
import type { OrderStore } from "../journal/order-store.ts";
import { reportFaults } from "../local-policy/report-faults.ts";
import { newEcho } from "../notify/announce-approval.ts";
import { loggingReach, type Reach } from "../notify/desktop-and-webhook.ts";
import type { BrokerSide, OrderSideOptions } from "../order-side-parts.ts";
import { type BookKeeper, createBookKeeper } from "../own-book/book-keeper.ts";
import { createOwnBook, type OwnBook } from "../own-book/own-book.ts";
import { type StatedOf, statedEvent, withStatements } from "../own-book/statements-in-events.ts";
import { createLeftoverWatch } from "../tracking/leftover-exits.ts";
import {
  type BookParts,
  type BookRead,
  readBook,
  readStatus,
} from "../tracking/order-book-read.ts";
import { createProgress, type Progress } from "../tracking/progress.ts";
import { createTracking } from "../tracking/tracking.ts";
import { createMutex, type Mutex } from "./mutex.ts";
import { createSendOrder } from "./send-to-broker.ts";
import type { SubmitContext } from "./submit-context.ts";

export type OrderSideContext = SubmitContext & {
  readonly book: BookParts;
  readonly keeper: BookKeeper;
  /** Reads an account's book, and holds it against this PC's own. */
  readBook(accountId: string, signal?: AbortSignal): Promise<BookRead>;
};

/** Puts together what the operations about orders work with. */
export function createSubmitContext(
  options: OrderSideOptions,
  broker: BrokerSide,
): OrderSideContext {
  const { store, settings } = options;
  const { clock, source, logger } = broker;
  const reach = loggingReach(options.reach, logger);
  const book: BookParts = { portal: broker.portal, clock, accounts: broker.accounts };
  // What is told of an order's state carries what was stated of it.
  const stated: StatedOf = { of: () => null };
  const progress = progressOf(store, broker, reach, stated);
  const rules = reportFaults(
    options.rules,
    (message) => progress.alert({ alert: "needs_owner", message, record: null }),
    options.disk ?? null,
  );
  const own = openOwnBook(options, broker, progress);
  stated.of = own.keeper.stated;
  const read: OrderSideContext["readBook"] = async (accountId, signal) => {
    const found = await readBook(book, accountId, signal);
    own.keeper.hold(accountId, found);
    return found;
  };
  const status: TrackingReads["status"] = (orderId, signal) => readStatus(book, orderId, signal);
  const tracking = trackingOf(broker, store, progress, { book: read, status });
  const { ownBook, keeper } = own;
  const send = createSendOrder({ ...broker, ownBook });
  const echo = options.echo ?? newEcho;
  const mutex = createMutex(clock);
  const conversation: Conversation = createConversation({
    store,
    progress,
    tracking,
    send,
    clock,
    source,
    logger,
    stopped: (record) => whyStopped({ rules, clock, session: broker.session }, record),
    opened: () =>
      questionOpened({
        ...{ conversation, store, reach, rules, clock, echo, mutex, logger },
        simulator: source === "simulator",
      }),
  });
  const cancelRetries = cancelRetriesOf(broker, progress);
  return {
    store,
    progress,
    tracking,
    conversation,
    mutex,
    cancelRetries,
    send,
    rules,
    clock,
    book,
    keeper,
    readBook: read,
    session: broker.session,
    accounts: broker.accounts,
    gatewayAccountId: options.gatewayAccountId,
    sidecarId: options.sidecarId,
    relyingParty: options.relyingParty,
    // Every connection to it had to show the simulator's certificate.
    simulator: source === "simulator",
    futuresOperator: settings.futures_operator,
    reach,
    echo,
  };
}

type TrackingReads = Parameters<typeof createTracking>[0]["reads"];

function trackingOf(
  { accounts, source, logger, session, stream, clock }: BrokerSide,
  store: OrderStore,
  progress: Progress,
  reads: TrackingReads,
) {
  const ready = () => session().state === "ready";
  return createTracking({ reads, accounts, store, progress, source, logger, ready, stream, clock });
}

function openOwnBook(
  { store, ticketKey, seenHead }: OrderSideOptions,
  { clock, logger, source, tell }: BrokerSide,
  progress: Progress,
): { ownBook: OwnBook; keeper: BookKeeper } {
  const ownBook = createOwnBook(store.db, ticketKey ?? memorySigningKey(), {
    now: clock.now,
    seenHead: seenHead ?? (() => null),
  });
  const keeper: BookKeeper = createBookKeeper({
    ...{ store, book: ownBook, progress, logger, now: clock.now },
    tellStated: (coid) => {
      const event = statedEvent(coid, keeper.stated(coid), { source, now: clock.now() });
      if (event !== null) tell(event);
    },
  });
  return { ownBook, keeper };
}

/** Cancels that the broker turned away, sent again; when they are given up, the owner is told. */
const cancelRetriesOf = ({ clock, logger, session }: BrokerSide, progress: Progress) =>
  createCancelRetryQueue({
    clock,
    logger,
    session,
    onGivenUp: (order) =>
      progress.alert({
        alert: "needs_owner",
        message: `The broker refused to cancel order ${order} again and again. It may still fill: look at the account in TWS.`,
        record: null,
      }),
  });

function progressOf(
  store: OrderStore,
  { clock, source, logger, tell }: BrokerSide,
  reach: Reach,
  stated: StatedOf,
): Progress {
  const progress = createProgress({
    store,
    clock,
    source,
    logger,
    tell: (event) => {
      tell(withStatements(event, stated.of));
      // What is told may be in the middle of a step: the look at what is left comes after it.
      void Promise.resolve()
        .then(() => leftover(event))
        .catch((thrown) => logger.error({ err: thrown }, "what an exit left was not looked for"));
    },
    push: (alert, message) => {
      reach.terminal([`ALERT ${alert}: ${message}`]);
      void reach.desktop("ibkr-sidecar", message);
      void reach.push(`ibkr-sidecar: ${alert}`, message);
    },
  });
  const leftover = createLeftoverWatch({ store, progress, nowMs: clock.now });
  return progress;
}

/** A question is shown at this PC, or declined at once where an exit waits that it must not hold up. */
function questionOpened(
  parts: NumberParts & {
    conversation: Conversation;
    mutex: Pick<Mutex, "wantedBy" | "newExitWaits">;
    logger: BrokerLogger;
  },
): void {
  const { conversation, store, mutex, logger } = parts;
  try {
    const coid = conversation.waiting()?.coid;
    if (coid !== undefined) showQuestion(parts, coid);
  } catch (thrown) {
    // Without its number the question takes no yes; a no, and the cancel, go as ever.
    logger.error({ err: thrown }, "a question could not be shown");
  }
  if (mutex.wantedBy() !== "exit") return;
  void Promise.resolve()
    .then(() =>
      declineOpenQuestion({ conversation, store }, mutex.newExitWaits() ? "place" : "modify"),
    )
    .catch((thrown) => logger.error({ err: thrown }, "a question was not declined for an exit"));
}
