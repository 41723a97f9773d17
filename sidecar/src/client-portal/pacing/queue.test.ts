import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { LIMITS } from "../limits.ts";
import { PRIORITIES, type Priority } from "./priority.ts";
import { initialQueue, type QueueInput, type QueueState, queueStep } from "./queue.ts";
import { ENDPOINT_PACES, type PaceName } from "./rate-windows.ts";

const NOW = 1_000_000;
const ask = (
  id: number,
  more: { pace?: PaceName; priority?: Priority; maxWaitMs?: number; share?: string } = {},
) => ({ kind: "ask", id, pace: "any", priority: "agent", maxWaitMs: 60_000, ...more }) as const;

function after(inputs: readonly QueueInput[], now = NOW, from = initialQueue(null, now)) {
  return inputs.reduce((state, input) => queueStep(state, input, now).state, from);
}

describe("the queue of requests to the broker", () => {
  it("writes the start of a scarce endpoint down in the step that starts it, and no other start", () => {
    expect(queueStep(initialQueue(null, NOW), ask(1), NOW).write).toBeNull();
    const step = queueStep(initialQueue(null, NOW), ask(1, { pace: "performance" }), NOW);
    expect(step.effects).toEqual([{ kind: "start", id: 1 }]);
    expect(step.write?.starts).toEqual({ performance: [NOW] });
  });

  it("an unexpected answer and a request that nobody waits for change nothing", () => {
    const state = after([ask(1)]);
    for (const input of [
      { kind: "answered", id: 7 },
      { kind: "abandoned", id: 7 },
      { kind: "tick" },
    ] as const) {
      const step = queueStep(state, input, NOW);
      expect(step.effects).toEqual([]);
      expect(step.write).toBeNull();
      expect(step.state).toEqual(state);
    }
  });

  it("refuses a read where the queue is full, and still takes an order", () => {
    const full = after(Array.from({ length: LIMITS.queuedRequests + 6 }, (_, n) => ask(n + 1)));
    expect(full.waiting).toHaveLength(LIMITS.queuedRequests);
    expect(queueStep(full, ask(900), NOW).effects).toEqual([
      { kind: "refuse", id: 900, why: "busy", waitMs: 1_000 },
    ]);
    expect(queueStep(full, ask(901, { priority: "entry" }), NOW).effects).toEqual([
      { kind: "start", id: 901 },
    ]);
  });

  it("after a restart a silence is kept, and a clock set back does not prolong it", () => {
    const kept = queueStep(initialQueue(null, NOW), { kind: "rate_limited" }, NOW).write;
    expect(initialQueue(kept, NOW + 1_000).silentUntil).toBe(NOW + LIMITS.penaltyMs);
    expect(initialQueue(kept, NOW - 9_000_000).silentUntil).toBe(
      NOW - 9_000_000 + LIMITS.penaltyMs,
    );
  });

  it("starts each request once or refuses it once, and none but the owner's cancel in the silence", () => {
    const act = fc.oneof(
      { weight: 6, arbitrary: fc.constantFrom(...PRIORITIES).map((priority) => ({ priority })) },
      { weight: 1, arbitrary: fc.constant("rate_limited" as const) },
      { weight: 2, arbitrary: fc.constant("answered" as const) },
      { weight: 2, arbitrary: fc.constant("tick" as const) },
    );
    const timed = fc.record({
      act,
      pace: fc.constantFrom<PaceName>("any", "orders", "history", "snapshot"),
      afterMs: fc.integer({ min: 0, max: 3_000 }),
    });
    fc.assert(
      fc.property(fc.array(timed, { maxLength: 120 }), (acts) => {
        let now = NOW;
        let state: QueueState = initialQueue(null, now);
        let lastId = 0;
        const priorities = new Map<number, Priority>();
        const settled = new Set<number>();
        const running: number[] = [];
        for (const { act: what, pace, afterMs } of acts) {
          now += afterMs;
          let input: QueueInput;
          if (what === "tick" || what === "rate_limited") input = { kind: what };
          else if (what === "answered") input = { kind: "answered", id: running.shift() ?? 0 };
          else {
            priorities.set(++lastId, what.priority);
            input = ask(lastId, { pace, priority: what.priority, maxWaitMs: 5_000 });
          }
          const step = queueStep(state, input, now);
          const silent = now < step.state.silentUntil;
          for (const effect of step.effects) {
            expect(settled.has(effect.id)).toBe(false);
            settled.add(effect.id);
            if (effect.kind === "start") running.push(effect.id);
            if (effect.kind === "start" && silent) {
              expect(priorities.get(effect.id)).toBe("owner_cancel");
            }
          }
          state = step.state;
          expect(settled.size + state.waiting.length).toBe(lastId);
          // Whoever waits is looked at again, at the latest when the wait is over.
          const latest = Math.min(...state.waiting.map(({ deadline }) => deadline + 1));
          if (state.waiting.length > 0) expect(step.wakeAt).toBeLessThanOrEqual(latest);
          const charts = [...state.running.values()].filter(({ pace: name }) => name === "history");
          expect(charts.length).toBeLessThanOrEqual(ENDPOINT_PACES.history.concurrency);
        }
      }),
      { seed: 4711, numRuns: 200 },
    );
  });

  it("one client takes half of the places at most, and its next question waits behind another's first", () => {
    const greedy = Array.from({ length: LIMITS.queuedRequests }, (_, n) =>
      ask(n + 1, { share: "greedy" }),
    );
    const full = after(greedy);
    expect(full.waiting).toHaveLength(LIMITS.queuedRequests / 2);
    const state = after([ask(900, { share: "modest" })], NOW, full);
    expect(state.waiting[1]?.id).toBe(900);
  });

  it("moves up who waits for the same as somebody more urgent", () => {
    const state = after([
      ...Array.from({ length: 40 }, (_, n) => ask(n + 1)),
      { kind: "raised", id: 40, priority: "exit" },
    ]);
    expect(state.running.has(40)).toBe(true);
    expect(after([{ kind: "raised", id: 39, priority: "agent" }], NOW, state)).toEqual(state);
  });

  it("agents' questions that hang leave charts, connections and starts to an exit", () => {
    let state = initialQueue(null, NOW);
    let now = NOW;
    for (let n = 1; n <= 400; n += 1) {
      now += 100;
      state = after([ask(n, { pace: n % 2 === 0 ? "history" : "any" })], now, state);
    }
    expect(state.running.size).toBeLessThanOrEqual(LIMITS.agentConnections);
    for (const pace of ["any", "history", "snapshot"] as const) {
      const step = queueStep(state, ask(1_000, { pace, priority: "exit" }), now);
      expect(step.effects).toContainEqual({ kind: "start", id: 1_000 });
    }
  });
});
