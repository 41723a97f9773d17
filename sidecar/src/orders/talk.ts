import type { CanonicalOrder } from "../../../src/protocol/orders/canonical-order.ts";
import {
  type Classified,
  classifyAnswer,
  type OrderRequestKind,
} from "../../../src/protocol/orders/classify-answer.ts";
import { type BrokerQuestion, decideQuestion } from "../../../src/protocol/orders/question.ts";
import { isBookRead, isOpen, type OrderEvidence } from "../../../src/protocol/orders/state.ts";
import { brokerText } from "../client-portal/broker-text.ts";
import { type Clock, isoTime } from "../client-portal/clock.ts";
import type { BrokerLogger } from "../client-portal/logger.ts";
import { withAnswer } from "./answer-rows.ts";
import { ORDER_LIMITS } from "./limits.ts";
import type { Progress } from "./progress.ts";
import type { IntentRecord } from "./record.ts";
import type { SendOrder } from "./send.ts";
import type { OrderStore } from "./store.ts";
import type { Tracker } from "./tracker.ts";

/**
 * The conversation about one submission, from its first answer to its terminal one. It holds the
 * lane all that time; a question that the approval did not accept word for word is left open for the
 * owner, and declined when nobody answers.
 */
export interface Talk {
  /** Takes the answer to a POST and goes on until a terminal one, or a question for the owner. */
  converse(coid: string, first: Classified, release: () => void): Promise<IntentRecord>;
  /** Answers the open question; null when it is not open any more. */
  answer(
    coid: string,
    replyId: string,
    how: { confirm: boolean; by: "owner" | "sidecar"; lastLook: () => void },
  ): Promise<IntentRecord | null>;
  /** The open question, if any. */
  waiting(): { coid: string; replyId: string } | null;
  /** Stops the clock of the open question while somebody answers it; the result starts it again. */
  pause(): () => void;
  /** The session ended: what was open lapsed, and whether the order lives is unknown. */
  lapse(): void;
  close(): void;
}

/** Messages that every order of a kind meets; seen once, they are shown in the next preview. */
const ROUTINE: ReadonlySet<string> = new Set(["o10151", "o10152", "o10331", "o10138"]);

export function routineKind(order: CanonicalOrder): string {
  const types = [...new Set(order.legs.map(({ order_type }) => order_type))].sort();
  return `${order.action} ${types.join("+")}`;
}

interface Open {
  coid: string;
  question: BrokerQuestion;
  release: () => void;
  rounds: number;
  /** When it is declined; no answer that fails moves it. */
  declineAt: number;
  cancelTimer: () => void;
}

