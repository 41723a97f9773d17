import { setTimeout as sleep } from "node:timers/promises";
import type { JobSettlement } from "@ibkr-edge-gateway/protocol/relay/edge/edge-step.ts";
import { ulid } from "@ibkr-edge-gateway/protocol/ulid.ts";
import type { SeededRandom } from "../support/relay/random.ts";

export interface Asked {
  readonly jobId: string;
  readonly write: boolean;
  /** What the caller was told; null when the gateway died under it. */
  readonly told: JobSettlement | null;
  readonly ms: number;
}

export interface Load {
  readonly asked: Asked[];
  /** Callers that waited longer than their deadline and a grace. */
  readonly hung: string[];
  /** Nobody asks until {@link resume}; resolves when the last answer is in. */
  pause(): Promise<void>;
  resume(): void;
  stop(): Promise<void>;
}

/** What is kept of an answer: many are large, and a run is long. */
const withoutResult = (told: JobSettlement): JobSettlement =>
  told.ok ? { ...told, result: null } : told;

const DEADLINE_MS = 3_000;
const GRACE_MS = 4_000;

/** Reads and writes without a pause, as several callers at once. */
export function startLoad(url: string, account: string, random: SeededRandom): Load {
  const asked: Asked[] = [];
  const hung: string[] = [];
  let going = true;
  let paused = false;
  let inFlight = 0;

  async function ask(write: boolean, input: object, brokerAccount: string): Promise<void> {
    while (paused) await sleep(5);
    inFlight += 1;
    const jobId = ulid(Date.now());
    const began = performance.now();
    let told: JobSettlement | null = null;
    try {
      const response = await fetch(`${url}/__test`, {
        method: "POST",
        body: JSON.stringify({
          account,
          method: "testJob",
          args: [
            {
              jobId,
              operation: write ? "test.write" : "test.read",
              input,
              deadlineMs: DEADLINE_MS,
              account: brokerAccount,
            },
          ],
        }),
        signal: AbortSignal.timeout(DEADLINE_MS + GRACE_MS),
      });
      if (response.status === 200) told = withoutResult((await response.json()) as JobSettlement);
    } catch (error) {
      // Killed under the caller, or a hang, which is a defect.
      if (error instanceof DOMException && error.name === "TimeoutError") hung.push(jobId);
    }
    inFlight -= 1;
    asked.push({ jobId, write, told, ms: performance.now() - began });
  }

  async function caller(write: boolean, brokerAccount: string): Promise<void> {
    while (going) {
      const slow = random.next() < 0.1;
      await ask(
        write,
        {
          before: random.below(slow ? 300 : 15),
          after: random.below(slow ? 600 : 15),
          ...(random.next() < 0.03 ? { size: 1_500_000 } : {}),
          ...(random.next() < 0.05 ? { fail: true } : {}),
          ...(write ? { size: 100 } : {}),
        },
        brokerAccount,
      );
      await sleep(5 + random.below(40));
    }
  }

  const callers = [
    caller(false, "DU1"),
    caller(false, "DU1"),
    caller(false, "DU2"),
    caller(true, "DU1"),
    caller(true, "DU2"),
    caller(true, "DU3"),
  ];
  return {
    asked,
    hung,
    async pause() {
      paused = true;
      while (inFlight > 0) await sleep(5);
    },
    resume() {
      paused = false;
    },
    async stop() {
      paused = false;
      going = false;
      await Promise.all(callers);
    },
  };
}
