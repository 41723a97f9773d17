import { failure, GatewayError } from "@ibkr-edge-gateway/protocol/errors.ts";
import { messageOf } from "@ibkr-edge-gateway/protocol/orders/broker-question.ts";
import type { BrokerExchange } from "@ibkr-edge-gateway/protocol/orders/classify-answer.ts";
import { isTerminal } from "@ibkr-edge-gateway/protocol/orders/order-state.ts";
import * as fc from "fast-check";
import { expect, it } from "vitest";
import {
  anIntentRecord,
  handClock,
  noLog,
  settled,
} from "../../../../test/support/intent-record.ts";
import { isoTime } from "../../client-portal/clock.ts";
import type { BrokerEvent } from "../../client-portal/events/broker-event.ts";
import type { IntentRecord } from "../journal/intent-record.ts";
import { type OrderStore, openOrderStore } from "../journal/order-store.ts";
import { ORDER_LIMITS } from "../limits.ts";
import type { OrderRequest } from "../submit/send-to-broker.ts";
import { createProgress, type Progress } from "../tracking/progress.ts";
import { createConversation } from "./conversation.ts";
import type { Conversation } from "./conversation-interface.ts";

/**
 * Any broker, any owner, any clock, and a PC that dies before or after any write of its journal,
 * against the promises: an intent is sent at most once, a reply at most once; nothing is confirmed
 * that neither the approval nor the owner accepted, nothing with the kill switch engaged or in
 * another session; what leaves and what is told is in the journal before; what is not proved is
 * unknown; and in the end the broker session is free and nothing hangs.
 */
const ACCEPTED = "This order is accepted in so many words.";
const SURPRISE = "Nobody has heard of this.";
const NEVER = "Confirming will cancel all open orders.";

type Reaction =
  | "accepted question"
  | "surprising question"
  | "never question"
  | "taken"
  | "refused"
  | "lost"
  | "500";

type Action =
  | { do: "submit" }
  /** The POST of an intent that was begun before is asked for again. */
  | { do: "again"; at: number }
  | { do: "connect"; begun: boolean }
  | { do: "cannot connect" }
  | { do: "break off" }
  | { do: "react"; how: Reaction }
  | { do: "reply"; confirm: boolean; stale: boolean; begun: boolean }
  | { do: "pause" }
  | { do: "resume" }
  | { do: "kill"; on: boolean }
  | { do: "session lost" }
  | { do: "news"; at: number }
  | { do: "wait"; ms: number }
  | { do: "crash" | "disk full"; writes: number; before: boolean; fails: number }
  | { do: "restart" };

const anyAction: fc.Arbitrary<Action> = fc.oneof(
  { weight: 8, arbitrary: fc.constant({ do: "submit" as const }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("again" as const), at: fc.nat(5) }) },
  {
    weight: 14,
    arbitrary: fc.record({
      do: fc.constant("connect" as const),
      begun: fc.nat(9).map((n) => n > 0),
    }),
  },
  { weight: 1, arbitrary: fc.constant({ do: "cannot connect" as const }) },
  { weight: 1, arbitrary: fc.constant({ do: "break off" as const }) },
  {
    weight: 14,
    arbitrary: fc.record({
      do: fc.constant("react" as const),
      how: fc.constantFrom<Reaction>(
        "accepted question",
        "accepted question",
        "surprising question",
        "surprising question",
        "never question",
        "taken",
        "taken",
        "taken",
        "refused",
        "lost",
        "500",
      ),
    }),
  },
  {
    weight: 6,
    arbitrary: fc.record({
      do: fc.constant("reply" as const),
      confirm: fc.boolean(),
      stale: fc.nat(5).map((n) => n === 0),
      begun: fc.nat(5).map((n) => n > 0),
    }),
  },
  { weight: 1, arbitrary: fc.constant({ do: "pause" as const }) },
  { weight: 2, arbitrary: fc.constant({ do: "resume" as const }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant("kill" as const), on: fc.boolean() }) },
  { weight: 1, arbitrary: fc.constant({ do: "session lost" as const }) },
  { weight: 4, arbitrary: fc.record({ do: fc.constant("news" as const), at: fc.nat(2) }) },
  {
    weight: 3,
    arbitrary: fc.record({
      do: fc.constant("wait" as const),
      ms: fc.constantFrom(10, 5_000, 44_999, 45_000, 60_000),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constantFrom("crash" as const, "disk full" as const),
      writes: fc.nat(3),
      before: fc.boolean(),
      fails: fc.integer({ min: 1, max: 3 }),
    }),
  },
  { weight: 3, arbitrary: fc.constant({ do: "restart" as const }) },
);

