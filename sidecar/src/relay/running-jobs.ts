import { setTimeout as sleep } from "node:timers/promises";
import { GatewayError } from "@ibkr-edge-gateway/protocol/errors.ts";
import type {
  JobEnd,
  SidecarEffect,
} from "@ibkr-edge-gateway/protocol/relay/sidecar/sidecar-step.ts";
import { underTrace } from "../client-portal/trace.ts";
import type { OperationExecutor } from "../operation-handlers/executor-interface.ts";
import { failedEnd } from "./job-end.ts";
import type { RelayLogger } from "./relay-link-interface.ts";

/** How long a write that has begun may take to end when the sidecar is stopped. */
const STOP_GRACE_MS = 2_000;
const STOP_PROBE_MS = 20;

export interface RunningJobsParts {
  readonly executor: OperationExecutor;
  readonly logger: RelayLogger;
  readonly now: () => number;
  /** Journals that a write has begun; throws when it may not begin. */
  readonly begin: (jobId: string) => void;
  readonly finished: (jobId: string, end: JobEnd) => void;
  /** Whether it did what cannot be taken back. */
  readonly hasBegun: (jobId: string) => boolean;
}

/** The jobs that the broker side works on at this moment, each with what aborts it. */
export class RunningJobs {
  readonly #parts: RunningJobsParts;
  readonly #running = new Map<string, AbortController>();

  constructor(parts: RunningJobsParts) {
    this.#parts = parts;
  }

  /** Never rejects: what fails is an end like any other. */
  execute(effect: Extract<SidecarEffect, { kind: "execute" }>): Promise<void> {
    // Whatever is logged on behalf of this job, down to the broker's answer, bears its trace.
    return underTrace(effect.traceparent, () => this.#run(effect));
  }

  async #run({ job, class: kind }: Extract<SidecarEffect, { kind: "execute" }>): Promise<void> {
    const { executor, logger, begin, now } = this.#parts;
    const startedAt = now();
    const controller = new AbortController();
    const jobId = job.job_id;
    const facts = () => ({
      job_id: jobId,
      operation: job.operation,
      ms: Math.round(now() - startedAt),
    });
    this.#running.set(jobId, controller);
    try {
      const result = await executor.execute({
        operation: job.operation,
        input: job.input,
        deadlineMs: job.deadline_ms,
        signal: controller.signal,
        jobId,
        grant: {
          capability: job.grant.capability,
          brokerAccount: job.grant.broker_account ?? null,
        },
        ...(job.service === undefined ? {} : { service: job.service }),
        ...(kind === "write" ? { begin: () => begin(jobId) } : {}),
      });
      logger.info({ ...facts(), result: "ok" }, "a job ended");
      this.#finish(jobId, controller, { ok: true, result });
    } catch (error) {
      if (!(error instanceof GatewayError) && !controller.signal.aborted) {
        logger.error({ operation: job.operation, err: error }, "an operation failed unexpectedly");
      }
      const code = error instanceof GatewayError ? error.failure.code : "INTERNAL";
      const result = controller.signal.aborted ? "aborted" : code;
      logger.info({ ...facts(), result }, "a job ended");
      this.#finish(jobId, controller, failedEnd(error));
    }
  }

  abort(jobId: string): void {
    this.#running.get(jobId)?.abort();
    // What it still has to say is about a job that is over: the same id may come again.
    this.#running.delete(jobId);
  }

  /** Aborts what has not begun, gives what has begun a moment to end, then aborts everything. */
  async stop(): Promise<void> {
    const { now, hasBegun } = this.#parts;
    for (const [jobId, controller] of this.#running) {
      if (!hasBegun(jobId)) controller.abort();
    }
    const end = now() + STOP_GRACE_MS;
    while ([...this.#running.keys()].some(hasBegun) && now() < end) await sleep(STOP_PROBE_MS);
    for (const controller of this.#running.values()) controller.abort();
    this.#running.clear();
  }

  #finish(jobId: string, controller: AbortController, end: JobEnd): void {
    if (this.#running.get(jobId) !== controller) return;
    this.#running.delete(jobId);
    this.#parts.finished(jobId, end);
  }
}
