import type { BrokerSession } from "@ibkr-edge-gateway/protocol/operation-schemas/session-status.ts";

/**
 * Opens the broker's login page once each time when a login is due. What is typed there goes to the
 * broker's gateway alone: nothing of this program sees it.
 */
export function loginPage(
  origin: string,
  open: (url: string) => Promise<boolean>,
  tell: (message: string) => void,
): (session: Pick<BrokerSession, "state">) => void {
  let due = false;
  return ({ state }) => {
    if (state !== "login_required") {
      // Between two looks the session may be unknown: that is no new login.
      if (state === "ready") due = false;
      return;
    }
    if (due) return;
    due = true;
    void open(`${origin}/`).then((opened) =>
      tell(
        opened
          ? `a login is due; the broker's login page is open in your browser: ${origin}/`
          : `a login is due; log in with a browser on this PC: ${origin}/`,
      ),
    );
  };
}