class Crash extends Error {}

/** What the walks came by, so that a net with holes is seen. */
const seen = new Set<string>();

/** What the broker knows of one intent. */
interface AtBroker {
  posts: number;
  /** The question that is open there. */
  question: { replyId: string; text: string } | null;
  live: boolean;
  /** Its last word reached the PC. */
  heard: boolean;
}

interface Pending {
  coid: string;
  request: OrderRequest;
  left: boolean;
  resolve(exchange: BrokerExchange): void;
  reject(thrown: unknown): void;
}

class Model {
  readonly clock = handClock();
  readonly disk: OrderStore = openOrderStore(":memory:");
  readonly broker = new Map<string, AtBroker>();
  readonly replies = new Map<string, number>();
  /** Reply ids to which the owner said yes. */
  readonly yes = new Set<string>();
  readonly coids: string[] = [];
  readonly ended = new Map<string, string>();
  /** The process: its number rises with every restart, and what an older one does has no effect. */
  run = 0;
  alive = true;
  fuse: { writes: number; before: boolean; fatal: boolean; fails: number } | null = null;
  pending: Pending | null = null;
  held = 0;
  killed = false;
  generation = 1;
  questions = 0;
  resume: (() => void) | null = null;
  conversation: Conversation;
  progress: Progress;

  constructor() {
    [this.conversation, this.progress] = this.start();
  }

  start(): [Conversation, Progress] {
    this.run += 1;
    const { clock } = this;
    const run = this.run;
    const store: OrderStore = {
      ...this.disk,
      save: (record) => this.write(run, record),
    };
    const progress = createProgress({
      store,
      clock,
      source: "simulator",
      logger: noLog,
      tell: (event) => {
        if (this.lives(run)) this.holds(() => this.told(event));
      },
      push: () => {},
    });
    const conversation = createConversation({
      store,
      progress,
      tracking: { watch: () => {}, doubt: () => {} },
      send: (request) => this.send(run, request),
      clock,
      source: "simulator",
      logger: noLog,
      stopped: (record) => this.stopped(record),
      opened: () => {},
    });
    return [conversation, progress];
  }

  /** The first promise that was broken, wherever the code under test would have swallowed it. */
  broken: unknown = null;

  holds<T>(promise: () => T): T {
    try {
      return promise();
    } catch (thrown) {
      this.broken ??= thrown;
      throw thrown;
    }
  }

  lives(run: number): boolean {
    return this.alive && run === this.run;
  }

  stopped(record: IntentRecord): GatewayError | null {
    if (this.killed) return new GatewayError(failure("LOCAL_KILL_SWITCH", "engaged"));
    return record.generation === this.generation
      ? null
      : new GatewayError(failure("GENERATION_CHANGED", "another session"));
  }

  /** One write of the journal; the fuse burns down with each. */
  write(run: number, record: IntentRecord): void {
    if (!this.lives(run)) throw new Crash("this process has ended");
    const commit = (): void => this.save(record);
    const { fuse } = this;
    if (fuse === null || fuse.writes > 0) {
      if (fuse !== null) fuse.writes -= 1;
      commit();
      return;
    }
    fuse.fails -= 1;
    if (fuse.fails <= 0) this.fuse = null;
    if (!fuse.before) commit();
    if (fuse.fatal) this.alive = false;
    seen.add(
      `${fuse.fatal ? "crash" : "disk full"} ${fuse.before ? "before" : "after"} ${record.state}`,
    );
    throw new Crash(fuse.fatal ? "killed here" : "the disk is full");
  }

  save(record: IntentRecord): void {
    const before = this.disk.intent(record.coid);
    this.holds(() => {
      // The book alone may speak against an end, and this book never does.
      if (before !== null && isTerminal(before.state)) expect(record.state).toBe(before.state);
      expect(record.version).toBeGreaterThan(before?.version ?? -1);
      if (before?.sent === true) expect(record.sent).toBe(true);
    });
    this.disk.save(record);
  }

