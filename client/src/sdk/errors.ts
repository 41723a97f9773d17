import { GATEWAY_ERROR_CODES, type GatewayErrorCode } from "@ibkr-edge-gateway/protocol/errors.ts";
import type { JsonObject } from "@ibkr-edge-gateway/protocol/json.ts";

/** What this client finds by itself, beside the gateway's own codes. */
export const OWN_ERROR_CODES = [
  /** Nobody has signed in, or the sign-in ended and nobody is there to renew it. */
  "SIGN_IN_REQUIRED",
  /** The gateway could not be reached, or did not answer as one. */
  "GATEWAY_UNREACHABLE",
  /** The caller's signal ended the call. */
  "CALL_ABORTED",
  /** The time that the caller gave is over. */
  "CALL_TIMED_OUT",
  /** The answer does not have the form that was agreed on: the versions differ. */
  "ANSWER_INVALID",
  /** This computer has no record of an order under that key. */
  "ORDER_NOT_RECORDED",
] as const;

export type IbkrErrorCode = GatewayErrorCode | (typeof OWN_ERROR_CODES)[number];

/** Every code there is; a caller may switch over them. */
export const ERROR_CODES: readonly IbkrErrorCode[] = [...GATEWAY_ERROR_CODES, ...OWN_ERROR_CODES];

export interface ErrorFacts {
  /** True when the same call may succeed later without the caller changing it. */
  retryable?: boolean;
  /** What the owner has to do next; null where there is nothing. */
  userAction?: string | null;
  /** Which call comes next, in the gateway's words. */
  nextStep?: string | null;
  /** Milliseconds to wait before the same call is made again. */
  retryAfterMs?: number | null;
  /**
   * `unknown` where a write may have been carried out. Follow it (`gateway.orders.resume`); never
   * make another order in its place.
   */
  outcome?: "not_done" | "unknown";
  /** The gateway's whole answer, for what is not named here. */
  answer?: JsonObject | null;
  cause?: unknown;
}

/** The one error that this client throws. */
export class IbkrError extends Error {
  override readonly name = "IbkrError";
  readonly code: IbkrErrorCode;
  readonly retryable: boolean;
  readonly userAction: string | null;
  readonly nextStep: string | null;
  readonly retryAfterMs: number | null;
  readonly outcome: "not_done" | "unknown";
  readonly answer: JsonObject | null;

  constructor(code: IbkrErrorCode, message: string, facts: ErrorFacts = {}) {
    super(message, facts.cause === undefined ? undefined : { cause: facts.cause });
    this.code = code;
    this.retryable = facts.retryable ?? false;
    this.userAction = facts.userAction ?? null;
    this.nextStep = facts.nextStep ?? null;
    this.retryAfterMs = facts.retryAfterMs ?? null;
    this.outcome = facts.outcome ?? "not_done";
    this.answer = facts.answer ?? null;
  }
}

const KNOWN: ReadonlySet<string> = new Set(ERROR_CODES);

export function isErrorCode(code: unknown): code is IbkrErrorCode {
  return typeof code === "string" && KNOWN.has(code);
}

/** Codes of the gateway after which a write may have been carried out all the same. */
const IN_DOUBT: ReadonlySet<string> = new Set([
  "OUTCOME_UNKNOWN",
  "DEADLINE_EXCEEDED",
  "INTERNAL",
  "BROKER_RESPONSE_INVALID",
  "OUTPUT_UNSAFE",
  "AUDIT_WRITE_FAILED",
]);

/** A refusal as the gateway wrote it. `writes`: the call could have changed something. */
export function refusedBy(answer: JsonObject, writes: boolean): IbkrError {
  const text = (name: string) => (typeof answer[name] === "string" ? answer[name] : null);
  const code = isErrorCode(answer.code) ? answer.code : "INTERNAL";
  const wait = answer.retry_after_ms;
  return new IbkrError(code, text("message") ?? "The gateway refused the call.", {
    retryable: answer.retryable === true,
    userAction: text("user_action"),
    nextStep: text("next_step"),
    retryAfterMs: typeof wait === "number" ? wait : null,
    outcome: writes && IN_DOUBT.has(code) ? "unknown" : "not_done",
    answer,
  });
}
