import { INFLIGHT_READS_MAX, WAITING_READS_MAX } from "../../limits.ts";
import {
  placesFor,
  rankOf,
  type ServiceClass,
  serviceOf,
  withinShare,
} from "../../service-class.ts";
import type { JobSubmit } from "../job-messages.ts";
import type { EdgeJob, EdgeState } from "./edge-state.ts";

/** As what a job is served here. */
export const serviceOfJob = (submit: JobSubmit): ServiceClass =>
  serviceOf(submit.operation, submit.service?.class);

/** The reads on the wire: how many, and how many of them each client's. */
export interface InFlight {
  readonly all: number;
  of(share: string): number;
  add(submit: JobSubmit): void;
}

/** Counts the reads on the wire. */
export function inFlight({ jobs }: Pick<EdgeState, "jobs">): InFlight {
  let all = 0;
  const shares = new Map<string, number>();
  const add = ({ service }: JobSubmit): void => {
    all += 1;
    if (service?.share !== undefined) {
      shares.set(service.share, (shares.get(service.share) ?? 0) + 1);
    }
  };
  for (const job of jobs.values()) {
    if (job.class === "read" && job.state === "sent") add(job.submit);
  }
  return {
    get all() {
      return all;
    },
    of: (share) => shares.get(share) ?? 0,
    add,
  };
}

/** Whether a read may go now: every class leaves places to those before it, and a client to others. */
export function hasReadPlace(taken: InFlight, { submit }: Pick<EdgeJob, "submit">): boolean {
  const service = serviceOfJob(submit);
  const places = placesFor(service, INFLIGHT_READS_MAX);
  if (taken.all >= places) return false;
  const share = submit.service?.share;
  return (
    service !== "agent" || share === undefined || withinShare(taken.of(share), taken.all, places)
  );
}

/** Whether one more read may wait. Only agents' reads can find no place. */
export function mayWait({ jobs }: Pick<EdgeState, "jobs">, submit: JobSubmit): boolean {
  const service = serviceOfJob(submit);
  const share = submit.service?.share;
  let waiting = 0;
  let own = 0;
  for (const job of jobs.values()) {
    if (job.class !== "read" || job.state !== "waiting") continue;
    if ((serviceOfJob(job.submit) === "agent") !== (service === "agent")) continue;
    waiting += 1;
    if (job.submit.service?.share === share) own += 1;
  }
  return service !== "agent" || share === undefined
    ? waiting < WAITING_READS_MAX
    : withinShare(own, waiting, WAITING_READS_MAX);
}

/** Who is next: by class, then the client with the fewest on the wire, then the oldest. */
export function nextRead(waiting: readonly EdgeJob[], taken: InFlight): EdgeJob | null {
  let best: { job: EdgeJob; rank: number; own: number } | null = null;
  for (const job of waiting) {
    if (!hasReadPlace(taken, job)) continue;
    const rank = rankOf(serviceOfJob(job.submit));
    const share = job.submit.service?.share;
    const own = share === undefined ? 0 : taken.of(share);
    if (best === null || rank < best.rank || (rank === best.rank && own < best.own)) {
      best = { job, rank, own };
    }
  }
  return best?.job ?? null;
}
