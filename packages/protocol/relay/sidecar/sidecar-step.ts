import type * as z from "zod";
import type { Capability } from "../../capabilities.ts";
import type { GatewayFailure } from "../../errors.ts";
import type { JsonValue } from "../../json.ts";
import type { AuditCheckpoint, AuditCosignature } from "../audit-messages.ts";
import { encodeFrame } from "../frame-codec.ts";
import type { JobSubmit } from "../job-messages.ts";
import type { BrokerEventType, FROM_SIDECAR } from "../messages.ts";
import type { CloseCode, JobOutcome, RelayErrorCode } from "../relay-errors.ts";
import type {
  JournalIndex,
  JournalWrite,
  Link,
  SidecarJob,
  SidecarState,
  Unjournaled,
} from "./sidecar-state.ts";

/**
 * The sidecar's half of the protocol as values. The caller commits `writes` to the journal first;
 * when that succeeded it adopts the state and carries out `effects` in order. When it failed it
 * drops all three and steps again from the old state with `unjournaled`: nothing is ever done or
 * said that the journal does not hold.
 */
export type SidecarInput =
  | { readonly kind: "start" }
  | { readonly kind: "connected"; readonly dial: number }
  | {
      readonly kind: "dial_failed";
      readonly dial: number;
      readonly message: string;
      readonly retryAfterMs?: number;
      /** Present when the gateway did not take the key: by its clock, where it says so, ms. */
      readonly refusedKey?: { readonly edgeTimeMs: number | null };
    }
  | { readonly kind: "frame"; readonly dial: number; readonly text: string }
  | { readonly kind: "binary"; readonly dial: number }
  | {
      readonly kind: "closed";
      readonly dial: number;
      readonly code: number;
      readonly reason: string;
    }
  | { readonly kind: "token_signed"; readonly dial: number; readonly token: string }
  | { readonly kind: "answer_signed"; readonly dial: number; readonly response: string }
  | { readonly kind: "proof_checked"; readonly dial: number; readonly valid: boolean }
  /** The executor is about to do what cannot be taken back. */
  | { readonly kind: "begin"; readonly jobId: string }
  | { readonly kind: "finished"; readonly jobId: string; readonly end: JobEnd }
  | {
      readonly kind: "event";
      readonly type: BrokerEventType;
      readonly payload: Record<string, unknown>;
    }
  /** Events up to here were handed to the transport. */
  | { readonly kind: "pumped"; readonly dial: number; readonly through: number }
  | { readonly kind: "congested"; readonly dial: number; readonly on: boolean }
  /** Ask the edge to take a new device key; both keys have signed it. */
  | {
      readonly kind: "rotate";
      readonly publicKey: string;
      readonly oldSignature: string;
      readonly newSignature: string;
    }
  /** What the journal holds unacknowledged, measured after it was written to. */
  | { readonly kind: "measured"; readonly unackedBytes: number }
  /** A new journal was begun: what is not acknowledged stands in it under new numbers. */
  | {
      readonly kind: "journal_restarted";
      readonly journal: JournalIndex;
      readonly jobs: ReadonlyMap<string, SidecarJob>;
    }
  /** A new journal could not be begun: the disk is full. */
  | { readonly kind: "journal_stuck" }
  /** What this PC says of a head of the audit log. */
  | { readonly kind: "witnessed"; readonly dial: number; readonly answer: AuditCosignature }
  | { readonly kind: "tick" }
  | { readonly kind: "stop"; readonly reason: string }
  | { readonly kind: "unjournaled"; readonly input: SidecarInput };

export type JobEnd =
  | { readonly ok: true; readonly result: JsonValue }
  | {
      readonly ok: false;
      readonly code: RelayErrorCode;
      readonly message: string;
      readonly retryable: boolean;
      readonly retryAfterMs?: number;
      readonly failure?: GatewayFailure;
      /** What the executor can prove; without it, whether it had begun decides. */
      readonly outcome?: JobOutcome;
    };

