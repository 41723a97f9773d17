import type { IntentRecord } from "../journal/intent-record.ts";
import type {
  Conversation,
  ConversationParts,
  OrderPost,
  Waiter,
} from "./conversation-interface.ts";
import { commitWrite, retryJournaling } from "./conversation-journal.ts";
import {
  type ConversationEffect,
  type ConversationInput,
  type ConversationState,
  coidOf,
  dueAt,
  IDLE,
} from "./conversation-state.ts";
import { conversationStep } from "./conversation-step.ts";
import { HeldBack, post } from "./post-order.ts";

/**
 * Drives the confirmation conversation: it commits what a step writes, then carries out what the step
 * asks for. It sends nothing that the step did not ask for, and nothing twice.
 */
export const createConversation = (parts: ConversationParts): Conversation =>
  new ConversationDriver(parts);

const aboutOf = ({ coid, account_id }: IntentRecord, intentHash: string | null) => ({
  coid,
  accountId: account_id,
  intentHash,
});

class ConversationDriver implements Conversation {
  readonly #parts: ConversationParts;
  #state: ConversationState = IDLE;
  #post: OrderPost | null = null;
  /** Whoever waits for the conversation to settle; a decline by the clock has nobody. */
  #waiter: Waiter | null = null;
  /** Of the owner's reply on its way. */
  #begin: () => void = () => {};
  #thrown: unknown = null;
  #cancelTimer: () => void = () => {};
  #closed = false;

  constructor(parts: ConversationParts) {
    this.#parts = parts;
  }

  place(coid: string, post: OrderPost): Promise<IntentRecord> {
    return new Promise((resolve, reject) => {
      if (this.#state.phase !== "idle") {
        post.release();
        reject(new RangeError("a conversation with the broker goes on already"));
        return;
      }
      this.#post = post;
      this.#waiter = { resolve, reject };
      try {
        this.#dispatch({ kind: "place", coid });
        if (this.#phase() === "idle") this.#finish(new RangeError("this intent was sent before"));
      } catch (thrown) {
        this.#finish(thrown);
      }
    });
  }

  answer(
    coid: string,
    replyId: string,
    {
      confirm,
      by,
      begin = () => {},
    }: { confirm: boolean; by: "owner" | "sidecar"; begin?: () => void },
  ): Promise<IntentRecord | null> {
    const open = this.waiting();
    if (open?.coid !== coid || open.replyId !== replyId) return Promise.resolve(null);
    return new Promise((resolve, reject) => {
      this.#waiter = { resolve, reject };
      this.#begin = begin;
      this.#guarded({ kind: "answer", coid, replyId, confirm, by });
      if (this.#phase() !== "waiting") return;
      this.#waiter = null;
      resolve(null);
    });
  }

  waiting(): { coid: string; replyId: string } | null {
    const state = this.#state;
    return state.phase === "waiting"
      ? { coid: state.coid, replyId: state.question.reply_id }
      : null;
  }

  pause(): () => void {
    const open = this.waiting();
    if (open === null) return () => {};
    this.#dispatch({ kind: "pause" });
    return () => {
      if (this.waiting()?.replyId === open.replyId) this.#dispatch({ kind: "resume" });
    };
  }

  lapse(): void {
    this.#guarded({ kind: "session_lost" });
  }

  recover(): void {
    for (const { coid } of this.#parts.store.open()) this.#dispatch({ kind: "restart", coid });
  }

  close(): void {
    this.#closed = true;
    this.#cancelTimer();
  }

  #phase(): ConversationState["phase"] {
    return this.#state.phase;
  }

  /** Throws what the journal throws; then nothing of the step has happened. */
  #dispatch(input: ConversationInput): readonly ConversationEffect[] {
    const { store, clock, source } = this.#parts;
    const coid = coidOf(this.#state, input);
    const record = coid === null ? null : store.intent(coid);
    const before = this.#phase();
    const step = conversationStep(this.#state, input, { now: clock.now(), source, record });
    for (const write of step.writes) commitWrite(this.#parts, write);
    this.#state = step.state;
    this.#arm();
    for (const effect of step.effects) {
      try {
        this.#carryOut(effect);
      } catch (thrown) {
        // It is journaled; what follows, the release above all, must happen.
        this.#parts.logger.error(
          { err: thrown, effect: effect.kind },
          "an effect of an order failed",
        );
      }
    }
    if (before !== "waiting" && this.#phase() === "waiting") this.#parts.opened();
    return step.effects;
  }

  /** What cannot be journaled ends the conversation: the order is looked for instead. */
  #guarded(input: ConversationInput): void {
    const state = this.#state;
    try {
      this.#dispatch(input);
    } catch (thrown) {
      this.#thrown = thrown;
      this.#parts.logger.error({ err: thrown }, "the conversation about an order broke off");
      if (state.phase === "idle") return;
      try {
        this.#dispatch({ kind: "unjournaled" });
      } catch (again) {
        this.#parts.logger.error({ err: again }, "an order's doubt could not be journaled");
        this.#abandon(state.coid);
      }
    }
  }

  /** Not even that could be written: the session comes free, and the journal is tried again. */
  #abandon(coid: string): void {
    const { tracking } = this.#parts;
    this.#state = IDLE;
    this.#arm();
    this.#finish(this.#thrown);
    tracking.doubt(coid);
    const attempt = (): void => {
      this.#dispatch({ kind: "restart", coid });
      tracking.doubt(coid);
    };
    retryJournaling(this.#parts, () => !this.#closed, attempt);
  }

  #arm(): void {
    this.#cancelTimer();
    const due = dueAt(this.#state);
    if (due === null || this.#closed) return;
    const { clock } = this.#parts;
    this.#cancelTimer = clock.after(Math.max(0, due - clock.now()), () => {
      if (!this.#closed) this.#guarded({ kind: "tick" });
    });
  }

  #carryOut(effect: ConversationEffect): void {
    const { progress, tracking } = this.#parts;
    switch (effect.kind) {
      case "post_order":
        void this.#sendOrder();
        return;
      case "post_reply":
        void this.#sendReply(effect);
        return;
      case "go":
        return;
      case "track":
        tracking[effect.how](effect.coid);
        return;
      case "release":
        this.#free();
        return;
      case "settled":
        this.#settle(effect.coid, effect.failed);
        return;
      default:
        progress.carryOut(effect);
    }
  }

  #free(): void {
    const post = this.#post;
    this.#post = null;
    post?.release();
  }

  #settle(coid: string, failed: boolean): void {
    const waiter = this.#waiter;
    this.#waiter = null;
    const record = this.#parts.store.intent(coid);
    if (failed || record === null) waiter?.reject(this.#thrown);
    else waiter?.resolve(record);
  }

  #finish(reason: unknown): void {
    const waiter = this.#waiter;
    this.#waiter = null;
    this.#free();
    waiter?.reject(reason);
  }

