import { messageOf } from "@ibkr-edge-gateway/protocol/orders/broker-question.ts";
import { describe, expect, it } from "vitest";
import { anIntentRecord, START_MS } from "../../../../test/support/intent-record.ts";
import { aBracket } from "../../../../test/support/orders.ts";
import type { IntentRecord } from "../journal/intent-record.ts";
import { ORDER_LIMITS } from "../limits.ts";
import { conclude } from "./conclude.ts";
import { beginConversation, end } from "./conversation-draft.ts";
import {
  type ConversationInput,
  type ConversationState,
  type ConversationStep,
  coidOf,
  dueAt,
  IDLE,
} from "./conversation-state.ts";
import { conversationStep } from "./conversation-step.ts";
import { asked, routineKind } from "./questions.ts";

const env = (record: IntentRecord, now = START_MS) => ({
  now,
  source: "simulator" as const,
  record,
});

/** Steps one after the other, each on what the one before wrote. */
function walk(record: IntentRecord, ...inputs: [ConversationInput, number?][]) {
  let state: ConversationState = IDLE;
  let kept = record;
  let last: ConversationStep = { state, writes: [], effects: [] };
  for (const [input, at = 0] of inputs) {
    last = conversationStep(state, input, env(kept, START_MS + at));
    state = last.state;
    for (const write of last.writes) if (write.kind === "save") kept = write.record;
  }
  return { state, record: kept, last, kinds: last.effects.map(({ kind }) => kind) };
}

const MESSAGE = messageOf("o163", "Are you sure?");
const place = (record: IntentRecord): ConversationInput => ({ kind: "place", coid: record.coid });
const look: ConversationInput = { kind: "last_look", clear: true };
const answers = (status: number, body: unknown): ConversationInput => ({
  kind: "post_ended",
  exchange: { kind: "answer", status, body: JSON.stringify(body) },
  mayGoOn: true,
});
const asks = answers(200, [{ id: "r1", message: ["Are you sure?"], messageIds: ["o163"] }]);
const sent: [ConversationInput][] = [[look]];

describe("one step of the conversation", () => {
  it("asks for the POST, and writes that it is sent before it lets the first byte go", () => {
    const record = anIntentRecord();
    expect(walk(record, [place(record)])).toMatchObject({ kinds: ["post_order"], record });
    const gone = walk(record, [place(record)], [look]);
    expect(gone.last.writes).toMatchObject([{ kind: "save", record: { sent: true } }]);
    expect(gone.kinds).toEqual(["go"]);
    // A second look at the same POST does not let it go again.
    expect(walk(record, [place(record)], [look], [look]).last).toMatchObject({
      writes: [],
      effects: [],
    });
  });

  it.each<[string, Partial<IntentRecord>]>([
    ["was sent before", { sent: true }],
    ["is in doubt", { state: "unknown" }],
    ["has ended", { state: "filled" }],
  ])("sends nothing of an intent that %s", (_name, over) => {
    const record = anIntentRecord(0, over);
    expect(walk(record, [place(record)]).last).toEqual({ state: IDLE, writes: [], effects: [] });
  });

  it("proves that nothing was sent when it was held back, with the reasons", () => {
    const record = anIntentRecord();
    const refusals = [
      { code: "LOCAL_KILL_SWITCH", field: "kill_switch", rule: "not_engaged", message: "engaged" },
    ] as const;
    const end = walk(record, [place(record)], [{ kind: "post_failed", refusals }]);
    expect(end.record).toMatchObject({
      state: "rejected",
      proved_by: "sidecar_not_sent",
      sent: false,
      refusals,
    });
    expect(end.state).toEqual(IDLE);
    expect(end.last.effects.at(-1)).toEqual({
      kind: "settled",
      coid: record.coid,
      failed: false,
    });
  });

  it("leaves an order in doubt whose POST broke off after its first byte", () => {
    const record = anIntentRecord();
    const broke: ConversationInput = { kind: "post_failed", refusals: null };
    const end = walk(record, [place(record)], ...sent, [broke]);
    expect(end.record).toMatchObject({ state: "unknown", sent: true });
    expect(end.last.effects).toContainEqual({ kind: "track", coid: record.coid, how: "doubt" });
    expect(end.last.effects).toContainEqual({ kind: "release" });
  });

  it("keeps what the book proved when the answer was lost", () => {
    const record = anIntentRecord();
    const shown = { ...record, sent: true, state: "working", proved_by: "order_stream" } as const;
    const placing = { phase: "placing", coid: record.coid, sent: true } as const;
    const lost: ConversationInput = {
      kind: "post_ended",
      exchange: { kind: "no_answer", sent: true, cause: "timeout" },
      mayGoOn: true,
    };
    const { writes } = conversationStep(placing, lost, env(shown));
    expect(writes).toMatchObject([{ record: { state: "working", proved_by: "order_stream" } }]);
  });

  it("says which record a step needs", () => {
    expect(coidOf(IDLE, { kind: "tick" })).toBeNull();
    expect(coidOf(IDLE, { kind: "restart", coid: "a" })).toBe("a");
    expect(coidOf({ phase: "placing", coid: "b", sent: false }, { kind: "tick" })).toBe("b");
  });
});

