import { describe, expect, it } from "vitest";
import { anIntentRecord, START_MS } from "../../../../test/support/intent-record.ts";
import { NOW } from "../../../../test/support/orders.ts";
import { alert, apply, draftOf, note, tellQuestion } from "./intent-change.ts";

const env = { now: START_MS + 5, source: "simulator" } as const;
const evidence = (says: "working" | "ambiguous" | "cancelled", filled: string | null = null) =>
  ({
    source: says === "ambiguous" ? "gateway" : "live_orders",
    says,
    filled,
    remaining: null,
    at: NOW,
  }) as const;

describe("a change of an intent", () => {
  it("leaves the record it began with as it was", () => {
    const record = anIntentRecord();
    const before = JSON.stringify(record);
    const draft = draftOf(record, env);
    note(draft, { sent: true });
    apply(draft, evidence("working"));
    expect(JSON.stringify(record)).toBe(before);
    expect(draft.record).toMatchObject({ sent: true, state: "working", version: 2 });
    expect(draft.record.updated_at).toBe(env.now);
  });

  it("is none when the evidence says what is known", () => {
    const draft = draftOf(anIntentRecord(0, { state: "working" }), env);
    apply(draft, evidence("working"));
    expect(draft).toMatchObject({ changed: false, effects: [] });
  });

  it("begins a doubt once and ends it with the proof", () => {
    const draft = draftOf(anIntentRecord(0, { state: "accepted", sent: true }), env);
    apply(draft, evidence("ambiguous"));
    expect(draft.record.doubt_since).toBe(env.now);
    apply(draft, evidence("working", "1"));
    expect(draft.record).toMatchObject({ state: "partially_filled", doubt_since: null });
  });

  it("forgets the question with the state that had it", () => {
    const question = {
      reply_id: "r1",
      messages: [],
      reason: "",
      asked_at: NOW,
      lapses_at: NOW,
    };
    const draft = draftOf(anIntentRecord(0, { state: "awaiting_confirmation", question }), env);
    tellQuestion(draft, "lapsed", "sidecar");
    apply(draft, evidence("ambiguous"));
    tellQuestion(draft, "lapsed", "sidecar");
    expect(draft.record.question).toBeNull();
    const lapsed = draft.effects.filter(
      (effect) => effect.kind === "tell" && effect.event.type === "broker.question",
    );
    expect(lapsed).toHaveLength(1);
  });

  it("warns when an order comes back that had ended", () => {
    const draft = draftOf(anIntentRecord(0, { state: "cancelled", sent: true }), env);
    apply(draft, evidence("working"));
    expect(draft.record.told).toEqual(["resurrected"]);
  });

  it("keeps an alert short in the record and whole enough in the event", () => {
    const draft = draftOf(anIntentRecord(), env);
    const what = { alert: "needs_owner", message: "x".repeat(600) } as const;
    alert(draft, what);
    alert(draft, what);
    expect(draft.record.alerts.map(({ length }) => length)).toEqual([300]);
    expect(draft.effects.map(({ kind }) => kind)).toEqual(["tell", "push"]);
  });
});