  /** Nothing is told that the journal does not say. */
  told({ type, payload }: BrokerEvent): void {
    if (type === "broker.session" || typeof payload !== "object" || payload === null) return;
    const { coid, state, event_key, happened, question, by, alert } = Object(payload);
    const record = this.disk.intent(coid);
    if (record === null) throw new Error("told of an intent that the journal does not have");
    if (type === "broker.order") {
      const version = Number(String(event_key).split("|").at(-1));
      expect(record.version).toBeGreaterThanOrEqual(version);
      expect(record.state).toBe(state);
    }
    if (type === "broker.alert") expect(record.told).toContain(alert);
    if (type === "broker.question" && (happened === "confirmed" || happened === "declined")) {
      const [row] = record.answered.slice(-question.messages.length);
      expect(row).toMatchObject({ confirmed: happened === "confirmed", by });
    }
  }

  send(run: number, request: OrderRequest): Promise<BrokerExchange> {
    if (!this.lives(run)) return new Promise(() => {});
    // One conversation, and in it one request at a time.
    this.holds(() => expect(this.pending).toBeNull());
    const coid = this.current;
    if (coid === null) throw new Error("a request of no conversation");
    return new Promise((resolve, reject) => {
      this.pending = { coid, request, left: false, resolve, reject };
    });
  }

  current: string | null = null;

  submit(coid: string, fresh: boolean): void {
    if (!this.alive || this.held > 0) return;
    this.held += 1;
    const run = this.run;
    this.current = coid;
    let released = 0;
    const placed = this.conversation.place(coid, {
      path: "/orders",
      body: { coid },
      faults: () =>
        this.killed
          ? [{ code: "LOCAL_KILL_SWITCH", field: "order", rule: "kill", message: "engaged" }]
          : [],
      begin: () => {
        if (!this.beginning) throw new Error("the job was cancelled");
      },
      release: () => {
        released += 1;
        this.holds(() => expect(released).toBe(1));
        if (run === this.run) this.held -= 1;
      },
    });
    placed.then(
      (record) => {
        this.holds(() => expect(fresh).toBe(true));
        // Whoever submitted hears an end, a question, or a doubt; never "on its way".
        this.holds(() => expect(record.state).not.toBe("submitting"));
        seen.add(`submitted: ${record.state}`);
      },
      () => seen.add("submitted: broke off"),
    );
  }

  beginning = true;

  /** The first byte: whatever reaches the broker is checked here. */
  connect(begun: boolean): void {
    const { pending } = this;
    if (pending === null || !this.alive) return;
    this.beginning = begun;
    if (pending.left) {
      // Whatever asks again: what has left does not leave a second time.
      this.holds(() => expect(() => pending.request.lastLook()).toThrow());
      return;
    }
    try {
      pending.request.lastLook();
    } catch (thrown) {
      this.pending = null;
      pending.reject(thrown);
      return;
    }
    pending.left = true;
    this.arrive(pending);
  }

  arrive({ coid, request }: Pending): void {
    const record = this.disk.intent(coid);
    const known = this.broker.get(coid);
    if (request.path === "/orders") {
      expect(record?.sent).toBe(true);
      expect(this.killed).toBe(false);
      expect(known).toBeUndefined();
      this.broker.set(coid, { posts: 1, question: null, live: false, heard: false });
      return;
    }
    const replyId = decodeURIComponent(request.path.replace("/iserver/reply/", ""));
    const confirmed = Object(request.body).confirmed === true;
    const sent = (this.replies.get(replyId) ?? 0) + 1;
    this.replies.set(replyId, sent);
    expect(sent).toBe(1);
    if (known?.question?.replyId !== replyId) throw new Error("a reply to no open question");
    // The journal knows of this answer before the broker does.
    expect(record?.answered.at(-1)).toMatchObject({
      fingerprint: messageOf("o163", known.question.text).fingerprint,
      confirmed,
    });
    seen.add(`at the broker: ${confirmed} to ${known.question.text}`);
    if (confirmed) {
      expect(this.killed).toBe(false);
      expect(record?.generation).toBe(this.generation);
      const byOwner = this.yes.has(replyId);
      expect(known.question.text === ACCEPTED || byOwner).toBe(true);
    }
    known.question = confirmed ? null : { ...known.question, text: "declined" };
    known.heard = false;
  }