describe("a question", () => {
  const accepted = anIntentRecord(0, {
    accepted_warnings: [{ message_id: "o163", fingerprint: MESSAGE.fingerprint }],
  });
  const surprising = anIntentRecord();

  it("accepted by the approval is answered by it, and written down at the last look", () => {
    const answering = walk(accepted, [place(accepted)], ...sent, [asks]);
    expect(answering.kinds.at(-1)).toBe("post_reply");
    expect(answering.record).toMatchObject({ state: "awaiting_confirmation", answered: [] });
    const gone = walk(accepted, [place(accepted)], ...sent, [asks], [look]);
    expect(gone.record).toMatchObject({
      state: "submitting",
      answered: [{ message_id: "o163", confirmed: true, by: "approval" }],
    });
    expect(gone.kinds).toContain("go");
  });

  it("is declined when nothing may go on, also when that comes between", () => {
    const stopped = { ...asks, mayGoOn: false } as ConversationInput;
    const declining = walk(accepted, [place(accepted)], ...sent, [stopped]);
    expect(declining.last.effects.at(-1)).toMatchObject({ kind: "post_reply", confirmed: false });
    const held = walk(
      accepted,
      [place(accepted)],
      ...sent,
      [asks],
      [{ kind: "last_look", clear: false }],
      [{ kind: "post_failed", refusals: null }],
    );
    expect(held.last.effects.at(-1)).toMatchObject({ kind: "post_reply", confirmed: false });
    expect(held.record.answered).toEqual([]);
  });

  it("waits for the owner, is declined by the clock, and not a moment before", () => {
    const { questionPatienceMs } = ORDER_LIMITS;
    const open = walk(surprising, [place(surprising)], ...sent, [asks]);
    expect(open.state).toMatchObject({ phase: "waiting" });
    expect(dueAt(open.state)).toBe(START_MS + questionPatienceMs);
    const inputs: [ConversationInput][] = [[place(surprising)], ...sent, [asks]];
    const early = walk(surprising, ...inputs, [{ kind: "tick" }, questionPatienceMs - 1]);
    expect(early.last.effects).toEqual([]);
    const late = walk(surprising, ...inputs, [{ kind: "tick" }, questionPatienceMs]);
    expect(late.last.effects).toMatchObject([{ kind: "post_reply", confirmed: false }]);
    // While somebody's answer is checked, the clock stands.
    const paused = walk(surprising, ...inputs, [{ kind: "pause" }]);
    expect(dueAt(paused.state)).toBeNull();
  });

  it("is never confirmed by the sidecar itself, nor under another id", () => {
    const inputs: [ConversationInput][] = [[place(surprising)], ...sent, [asks]];
    const { coid } = surprising;
    for (const [replyId, by] of [
      ["r1", "sidecar"],
      ["r2", "owner"],
    ] as const) {
      const after = walk(surprising, ...inputs, [
        { kind: "answer", coid, replyId, confirm: true, by },
      ]);
      expect(after.last.effects).toEqual([]);
      expect(after.state).toMatchObject({ phase: "waiting" });
    }
  });

  it("lapses with its session", () => {
    const after = walk(
      surprising,
      [place(surprising)],
      ...sent,
      [asks],
      [{ kind: "session_lost" }],
    );
    expect(after.record).toMatchObject({ state: "unknown" });
    expect(after.kinds).toContain("release");
  });

  it("beyond the twentieth asks the owner, whatever was accepted", () => {
    const state = { phase: "placing", coid: accepted.coid, sent: true } as const;
    const draft = beginConversation(state, env({ ...accepted, sent: true }));
    asked(draft, { reply_id: "r21", messages: [MESSAGE] }, 20, "reply_answer", true);
    expect(end(draft).state).toMatchObject({ phase: "waiting" });
  });

  it("that every order of a kind meets is kept for the next preview", () => {
    const routine = messageOf("o10151", "As always.");
    const draft = beginConversation(IDLE, env({ ...accepted, sent: true }));
    asked(draft, { reply_id: "r1", messages: [routine] }, 0, "submit_answer", true);
    expect(end(draft).writes).toContainEqual({
      kind: "routine_question",
      orderKind: routineKind(accepted.ticket.order),
      message: routine,
    });
    expect(routineKind(accepted.ticket.order)).toBe("place LMT");
  });
});

