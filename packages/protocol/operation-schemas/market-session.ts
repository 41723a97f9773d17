import * as z from "zod";
import { CompletedSession, MarketPhase } from "../market/market-state.ts";
import { defineOperation } from "./define-operation.ts";
import { Conid, Day, inputConid, provenance, Timestamp } from "./field-types.ts";

const hours = z.array(z.strictObject({ opens: Timestamp, closes: Timestamp }));

/** When a contract trades, from its own dated schedule. */
export const marketSession = defineOperation({
  name: "market.session",
  class: "read",
  capability: "broker.read",
  input: z.strictObject({
    conid: inputConid,
    exchange: z
      .string()
      .regex(/^[A-Z0-9.]{1,20}$/)
      .optional()
      .describe("The schedule on this exchange; left out: the primary one"),
  }),
  output: z.strictObject({
    conid: Conid,
    /** IANA zone in which the days are named. */
    time_zone: z.string().max(40),
    /** This and the next five: as `unknown` and null where a PC of the version before answers. */
    state: MarketPhase.default("unknown"),
    /** The state in a sentence, with its times in the exchange's zone and in the owner's. */
    meaning: z
      .string()
      .default("The sidecar is older than the gateway and does not say what the market does now."),
    /** The trading day in progress. */
    session_date: Day.nullable().default(null),
    /** The end of the present state, while anything trades. */
    closes_at: Timestamp.nullable().default(null),
    /** The next beginning of any trading, extended hours included. */
    next_trading: Timestamp.nullable().default(null),
    /** The latest completed regular session; null when the schedule does not reach back to it. */
    last_session: CompletedSession.nullable().default(null),
    /** In regular hours now; null when the schedule does not cover this moment. */
    is_open: z.boolean().nullable(),
    /** In extended hours now. */
    is_extended: z.boolean().nullable(),
    next_open: Timestamp.nullable(),
    next_close: Timestamp.nullable(),
    days: z.array(z.strictObject({ day: Day, regular: hours, extended: hours })),
    ...provenance,
  }),
  deadlineMs: 15_000,
});