  react(wanted: Reaction): void {
    const { pending } = this;
    if (pending === null || !pending.left) return;
    const known = this.broker.get(pending.coid);
    if (known === undefined) throw new Error("the broker was never asked");
    const declined = known.question?.text === "declined";
    const how = known.live && wanted !== "lost" && wanted !== "500" ? "taken" : wanted;
    this.pending = null;
    const says = (status: number, body: unknown): void => {
      known.heard = this.alive;
      pending.resolve({ kind: "answer", status, body: JSON.stringify(body) });
    };
    const asks = (text: string): void => {
      this.questions += 1;
      const replyId = `r${this.questions}`;
      known.question = { replyId, text };
      says(200, [{ id: replyId, message: [text], messageIds: ["o163"] }]);
    };
    if (how === "lost" || how === "500") {
      // Whether it took the order is its own affair.
      if (!declined && how === "lost") known.live = true;
      if (how === "500") pending.resolve({ kind: "answer", status: 500, body: "" });
      else pending.resolve({ kind: "no_answer", sent: true, cause: "timeout" });
      return;
    }
    if (how === "accepted question") asks(ACCEPTED);
    else if (how === "surprising question") asks(SURPRISE);
    else if (how === "never question") asks(NEVER);
    else if (how === "taken" && !declined) {
      known.live = true;
      const order_id = String(1_000 + this.coids.indexOf(pending.coid));
      says(200, [{ order_id, local_order_id: pending.coid, order_status: "Submitted" }]);
    } else says(200, { error: declined ? "order not confirmed" : "no funds for it" });
  }

  reply(confirm: boolean, stale: boolean, begun: boolean): void {
    if (!this.alive) return;
    const open = this.conversation.waiting();
    const coid = open?.coid ?? this.coids.at(-1);
    if (coid === undefined) return;
    const replyId = stale || open === null ? "r0" : open.replyId;
    if (confirm && !stale && begun && open !== null) this.yes.add(open.replyId);
    const answered = this.conversation.answer(coid, replyId, {
      confirm,
      by: "owner",
      begin: () => {
        if (!begun) throw new Error("the job was cancelled");
      },
    });
    answered.then(
      (record) => {
        if (stale) this.holds(() => expect(record).toBeNull());
        seen.add(`owner said ${confirm}: ${record?.state ?? "not open"}`);
      },
      () => seen.add(`owner said ${confirm}: stopped`),
    );
  }

  news(at: number): void {
    const coid = this.coids[this.coids.length - 1 - at];
    const known = coid === undefined ? undefined : this.broker.get(coid);
    if (coid === undefined || known === undefined || !this.alive) return;
    // The stream may be quicker than the answer.
    const awaited = this.pending?.coid === coid && this.pending.left && known.question === null;
    if (awaited) known.live = true;
    if (!known.live) return;
    try {
      this.progress.apply(coid, {
        source: "order_stream",
        says: "working",
        filled: "0",
        remaining: "1",
        at: isoTime(this.clock.now()),
      });
    } catch (thrown) {
      if (!(thrown instanceof Crash)) throw thrown;
    }
  }

  restart(): void {
    if (this.alive) return;
    this.alive = true;
    this.fuse = null;
    this.clock.forget();
    this.pending = null;
    this.held = 0;
    this.resume = null;
    this.current = null;
    [this.conversation, this.progress] = this.start();
    this.conversation.recover();
    expect(this.pending).toBeNull();
    expect(this.conversation.waiting()).toBeNull();
    for (const { state } of this.disk.open()) {
      expect(["submitting", "awaiting_confirmation"]).not.toContain(state);
    }
  }

  act(action: Action): void {
    switch (action.do) {
      case "submit": {
        if (!this.alive || this.held > 0) return;
        const record = anIntentRecord(this.coids.length, {
          accepted_warnings: [ACCEPTED, NEVER].map((text) => {
            const { message_id, fingerprint } = messageOf("o163", text);
            return { message_id, fingerprint };
          }),
          generation: this.generation,
        });
        this.coids.push(record.coid);
        expect(this.disk.insert(record)).toBe(true);
        this.submit(record.coid, true);
        return;
      }
      case "again": {
        const coid = this.coids[action.at];
        if (coid !== undefined && this.disk.intent(coid)?.state !== "submitting") {
          this.submit(coid, false);
        }
        return;
      }
      case "connect":
        this.connect(action.begun);
        return;
      case "cannot connect": {
        const { pending } = this;
        if (pending === null || pending.left) return;
        this.pending = null;
        pending.resolve({ kind: "no_answer", sent: false, cause: "refused" });
        return;
      }
      case "break off": {
        const { pending } = this;
        if (pending === null) return;
        this.pending = null;
        const known = this.broker.get(pending.coid);
        if (pending.left && known !== undefined) known.live = known.question === null;
        pending.reject(new Error("the socket broke"));
        return;
      }
      case "react":
        this.react(action.how);
        return;
      case "reply":
        this.reply(action.confirm, action.stale, action.begun);
        return;
      case "pause":
        if (this.alive && this.resume === null && this.conversation.waiting() !== null) {
          this.resume = this.conversation.pause();
        }
        return;
      case "resume":
        if (this.alive) this.resume?.();
        this.resume = null;
        return;
      case "kill":
        this.killed = action.on;
        return;
      case "session lost":
        this.generation += 1;
        if (!this.alive) return;
        this.conversation.lapse();
        expect(this.conversation.waiting()).toBeNull();
        return;
      case "news":
        this.news(action.at);
        return;
      case "wait":
        this.clock.run(action.ms);
        return;
      case "crash":
      case "disk full":
        this.fuse ??= {
          writes: action.writes,
          before: action.before,
          fails: action.fails,
          fatal: action.do === "crash",
        };
        return;
      case "restart":
        this.restart();
    }
  }

