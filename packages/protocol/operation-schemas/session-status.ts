import * as z from "zod";
import { defineOperation } from "./define-operation.ts";
import { Source, Timestamp } from "./field-types.ts";

export const BROKER_SESSION_STATES = [
  "unknown",
  "gateway_down",
  "login_required",
  "initializing",
  "ready",
  "degraded",
  "takeover_required",
  "blocked",
  "penalty_box",
  "maintenance_suspected",
] as const;

/** The broker session as the sidecar sees it now; also the payload of a `broker.session` event. */
export const BrokerSession = z.strictObject({
  state: z.enum(BROKER_SESSION_STATES),
  /** One sentence: what the state means. */
  meaning: z.string(),
  mode: z.enum(["paper", "live", "unknown"]),
  /** Rises each time the session becomes ready anew; null before the first. */
  generation: z.int().positive().nullable(),
  observed_at: Timestamp.nullable(),
  source: Source,
  /** From a simulator alone, and only from one whose markets never close. */
  simulated_market: z.literal("always_open").exactOptional(),
  /** What the owner should do next, in words; null when all is well. */
  next_step: z.string().nullable(),
  /** When the broker is expected to end this session (nightly reset, single sign-on); null when unknown. */
  session_ends_at: Timestamp.nullable(),
  /** What the owner should know before it happens. */
  warnings: z.array(
    z.strictObject({
      code: z.enum([
        "session_ends_soon",
        "maintenance_window",
        "rival_session",
        "penalty_box",
        "certificate_changed",
        "clock_skew",
      ]),
      message: z.string(),
      at: Timestamp.nullable(),
    }),
  ),
  /** What can be asked for in this state. */
  reads: z.enum(["all", "portfolio_only", "cached_only", "none"]),
  /** The broker's own build, as it reported it. */
  server_version: z.string().nullable(),
  /** No request leaves before this time, but for the owner's cancel; null when none holds. */
  silent_until: Timestamp.nullable(),
});
export type BrokerSession = z.infer<typeof BrokerSession>;

/** What whoever looks at prices, hours or orders of such a simulator is told. */
const ALWAYS_OPEN = "Simulated market, open around the clock";

/** The label of a market that is no exchange's; null for every real broker. */
export function marketNote(session: Pick<BrokerSession, "source" | "simulated_market">) {
  const labelled = session.source === "simulator" && session.simulated_market === "always_open";
  return labelled ? ALWAYS_OPEN : null;
}

export const sessionStatus = defineOperation({
  name: "session.status",
  class: "read",
  capability: "broker.read",
  input: z.strictObject({}),
  output: BrokerSession,
  deadlineMs: 5_000,
});
