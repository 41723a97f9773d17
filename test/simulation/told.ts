/** What the agent or the owner heard upon what they asked. */
export interface Told {
  ok: boolean;
  // biome-ignore lint/suspicious/noExplicitAny: an answer as the wire gives it; what is read of it is compared, not trusted.
  result: any;
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

// biome-ignore lint/suspicious/noExplicitAny: see `Told`.
export const codes = (result: any): string =>
  (result?.refusals ?? []).map(({ code }: { code: string }) => code).join() || result?.outcome;
