import { GatewayError } from "@ibkr-edge-gateway/protocol/errors.ts";
import { createClock } from "@ibkr-edge-gateway/simulator/clock.ts";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { createPacer } from "./pacer.ts";
import { memoryPacingStore } from "./pacing-store.ts";
import type { Priority } from "./priority.ts";
import type { PaceName } from "./rate-windows.ts";

function rig() {
  const clock = createClock("virtual", 1_000_000);
  const store = memoryPacingStore();
  const pacer = createPacer({ clock, store });
  const started: string[] = [];
  const ask = (
    label: string,
    priority: Priority,
    pace: PaceName = "any",
    maxWaitMs = 60_000,
  ): Promise<string> =>
    pacer.acquire({ pace, priority, maxWaitMs }).then(
      (release) => {
        started.push(label);
        release();
        return "started";
      },
      (error: unknown) => (error instanceof GatewayError ? error.failure.code : "other"),
    );
  return { clock, store, pacer, started, ask };
}

describe("the pacer", () => {
  it("lets the urgent pass first, and keeps room for it", async () => {
    const { clock, started, ask } = rig();
    const reads = Array.from({ length: 20 }, (_, index) => ask(`read ${index}`, "agent"));
    await clock.advance(0);
    expect(started).toHaveLength(6);
    void ask("entry", "entry");
    void ask("cancel", "cancel");
    await clock.advance(0);
    // Seven of the eight for orders, the eighth for a cancel.
    expect(started.slice(6)).toEqual(["entry", "cancel"]);
    void ask("order 2", "entry");
    await clock.advance(1_000);
    expect(started[8]).toBe("order 2");
    await clock.advance(30_000);
    await Promise.all(reads);
    expect(started).toHaveLength(23);
  });

  it("an endpoint that must wait does not hold up another", async () => {
    const { clock, started, ask } = rig();
    void ask("orders 1", "agent", "orders");
    void ask("orders 2", "agent", "orders");
    void ask("other", "agent");
    await clock.advance(0);
    expect(started).toEqual(["orders 1", "other"]);
    await clock.advance(6_249);
    expect(started).not.toContain("orders 2");
    await clock.advance(1);
    expect(started).toContain("orders 2");
  });

  it("refuses at once what could not start in time, and says when it could", async () => {
    const { ask } = rig();
    expect(await ask("first", "agent", "performance")).toBe("started");
    expect(await ask("second", "agent", "performance", 5_000)).toBe("BROKER_RATE_LIMITED");
  });

  it("after a 429 only the owner's cancel passes, for fifteen minutes, restarts included", async () => {
    const { clock, store, pacer, started, ask } = rig();
    for (let index = 0; index < 6; index++) void ask(`before ${index}`, "agent");
    const waiting = ask("waiting", "agent", "any");
    pacer.penalize();
    expect(await waiting).toBe("BROKER_RATE_LIMITED");
    const asked = clock.now();
    // An exit too is told at once, so that its owner closes the position elsewhere: it waits for nothing.
    for (const priority of [
      "agent",
      "keepalive",
      "reconcile",
      "entry",
      "exit",
      "cancel",
    ] as const) {
      expect(await ask(priority, priority, "any", 60 * 60_000)).toBe("BROKER_RATE_LIMITED");
    }
    expect(clock.now()).toBe(asked);
    expect(await ask("owner", "owner_cancel")).toBe("started");
    const again = createPacer({ clock, store });
    await expect(
      again.acquire({ pace: "any", priority: "entry", maxWaitMs: 1_000 }),
    ).rejects.toBeInstanceOf(GatewayError);
    await clock.advance(15 * 60_000);
    expect(pacer.silentUntil()).toBe(0);
    expect(await ask("after", "agent")).toBe("started");
    expect(started).not.toContain("waiting");
  });

  it("keeps at most four charts under way", async () => {
    const { clock, pacer } = rig();
    const releases: (() => void)[] = [];
    let started = 0;
    for (let index = 0; index < 6; index++) {
      void pacer
        .acquire({ pace: "history", priority: "owner", maxWaitMs: 60_000 })
        .then((release) => {
          started += 1;
          releases.push(release);
        });
    }
    await clock.advance(5_000);
    expect(started).toBe(4);
    releases[0]?.();
    await clock.advance(1_000);
    expect(started).toBe(5);
  });

  it("an abandoned request leaves the line", async () => {
    const { clock, pacer, started, ask } = rig();
    void ask("one", "agent", "orders");
    const gone = new AbortController();
    const waiting = pacer.acquire({
      pace: "orders",
      priority: "agent",
      maxWaitMs: 60_000,
      signal: gone.signal,
    });
    void ask("two", "agent", "orders");
    gone.abort();
    await expect(waiting).rejects.toBeInstanceOf(GatewayError);
    await clock.advance(6_250);
    expect(started).toEqual(["one", "two"]);
  });

  it("keeps to the broker's limits where requests arrive late and together (seed 4711)", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(
          fc.record({
            afterMs: fc.integer({ min: 0, max: 400 }),
            lateMs: fc.integer({ min: 0, max: 1_900 }),
            pace: fc.constantFrom<PaceName>(
              "any",
              "any",
              "any",
              "snapshot",
              "orders",
              "scanner_run",
            ),
            priority: fc.constantFrom<Priority>("agent", "agent", "entry", "cancel"),
          }),
          { minLength: 10, maxLength: 40 },
        ),
        async (requests) => {
          const { clock, pacer } = rig();
          const arrived: { at: number; pace: PaceName }[] = [];
          for (const { afterMs, lateMs, pace, priority } of requests) {
            // The broker's side wakes once in `lateMs`, and takes all that waits then.
            const arrive = (release: () => void) => {
              const at = Math.ceil(clock.now() / (lateMs + 1)) * (lateMs + 1);
              clock.after(at - clock.now(), () => {
                arrived.push({ at: clock.now(), pace });
                release();
              });
            };
            pacer.acquire({ pace, priority, maxWaitMs: 600_000 }).then(arrive, () => undefined);
            await clock.advance(afterMs);
          }
          await clock.advance(600_000);
          expect(arrived).toHaveLength(requests.length);
          const of = (name?: PaceName) =>
            arrived.flatMap(({ at, pace }) => (name === undefined || pace === name ? [at] : []));
          expect(mostWithin(of(), 1_000)).toBeLessThanOrEqual(8);
          expect(mostWithin(of("orders"), 5_000)).toBeLessThanOrEqual(1);
          expect(mostWithin(of("scanner_run"), 1_000)).toBeLessThanOrEqual(1);
        },
      ),
      { seed: 4711, numRuns: 60 },
    );
  });

  it("what hangs holds up reads, and an exit for three seconds at most", async () => {
    const { clock, pacer, started, ask } = rig();
    const hang = (priority: Priority) =>
      pacer.acquire({ pace: "any", priority, maxWaitMs: 60_000 }).catch(() => undefined);
    for (let index = 0; index < 6; index++) void hang("agent");
    void hang("entry");
    void hang("cancel");
    await clock.advance(0);
    void ask("agent", "agent");
    void ask("owner", "owner_cancel");
    await clock.advance(2_999);
    expect(started).toEqual([]);
    await clock.advance(1);
    expect(started[0]).toBe("owner");
  });
});

/** The most moments within any window of this length. */
function mostWithin(times: readonly number[], windowMs: number): number {
  const sorted = [...times].sort((a, b) => a - b);
  return Math.max(
    0,
    ...sorted.map((from) => sorted.filter((at) => at >= from && at < from + windowMs).length),
  );
}
