import type { Capability } from "../../capabilities.ts";
import type { ServiceClass } from "../../service-class.ts";
import type { JobSubmit, JobTerminal } from "../job-messages.ts";
import type { BrokerEventType } from "../messages.ts";
import type { RelayErrorCode } from "../relay-errors.ts";

/** Where the connection stands. `since` is when it came there. */
export type Link =
  | { readonly kind: "waiting"; readonly until: number }
  | { readonly kind: "dialing"; readonly since: number }
  | { readonly kind: "opening"; readonly since: number }
  /** `openSha256`: of the text of `session.open`, which both ends sign. */
  | { readonly kind: "opened"; readonly since: number; readonly openSha256: string }
  | {
      readonly kind: "answering" | "answered";
      readonly since: number;
      readonly openSha256: string;
      readonly challenge: string;
      readonly nonce: string;
    }
  /** The gateway said no, with a signature. */
  | {
      readonly kind: "refused";
      readonly since: number;
      readonly type: "session.unauthenticated" | "session.rejected";
      readonly code: RelayErrorCode;
      /** The signature is the pinned gateway's. */
      readonly proved: boolean;
      readonly ended: Ended | null;
    }
  | {
      readonly kind: "verifying";
      readonly since: number;
      readonly session: RelaySession;
      /** What the edge said right behind `session.accepted`; believed once its proof is. */
      readonly early: readonly string[];
      readonly ended: Ended | null;
    }
  | {
      readonly kind: "live";
      readonly since: number;
      readonly session: RelaySession;
      /** The nonce of a refresh that is being answered. */
      readonly refreshNonce: string | null;
    }
  /** For good, until a human does something. */
  | { readonly kind: "stopped"; readonly code: number; readonly reason: string };

/** A close that came before it was known who closed; it counts once that is. */
export interface Ended {
  readonly code: number;
  readonly reason: string;
}

export interface RelaySession {
  readonly id: string;
  readonly epoch: number;
  readonly capabilities: readonly Capability[];
  readonly leaseExpiresAt: string;
  readonly resumeToken: string;
  readonly lastProcessedSeq: number;
  readonly maxFrameBytes: number;
  readonly maxReads: number;
  readonly maxWrites: number;
}

/** A write whose end stands in the journal: what "the same job again" is answered from. */
export interface EndedWrite {
  readonly digest: string;
  /** The `event_seq` of its end. */
  readonly seq: number;
}

/** A job that is under way, or a write that the journal remembers. */
export interface SidecarJob {
  readonly class: "read" | "write";
  readonly digest: string;
  readonly brokerAccount: string | null;
  /** The edge's word for when it is served; absent from an older edge, and in what was read again. */
  readonly service?: ServiceClass;
  readonly deadlineAt: number;
  /** accepted: journaled, nothing done yet; started: the broker may have been asked; done: has its end. */
  readonly state: "running" | "accepted" | "started" | "done";
  /** The `event_seq` of a write's end. */
  readonly seq: number | null;
  /** The submit of a write that goes ahead although the journal cannot take it up: see `isExit`. */
  readonly unsaved?: JobSubmit;
}

/** What could not be journaled yet, and so was not sent either. */
export type Unjournaled =
  | { readonly kind: "terminal"; readonly jobId: string; readonly terminal: JobTerminal }
  | {
      readonly kind: "event";
      readonly type: BrokerEventType;
      readonly payload: Record<string, unknown>;
    };

export interface JournalIndex {
  readonly id: string;
  /** The newest event, and how far the edge has acknowledged. */
  readonly newestSeq: number;
  readonly ackedSeq: number;
  readonly unackedBytes: number;
  /** The greatest job id whose record was dropped: below it, "unknown" does not mean "never seen". */
  readonly forgottenThrough: string;
  /** The last attempt to write failed; until then no new write job is taken up. */
  readonly brokenUntil: number;
  /**
   * In place of a new journal that the disk had no room for: nothing is written to it, so nothing is
   * numbered and no write taken up, but reads go on.
   */
  readonly standIn: boolean;
}

export interface SidecarState {
  readonly link: Link;
  /** Numbers the dials; whatever answers an older one is too late. */
  readonly dial: number;
  /** Failed attempts since the last stable connection. */
  readonly attempt: number;
  readonly resume: { readonly sessionId: string; readonly token: string } | null;
  /** The edge's clock minus ours, as last seen. */
  readonly skewMs: number;
  /** When the lease ends, on our clock; it outlives the connection. Null before the first. */
  readonly leaseUntil: number | null;
  readonly journal: JournalIndex;
  /** Events are on the wire of this connection up to here. */
  readonly sentSeq: number;
  /** Reads, and writes whose end is not in the journal yet. */
  readonly jobs: ReadonlyMap<string, SidecarJob>;
  /** The other writes: many, and seldom changed, so they are not copied with every step. */
  readonly ended: ReadonlyMap<string, EndedWrite>;
  readonly unjournaled: readonly Unjournaled[];
  /** An acknowledgement that the journal could not note yet; 0 when there is none. */
  readonly heldAck: number;
  /** Broker events dropped because neither disk nor memory had room for them. */
  readonly dropped: number;
  readonly congested: boolean;
  /** The request to take a new device key that is under way. */
  readonly rotationId: string | null;
  /** How long the edge asked to be left alone. */
  readonly retryAfterMs: number;
  readonly heardAt: number;
  readonly pingedAt: number;
  /** Pings since anything was heard. */
  readonly unanswered: number;
  /** Why the last connection ended or was refused, for the owner. */
  readonly trouble: { readonly code: RelayErrorCode | "CLOSED"; readonly message: string } | null;
}

/** What the machine asks the journal to store, before anything that depends on it is done. */
export type JournalWrite =
  | { readonly kind: "accepted"; readonly submit: JobSubmit; readonly digest: string }
  | { readonly kind: "started"; readonly jobId: string }
  | {
      readonly kind: "event";
      readonly seq: number;
      readonly type: string;
      /** JSON text. */
      readonly payload: string;
      /** Set when the event is the end of this write. */
      readonly jobId: string | null;
    }
  | { readonly kind: "acked"; readonly seq: number }
  | { readonly kind: "forget"; readonly jobIds: readonly string[]; readonly through: string };

/** Where a process begins: with what the journal holds, and no connection. */
export function initialSidecarState(
  journal: JournalIndex,
  jobs: ReadonlyMap<string, SidecarJob>,
): SidecarState {
  return {
    link: { kind: "waiting", until: Number.POSITIVE_INFINITY },
    dial: 0,
    attempt: 0,
    resume: null,
    skewMs: 0,
    leaseUntil: null,
    journal,
    sentSeq: journal.ackedSeq,
    ...splitJobs(jobs),
    unjournaled: [],
    heldAck: 0,
    dropped: 0,
    congested: false,
    rotationId: null,
    retryAfterMs: 0,
    heardAt: 0,
    pingedAt: 0,
    unanswered: 0,
    trouble: null,
  };
}

/** What a journal holds, as what is under way and what has ended. */
export function splitJobs(
  journaled: ReadonlyMap<string, SidecarJob>,
): Pick<SidecarState, "jobs" | "ended"> {
  const jobs = new Map<string, SidecarJob>();
  const ended = new Map<string, EndedWrite>();
  for (const [jobId, job] of journaled) {
    if (job.state === "done" && job.seq !== null) {
      ended.set(jobId, { digest: job.digest, seq: job.seq });
    } else {
      jobs.set(jobId, job);
    }
  }
  return { jobs, ended };
}