describe("a restart", () => {
  it.each<[Partial<IntentRecord>, Partial<IntentRecord>]>([
    [{ sent: false }, { state: "rejected", proved_by: "sidecar_not_sent" }],
    [{ sent: true }, { state: "unknown", proved_by: "gateway" }],
    [
      { sent: true, state: "awaiting_confirmation" },
      { state: "unknown", proved_by: "gateway" },
    ],
    [
      { sent: true, state: "working" },
      { state: "working", proved_by: "gateway" },
    ],
  ])("makes of %j in the journal %j", (over, expected) => {
    const record = anIntentRecord(0, over);
    const after = walk(record, [{ kind: "restart", coid: record.coid }]);
    expect(after.record).toMatchObject(expected);
    expect(after.kinds).not.toContain("post_order");
  });
});

describe("the end of a conversation", () => {
  const bracket = anIntentRecord(0, { sent: true }, aBracket());

  it("warns of a bracket whose exits the broker refused, and offers to cancel the entry first", () => {
    const draft = beginConversation(
      { phase: "placing", coid: bracket.coid, sent: true },
      env(bracket),
    );
    const row = { local_order_id: null, parent_order_id: null, status: null, text: null };
    conclude(
      draft,
      {
        outcome: "transmitted",
        complete: false,
        rows: [
          { ...row, order_id: "12", parent_order_id: "11", taken: true },
          { ...row, order_id: "11", local_order_id: bracket.coid, taken: true },
          { ...row, order_id: null, parent_order_id: "11", taken: false, text: "no" },
        ],
      },
      "submit_answer",
    );
    const { effects } = end(draft);
    expect(effects).toContainEqual(
      expect.objectContaining({
        kind: "tell",
        event: expect.objectContaining({
          payload: expect.objectContaining({
            alert: "unprotected_position",
            cancel_offered: ["11", "12"],
          }),
        }),
      }),
    );
  });

  it("takes an id that comes with a failure for no acceptance", () => {
    const draft = beginConversation(
      { phase: "placing", coid: bracket.coid, sent: true },
      env(bracket),
    );
    const row = {
      local_order_id: bracket.coid,
      parent_order_id: null,
      status: "Failed",
      text: null,
    };
    conclude(
      draft,
      { outcome: "transmitted", complete: false, rows: [{ ...row, order_id: "11", taken: false }] },
      "submit_answer",
    );
    expect(draft.intent.record.state).toBe("unknown");
    expect(draft.acts).toContainEqual({ kind: "track", coid: bracket.coid, how: "doubt" });
  });
});
