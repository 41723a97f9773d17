import { IbkrError } from "../sdk/errors.ts";
import { UsageError } from "./usage-error.ts";

/** What a program ends with; a script may rely on them. */
export const EXIT = {
  ok: 0,
  failed: 1,
  /** The command was not understood. For `audit verify`: broken, or not witnessed. */
  usage: 2,
  /** A rule does not let it through. */
  refused: 3,
  /** The owner has to do something first; the text says what. */
  owner: 4,
  /** A write may or may not have been carried out. */
  unknown: 5,
  /** The PC, the broker's gateway or this gateway cannot be reached. */
  away: 6,
} as const;

export const EXIT_HELP = [
  "Exit codes:",
  "  0  done",
  "  1  failed",
  "  2  the command was not understood (for audit verify: broken, or not witnessed)",
  "  3  a rule refused it",
  "  4  the owner has to act; the text says what to do",
  "  5  it is not known whether an order or a change was carried out",
  "  6  the PC or the gateway cannot be reached",
].join("\n");

const AWAY = new Set([
  "GATEWAY_UNREACHABLE",
  "SIDECAR_UNAVAILABLE",
  "SIDECAR_SESSION_INVALID",
  "BROKER_BACKEND_UNAVAILABLE",
  "DEADLINE_EXCEEDED",
  "CALL_TIMED_OUT",
]);
const OWNER = new Set(["SIGN_IN_REQUIRED", "CLIENT_READ_ONLY_YET", "APPROVAL_MISSING"]);
const FAILED = new Set(["CALL_ABORTED", "INTERNAL", "NOT_FOUND", "ANSWER_INVALID"]);
/** Wrong arguments, whoever found them. */
const USAGE = /^INPUT_/;

export function exitCodeOf(error: unknown): number {
  if (error instanceof UsageError) return EXIT.usage;
  if (!(error instanceof IbkrError)) return EXIT.failed;
  if (error.outcome === "unknown") return EXIT.unknown;
  if (AWAY.has(error.code)) return EXIT.away;
  if (error.userAction !== null || OWNER.has(error.code)) return EXIT.owner;
  if (USAGE.test(error.code)) return EXIT.usage;
  if (FAILED.has(error.code) || error.retryable) return EXIT.failed;
  return EXIT.refused;
}
