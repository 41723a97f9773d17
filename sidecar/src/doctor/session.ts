import { counted } from "@ibkr-edge-gateway/protocol/counted-words.ts";
import type { BrokerSession } from "@ibkr-edge-gateway/protocol/operation-schemas/session-status.ts";
import { type Finding, ok, unknown, wrong } from "./finding.ts";

/** Whether the broker's answers could be read, as the running sidecar counts them. */
export function checkAnswers(unread: readonly { question: string; values: number }[]): Finding {
  const layer = "broker's answers";
  const [first] = unread;
  if (first === undefined) return ok(layer, "Every value of this run could be read.");
  const all = unread.reduce((sum, { values }) => sum + values, 0);
  const most = unread.slice(0, 3).map(({ question, values }) => `${values} of ${question}`);
  return unknown(
    layer,
    `${counted(all, "value")} could not be read (${most.join(", ")}); each is null in its answer. The broker may have changed its form: look for a newer version.`,
  );
}

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