  /** A question is never open past the owner's time, unless somebody's answer is being checked. */
  check(): void {
    if (this.broken !== null) throw this.broken;
    this.clock.run(0);
    const open = this.alive ? this.conversation.waiting() : null;
    if (open === null || this.resume !== null) return;
    const record = this.disk.intent(open.coid);
    const askedAt = Date.parse(record?.question?.asked_at ?? isoTime(this.clock.now()));
    expect(this.clock.now() - askedAt).toBeLessThan(ORDER_LIMITS.questionPatienceMs);
  }

  /** Time heals: whatever hangs is answered or lost, and questions run out. */
  async quiesce(): Promise<void> {
    this.restart();
    this.fuse = null;
    this.act({ do: "resume" });
    for (let round = 0; round < 4; round++) {
      this.connect(true);
      this.react("refused");
      await settled();
      this.clock.run(60_000);
      await settled();
    }
    expect(this.pending).toBeNull();
    expect(this.conversation.waiting()).toBeNull();
    expect(this.held).toBe(0);
    for (const coid of this.coids) this.honest(coid);
    if (this.broken !== null) throw this.broken;
  }

  /** What the journal says of an intent in the end is what the broker knows, or a doubt. */
  honest(coid: string): void {
    const record = this.disk.intent(coid);
    const known = this.broker.get(coid);
    if (record === null) throw new Error("an intent is gone");
    expect(["submitting", "awaiting_confirmation"]).not.toContain(record.state);
    if (record.proved_by === "sidecar_not_sent") expect(known).toBeUndefined();
    if (known === undefined) {
      expect(["rejected", "unknown"]).toContain(record.state);
    } else if (known.live) {
      expect(["accepted", "working", "unknown"]).toContain(record.state);
    } else if (record.state === "accepted" || record.state === "working") {
      throw new Error("the journal has an order that the broker does not have");
    }
    if (record.state === "rejected" && known !== undefined) expect(known.heard).toBe(true);
  }
}

const RUNS = 400;

it(`keeps the promises of the confirmation conversation over ${RUNS} walks`, async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(anyAction, { minLength: 40, maxLength: 120 }), async (actions) => {
      const model = new Model();
      for (const action of actions) {
        model.act(action);
        await settled();
        model.check();
      }
      await model.quiesce();
      model.disk.close();
    }),
    { numRuns: RUNS, seed: 20261130 },
  );
  expect([...seen].sort()).toEqual(
    expect.arrayContaining([
      `at the broker: false to ${SURPRISE}`,
      `at the broker: true to ${ACCEPTED}`,
      `at the broker: true to ${SURPRISE}`,
      `at the broker: false to ${NEVER}`,
      ...["crash", "disk full"].flatMap((what) =>
        ["before", "after"].flatMap((when) =>
          ["submitting", "awaiting_confirmation", "accepted", "rejected", "unknown"].map(
            (state) => `${what} ${when} ${state}`,
          ),
        ),
      ),
      "owner said false: rejected",
      "owner said true: accepted",
      "owner said true: awaiting_confirmation",
      "owner said true: not open",
      "owner said true: stopped",
      "submitted: accepted",
      "submitted: awaiting_confirmation",
      "submitted: broke off",
      "submitted: rejected",
      "submitted: unknown",
      "submitted: working",
    ]),
  );
});
