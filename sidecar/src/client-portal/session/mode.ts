import type { Belief, TradingMode } from "./state.ts";

/** Prefixes that only paper accounts carry. The list is not documented, so others prove nothing. */
const PAPER_PREFIX = /^D[UF][A-Z]?\d/;

export function isPaperAccountId(accountId: string): boolean {
  return PAPER_PREFIX.test(accountId);
}

/**
 * Paper or live, only when the broker's own facts agree: `isPaper`, the login type (where the
 * validator could be read) and the account prefixes. Never by a setting, a port or a label; what is
 * not proved is `unknown`, and unknown means no orders.
 */
export function provenMode(belief: Belief): TradingMode {
  if (belief.generation === null || !belief.validated || belief.doubt) return "unknown";
  if (belief.accounts.length === 0 || belief.isPaper === null) return "unknown";
  const paperIds = belief.accounts.filter(isPaperAccountId).length;
  if (belief.isPaper) {
    const agrees = belief.loginType !== 1 && paperIds === belief.accounts.length;
    return agrees ? "paper" : "unknown";
  }
  return belief.loginType !== 2 && paperIds === 0 ? "live" : "unknown";
}
