import type { SessionState, TradingMode } from "./session-state.ts";

/** Prefixes that only paper accounts carry. The list is not documented, so others prove nothing. */
const PAPER_PREFIX = /^D[UF][A-Z]?\d/;

function isPaperAccountId(accountId: string): boolean {
  return PAPER_PREFIX.test(accountId);
}

/**
 * Paper or live, only when the broker's own facts agree: `isPaper`, the login type (where the
 * validator could be read) and the account prefixes. Never by a setting, a port or a label; what is
 * not proved is `unknown`, and unknown means no orders.
 */
export function provenMode(session: SessionState): TradingMode {
  if (session.generation === null || !session.validated || session.doubt) return "unknown";
  if (session.accounts.length === 0 || session.isPaper === null) return "unknown";
  const paperIds = session.accounts.filter(isPaperAccountId).length;
  if (session.isPaper) {
    const agrees = session.loginType !== 1 && paperIds === session.accounts.length;
    return agrees ? "paper" : "unknown";
  }
  return session.loginType !== 2 && paperIds === 0 ? "live" : "unknown";
}