export type SidecarEffect =
  | { readonly kind: "dial"; readonly dial: number }
  | { readonly kind: "send"; readonly text: string }
  | { readonly kind: "close"; readonly code: CloseCode; readonly reason: string }
  | { readonly kind: "sign_token"; readonly dial: number; readonly skewMs: number }
  | { readonly kind: "sign_answer"; readonly dial: number; readonly message: Uint8Array }
  | {
      readonly kind: "check_proof";
      readonly dial: number;
      readonly message: Uint8Array;
      readonly proof: string;
    }
  | {
      readonly kind: "execute";
      readonly job: JobSubmit;
      readonly class: "read" | "write";
      /** W3C trace context of the request behind it, for the log; absent where there is none. */
      readonly traceparent?: string;
    }
  | { readonly kind: "abort"; readonly jobId: string }
  /** Send journaled events after this one, in order, while the transport takes them. */
  | { readonly kind: "pump"; readonly dial: number; readonly after: number }
  /** Send the stored end of a write again. */
  | { readonly kind: "resend_terminal"; readonly jobId: string }
  /** Answer `session.list_jobs`; the ends come from the journal. */
  | {
      readonly kind: "list_jobs";
      readonly requestId: string;
      readonly jobs: readonly {
        readonly jobId: string;
        readonly state: "not_started" | "started" | "done" | "forgotten";
      }[];
    }
  /** Judge a head of the audit log; what is cosigned is on the disk first. */
  | { readonly kind: "witness"; readonly dial: number; readonly head: AuditCheckpoint }
  /** The edge has taken the new device key, or has said why not. */
  | { readonly kind: "rotated"; readonly refusal: string | null }
  /** The journal belongs to a past that the edge has left behind: begin a new one. */
  | { readonly kind: "restart_journal" };

/** What an operation is, as this sidecar knows it; null when it does not. */
export type OperationLookup = (name: string) => {
  readonly class: "read" | "write";
  readonly capability: Capability;
  readonly alsoUnder?: Capability;
} | null;

export interface SidecarEnv {
  /** Monotonic, in epoch milliseconds: a clock that is set must not end or prolong anything. */
  readonly now: number;
  readonly origin: string;
  readonly account: string;
  readonly sidecar: string;
  readonly version: string;
  readonly fingerprint: string;
  /** What the local policy offers at most. */
  readonly offered: readonly Capability[];
  /** Broker accounts that the local policy allows; null allows every one of the login's. */
  readonly brokerAccounts: readonly string[] | null;
  readonly operations: OperationLookup;
  ulid(): string;
  /** 32 random bytes, base64url. */
  random32(): string;
  /** Uniform in [0, 1). */
  random(): number;
}

export interface Draft {
  state: { -readonly [K in keyof SidecarState]: SidecarState[K] };
  jobs: Map<string, SidecarJob>;
  unjournaled: Unjournaled[];
  readonly writes: JournalWrite[];
  readonly effects: SidecarEffect[];
  readonly env: SidecarEnv;
  /** This step must get by without the journal: nothing new is begun, ends are held. */
  readonly journalDown: boolean;
}

/** A copy of the state that one step may change. `journalDown`: the journal takes no writes now. */
export function draftOf(state: SidecarState, env: SidecarEnv, journalDown: boolean): Draft {
  return {
    journalDown: journalDown || state.journal.standIn,
    state: { ...state },
    jobs: new Map(state.jobs),
    unjournaled: [...state.unjournaled],
    writes: [],
    effects: [],
    env,
  };
}

/** A job by its id, whether it is under way or has ended. */
export function findJob(draft: Draft, jobId: string): SidecarJob | undefined {
  const job = draft.jobs.get(jobId);
  const ended = draft.state.ended.get(jobId);
  if (job !== undefined || ended === undefined) return job;
  const { digest, seq } = ended;
  return { class: "write", digest, brokerAccount: null, deadlineAt: 0, state: "done", seq };
}

/** Moves the connection to another state. */
export function setLink(draft: Draft, link: Link): void {
  draft.state.link = link;
}

type SidecarType = keyof typeof FROM_SIDECAR;

/** Queues one frame; in a session it carries the session and the epoch. Returns its id and text. */
export function send<T extends SidecarType>(
  draft: Draft,
  type: T,
  payload: z.input<(typeof FROM_SIDECAR)[T]>,
  head: { correlation_id?: string; optional?: true } = {},
): { id: string; text: string } {
  const { link } = draft.state;
  const id = draft.env.ulid();
  const text = encodeFrame({
    id,
    ...head,
    ...(link.kind === "live" ? { session_id: link.session.id, epoch: link.session.epoch } : {}),
    type,
    // The wall clock of the PC may be wrong; what the edge reads is the edge's own time.
    now: draft.env.now + draft.state.skewMs,
    payload,
  });
  draft.effects.push({ kind: "send", text });
  return { id, text };
}