export function createTalk(parts: {
  store: OrderStore;
  progress: Progress;
  tracker: Tracker;
  send: SendOrder;
  clock: Clock;
  logger: BrokerLogger;
  /** Throws when nothing may be confirmed for this intent any more. */
  mayGoOn(record: IntentRecord): void;
}): Talk {
  const { store, progress, tracker, send, clock } = parts;
  let open: Open | null = null;
  let closed = false;

  const now = (): string => isoTime(clock.now());
  const evidence = (
    source: OrderEvidence["source"],
    says: OrderEvidence["says"],
  ): OrderEvidence => ({ source, says, filled: null, remaining: null, at: now() });

  const reply = async (
    coid: string,
    replyId: string,
    confirmed: boolean,
    lastLook: () => void,
  ): Promise<Classified> => {
    const exchange = await send({
      method: "POST",
      path: `/iserver/reply/${encodeURIComponent(replyId)}`,
      body: { confirmed },
      priority: "order",
      maxWaitMs: 5_000,
      lastLook,
    });
    // A confirmation that did not leave has left the question open; it will lapse.
    if (exchange.kind === "no_answer" && !exchange.sent) {
      return { outcome: "ambiguous", reason: "no_answer", text: exchange.cause };
    }
    const answer = classifyAnswer("reply", exchange);
    progress.note(coid, { sent_at: clock.now() });
    return answer;
  };

  const conclude = (
    coid: string,
    answer: Exclude<Classified, { outcome: "question" }>,
    source: "submit_answer" | "reply_answer",
  ): IntentRecord => {
    const before = store.intent(coid);
    if (before === null) throw new RangeError("no such intent");
    if (answer.outcome === "refused") {
      return progress.apply(coid, evidence(source, "rejected"), {
        broker_text: brokerText(answer.text),
      });
    }
    if (answer.outcome === "ambiguous" && isOpen(before.state) && isBookRead(before.proved_by)) {
      // The book showed the order while the answer was still awaited: a lost answer unproves nothing.
      return progress.note(coid, { broker_text: brokerText(answer.text) });
    }
    if (answer.outcome === "ambiguous") {
      const record = progress.apply(coid, evidence(source, "ambiguous"), {
        broker_text: brokerText(answer.text),
        claimed: before.claimed || answer.reason === "already_registered",
      });
      tracker.doubt(coid);
      return record;
    }
    const orders = withAnswer(before.orders, answer.rows, before.action);
    const principal = orders.find(({ role }) => role === "single" || role === "entry") ?? orders[0];
    if (principal?.state !== "accepted") {
      // An id and a failure at once: only the book can say.
      const record = progress.apply(coid, evidence(source, "ambiguous"), { orders });
      tracker.doubt(coid);
      return record;
    }
    const record = progress.apply(coid, evidence(source, "accepted"), {
      orders,
      told: answer.complete ? before.told : [...before.told, "looked_for_exits"],
    });
    if (!answer.complete && before.ticket.order.structure === "bracket") {
      progress.alert({
        alert: "unprotected_position",
        message:
          "The broker took a bracket's entry but not all of its exits. What it fills may stand without its stop.",
        record,
        brokerText: brokerText(answer.rows.find((row) => !row.taken)?.text),
        // The entry first: it is what must not fill.
        cancelOffered: answer.rows
          .filter((row) => row.taken)
          .toSorted(
            (a, b) => Number(a.parent_order_id !== null) - Number(b.parent_order_id !== null),
          )
          .flatMap((row) => row.order_id ?? []),
      });
    }
    tracker.watch(coid);
    return store.intent(coid) ?? record;
  };

  const step = async (
    coid: string,
    answer: Classified,
    release: () => void,
    rounds: number,
    kind: OrderRequestKind,
  ): Promise<IntentRecord> => {
    const source = kind === "reply" ? ("reply_answer" as const) : ("submit_answer" as const);
    if (answer.outcome !== "question") {
      const record = conclude(coid, answer, source);
      release();
      return record;
    }
    const { question } = answer;
    const asked = progress.apply(coid, evidence(source, "question"), {
      question: {
        reply_id: question.reply_id,
        messages: question.messages,
        reason: "",
        asked_at: now(),
        lapses_at: isoTime(clock.now() + ORDER_LIMITS.questionPatienceMs),
      },
    });
    for (const message of question.messages) {
      if (message.message_id !== null && ROUTINE.has(message.message_id)) {
        store.noteQuestion(routineKind(asked.ticket.order), message, clock.now());
      }
    }
    progress.question(asked, "asked", "broker");
    const decision =
      rounds >= ORDER_LIMITS.questionChain
        ? ({ decision: "ask_owner", reason: "The broker asks too many questions." } as const)
        : decideQuestion(question, asked.accepted_warnings);
    if (decision.decision === "confirm" && goesOn(asked)) {
      noteAnswered(asked, true, "approval");
      progress.question(asked, "confirmed", "approval");
      progress.apply(coid, evidence("reply_answer", "question_answered"));
      let left = false;
      const look = (): void => {
        parts.mayGoOn(asked);
        left = true;
      };
      const next = await reply(coid, question.reply_id, true, look).catch((thrown: unknown) => {
        if (left) return lost(thrown);
        return null;
      });
      // The kill switch fell between the decision and the first byte: the answer is no.
      if (next === null) return declineNow(openOne(coid, question, release, rounds), "sidecar");
      return step(coid, next, release, rounds + 1, "reply");
    }
    if (decision.decision === "confirm") {
      return declineNow(openOne(coid, question, release, rounds), "sidecar");
    }
    progress.note(coid, {
      question: asked.question === null ? null : { ...asked.question, reason: decision.reason },
    });
    leaveOpen(openOne(coid, question, release, rounds));
    const waiting = store.intent(coid) ?? asked;
    progress.alert({
      alert: "question_waiting",
      message: `The broker asks before it takes an order: ${decision.reason}`,
      record: waiting,
    });
    return store.intent(coid) ?? waiting;
  };

  const goesOn = (record: IntentRecord): boolean => {
    try {
      parts.mayGoOn(record);
      return true;
    } catch {
      return false;
    }
  };

  /** Something broke after the first byte of a reply. */
  const lost = (thrown: unknown): Classified => ({
    outcome: "ambiguous",
    reason: "no_answer",
    text: thrown instanceof Error ? thrown.message : null,
  });

  const openOne = (
    coid: string,
    question: BrokerQuestion,
    release: () => void,
    rounds: number,
  ): Open => ({
    coid,
    question,
    release,
    rounds,
    declineAt: clock.now() + ORDER_LIMITS.questionPatienceMs,
    cancelTimer: () => {},
  });

  /** Whatever breaks in here, the lane comes free and the order is looked for. */
  const holding = async (
    coid: string,
    release: () => void,
    work: () => Promise<IntentRecord>,
  ): Promise<IntentRecord> => {
    try {
      return await work();
    } catch (thrown) {
      release();
      const state = store.intent(coid)?.state;
      if (state === "submitting" || state === "awaiting_confirmation") {
        progress.apply(coid, evidence("gateway", "ambiguous"));
      }
      tracker.doubt(coid);
      throw thrown;
    }
  };

  const noteAnswered = (
    record: IntentRecord,
    confirmed: boolean,
    by: "approval" | "owner" | "sidecar",
  ): void => {
    const rows = (record.question?.messages ?? []).map(({ message_id, fingerprint }) => ({
      message_id,
      fingerprint,
      confirmed,
      by,
    }));
    progress.note(record.coid, { answered: [...record.answered, ...rows] });
  };

  const leaveOpen = (one: Open): void => {
    open = one;
    startClock(one);
  };

  const startClock = (one: Open): void => {
    one.cancelTimer = clock.after(Math.max(0, one.declineAt - clock.now()), () => {
      if (open !== one || closed) return;
      open = null;
      holding(one.coid, one.release, () => declineNow(one, "sidecar")).catch((thrown: unknown) =>
        parts.logger.error({ err: thrown }, "a question could not be declined"),
      );
    });
  };

  const declineNow = async (one: Open, by: "owner" | "sidecar"): Promise<IntentRecord> => {
    const record = store.intent(one.coid);
    if (record === null) throw new RangeError("no such intent");
    noteAnswered(record, false, by);
    progress.question(record, "declined", by);
    progress.apply(one.coid, evidence("reply_answer", "question_answered"));
    const answer = await reply(one.coid, one.question.reply_id, false, () => {}).catch(lost);
    if (answer.outcome === "question") {
      // A no that is answered with another question is no end.
      const ambiguous = { outcome: "ambiguous", reason: "unknown_shape", text: null } as const;
      return step(one.coid, ambiguous, one.release, one.rounds, "reply");
    }
    return step(one.coid, answer, one.release, one.rounds, "reply");
  };

  return {
    converse: (coid, first, release) =>
      holding(coid, release, () => step(coid, first, release, 0, "place")),

    async answer(coid, replyId, { confirm, by, lastLook }) {
      const one = open;
      if (one === null || one.coid !== coid || one.question.reply_id !== replyId) return null;
      const record = store.intent(coid);
      if (record === null) return null;
      open = null;
      one.cancelTimer();
      if (!confirm) return holding(coid, one.release, () => declineNow(one, by));
      let left = false;
      let next: Classified;
      try {
        next = await reply(coid, replyId, true, () => {
          lastLook();
          parts.mayGoOn(record);
          left = true;
        });
      } catch (thrown) {
        if (!left) {
          leaveOpen(one);
          throw thrown;
        }
        next = lost(thrown);
      }
      if (!left) {
        // It never went: the question is still the broker's to hear about.
        leaveOpen(one);
        return store.intent(coid);
      }
      return holding(coid, one.release, () => {
        noteAnswered(record, true, by);
        progress.question(record, "confirmed", by);
        progress.apply(coid, evidence("reply_answer", "question_answered"));
        return step(coid, next, one.release, one.rounds + 1, "reply");
      });
    },

    waiting: () => (open === null ? null : { coid: open.coid, replyId: open.question.reply_id }),

    pause() {
      const one = open;
      if (one === null) return () => {};
      one.cancelTimer();
      return () => {
        if (open === one) startClock(one);
      };
    },

    lapse() {
      const one = open;
      if (one === null) return;
      open = null;
      one.cancelTimer();
      const record = store.intent(one.coid);
      if (record !== null) progress.question(record, "lapsed", "sidecar");
      conclude(one.coid, { outcome: "ambiguous", reason: "no_answer", text: null }, "reply_answer");
      one.release();
    },

    close() {
      closed = true;
      open?.cancelTimer();
    },
  };
}
