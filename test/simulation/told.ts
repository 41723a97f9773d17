/**
 * The members that a run reads of answers, of the agent's tools and of the owner's verbs together. Each
 * answer has some of them; what is read is compared, not trusted.
 */
export interface Heard {
  readonly ok: boolean;
  readonly outcome?: string;
  readonly refusals?: readonly { readonly code: string }[];
  readonly reason?: string;
  readonly detail?: string;
  readonly preview?: {
    readonly preview_id: string;
    readonly may_be_asked: boolean;
    readonly policy_failures: readonly { readonly code: string }[];
    readonly pc_refusals: readonly { readonly code: string }[];
  } | null;
  readonly approval?: { readonly approval_id: string } | null;
  readonly order?: { readonly order_ref: string } | null;
  /** Of a request on the owner's page. */
  readonly state?: string;
  readonly ceremony?: { readonly challenge: string } | null;
  readonly intentHash: string;
  readonly sendsOnApproval?: boolean;
  /** Of a statement that a passkey is to sign. */
  readonly challenge: string;
  readonly nonce: string;
  readonly notAfter: string;
}

/** What the agent or the owner heard upon what they asked. */
export interface Told {
  ok: boolean;
  result: Heard | null;
  /** The failure's code, or what was thrown. */
  why: string | null;
}

/** What an answer says may be asked again. */
export const AGAIN = new Set([
  "ObjectReset",
  "SIDECAR_OFFLINE",
  "SIDECAR_UNAVAILABLE",
  "BROKER_BACKEND_UNAVAILABLE",
  "BROKER_SESSION_REQUIRED",
  "BROKER_RATE_LIMITED",
  "DEADLINE_EXCEEDED",
  "OUTCOME_UNKNOWN",
  "AUDIT_WRITE_FAILED",
]);

export const nameOf = (error: unknown): string => (error instanceof Error ? error.name : "unknown");

/** The codes of an answer's refusals, or else its outcome. */
export const codes = (result: Heard | null): string | undefined =>
  (result?.refusals ?? []).map(({ code }) => code).join() || result?.outcome;

/** Of a verb that answers with true or false. */
export const saidTrue = (result: unknown): boolean => result === true;