  async #sendOrder(): Promise<void> {
    const post = this.#post;
    if (post === null) return;
    const check = (): Error | null => {
      const faults = post.faults();
      return faults.length > 0 ? new HeldBack(faults) : null;
    };
    const { path, body } = post;
    const state = this.#state;
    const record = state.phase === "idle" ? null : this.#parts.store.intent(state.coid);
    const priority = record?.effect === "exit" ? "exit" : "entry";
    const about = record === null ? null : aboutOf(record, record.intent_hash);
    await this.#exchange({ path, body, priority, about }, check, () => post.begin());
  }

  async #sendReply(effect: { coid: string; replyId: string; confirmed: boolean }): Promise<void> {
    const begin = this.#begin;
    this.#begin = () => {};
    const record = this.#parts.store.intent(effect.coid);
    await this.#exchange(
      {
        path: `/iserver/reply/${encodeURIComponent(effect.replyId)}`,
        body: { confirmed: effect.confirmed },
        priority: "reply",
        about: record === null ? null : aboutOf(record, null),
      },
      () => (effect.confirmed ? this.#stopped(effect.coid) : null),
      begin,
    );
  }

  #stopped(coid: string): Error | null {
    const record = this.#parts.store.intent(coid);
    return record === null ? new RangeError("no such intent") : this.#parts.stopped(record);
  }

  /** A rule that cannot be read forbids; the answer that was awaited is not lost over it. */
  #mayGoOn(): boolean {
    try {
      return this.#state.phase !== "idle" && this.#stopped(this.#state.coid) === null;
    } catch (thrown) {
      this.#parts.logger.error({ err: thrown }, "the local rules could not be read");
      return false;
    }
  }

  async #exchange(
    request: Parameters<typeof post>[1],
    check: () => Error | null,
    begin: () => void,
  ): Promise<void> {
    const { ended, thrown } = await post(this.#parts.send, request, {
      check,
      begin,
      journal: (clear) =>
        this.#dispatch({ kind: "last_look", clear }).some(({ kind }) => kind === "go"),
      mayGoOn: () => this.#mayGoOn(),
    });
    this.#thrown = thrown;
    this.#guarded(ended);
  }
}
