import type { BrokerSession } from "@ibkr-edge-gateway/protocol/operation-schemas/session-status.ts";
import { type Finding, ok, unknown, wrong } from "./finding.ts";

/** The three layers of the broker session, from the one picture of it. */
export function checkSession(session: BrokerSession): Finding[] {
  const next = session.next_step ?? "Wait a minute and look again.";
  switch (session.state) {
    case "ready":
      return [
        ok("single sign-on", "You are logged in."),
        ok(
          "brokerage",
          `The trading session is ready (${session.mode === "unknown" ? "paper or live is not proved yet" : session.mode}).`,
        ),
        ok("rival", "No other program holds the session."),
      ];
    case "takeover_required":
      return [
        ok("single sign-on", "You are logged in."),
        wrong("brokerage", "The trading session is held elsewhere.", next),
        wrong("rival", session.meaning, next),
      ];
    case "initializing":
    case "degraded":
      return [
        ok("single sign-on", "You are logged in."),
        wrong("brokerage", session.meaning, next),
        unknown("rival", "Not known before the trading session is up."),
      ];
    case "login_required":
      return [
        wrong("single sign-on", session.meaning, next),
        unknown("brokerage", "Not known before the login."),
        unknown("rival", "Not known before the login."),
      ];
    default:
      return [
        wrong("single sign-on", session.meaning, next),
        unknown("brokerage", "Not known."),
        unknown("rival", "Not known."),
      ];
  }
}
