/**
 * The 25 scopes, with the sentence the consent page shows for each. `tier` decides what is ticked
 * by default: only reads are.
 */
export const SCOPES = {
  "ibkr:health:read": {
    tier: "read",
    means: "See whether the gateway and your broker session are up",
  },
  "ibkr:accounts:read": {
    tier: "read",
    means: "See which broker accounts you hold and what kind they are",
  },
  "ibkr:portfolio:read": { tier: "read", means: "See balances, cash, margin and profit and loss" },
  "ibkr:positions:read": {
    tier: "read",
    means: "See what you hold, how much, and what it is worth",
  },
  "ibkr:marketdata:read": { tier: "read", means: "Look up instruments, quotes and price history" },
  "ibkr:orders:read": { tier: "read", means: "See your orders and executions" },
  "ibkr:audit:read": { tier: "read", means: "Read the log of what was done through this gateway" },
  "ibkr:audit:export": {
    tier: "read",
    means: "Export the log of what was done through this gateway",
  },
  "ibkr:risk:read": { tier: "read", means: "See your limits and how much of them is used" },
  "ibkr:options:read": { tier: "read", means: "Look up option chains and greeks" },
  "ibkr:marketdata:depth:read": { tier: "read", means: "See the order book of an instrument" },
  "ibkr:scanner:read": { tier: "read", means: "Run market scanners" },
  "ibkr:news:read": { tier: "read", means: "Read news where the broker offers it" },
  "ibkr:fundamentals:read": {
    tier: "read",
    means: "Read company fundamentals where the broker offers them",
  },
  "ibkr:calendar:read": { tier: "read", means: "See trading hours and market holidays" },
  "ibkr:currency:read": { tier: "read", means: "Look up exchange rates" },
  "ibkr:transfers:read": { tier: "read", means: "See transactions and transfers" },
  "ibkr:orders:preview": {
    tier: "preview",
    means: "Prepare orders and see what they would cost; nothing is sent",
  },
  "ibkr:approvals:create": {
    tier: "paper",
    means: "Ask you to approve an order; only you can approve it",
  },
  "ibkr:orders:paper:submit": {
    tier: "paper",
    means: "Send orders you approved to your paper account",
  },
  "ibkr:orders:paper:cancel": { tier: "paper", means: "Cancel orders in your paper account" },
  "ibkr:orders:paper:modify": { tier: "paper", means: "Change orders in your paper account" },
  "ibkr:orders:live:submit": {
    tier: "live",
    means: "Send orders you approved to your live account, with real money",
  },
  "ibkr:orders:live:cancel": { tier: "live", means: "Cancel orders in your live account" },
  "ibkr:orders:live:modify": {
    tier: "live",
    means: "Change orders in your live account, with real money",
  },
} as const satisfies Record<string, { tier: "read" | "preview" | "paper" | "live"; means: string }>;

export type Scope = keyof typeof SCOPES;

/** Whether a text is the name of a scope that this gateway has (RFC 6749, section 3.3). */
export function isScope(value: string): value is Scope {
  return Object.hasOwn(SCOPES, value);
}

export const ALL_SCOPES = Object.keys(SCOPES).filter(isScope);
export const READ_SCOPES = ALL_SCOPES.filter((scope) => SCOPES[scope].tier === "read");

/**
 * What *Read* on the consent page gives, and what a client is told to ask for first (RFC 9728, and
 * the 401 challenge): everything a person looks at before an order, from the account to the market's
 * hours. Left to the single permissions: the audit log, which tells of other clients as well; the
 * order book, which needs a subscription of its own; transfers, which no order needs; news and
 * fundamentals, which the broker's gateway does not have.
 */
export const BASELINE_SCOPES: Scope[] = [
  "ibkr:health:read",
  "ibkr:accounts:read",
  "ibkr:portfolio:read",
  "ibkr:positions:read",
  "ibkr:marketdata:read",
  "ibkr:orders:read",
  "ibkr:risk:read",
  "ibkr:options:read",
  "ibkr:scanner:read",
  "ibkr:calendar:read",
  "ibkr:currency:read",
];

/**
 * Broader scopes that satisfy narrower ones (MCP asks servers to account for such hierarchies):
 * whoever may send or change an order may see what became of it.
 */
const IMPLIES: Partial<Record<Scope, readonly Scope[]>> = {
  "ibkr:audit:export": ["ibkr:audit:read"],
  "ibkr:marketdata:depth:read": ["ibkr:marketdata:read"],
  "ibkr:orders:paper:submit": ["ibkr:orders:read"],
  "ibkr:orders:paper:cancel": ["ibkr:orders:read"],
  "ibkr:orders:paper:modify": ["ibkr:orders:read"],
  "ibkr:orders:live:submit": ["ibkr:orders:read"],
  "ibkr:orders:live:cancel": ["ibkr:orders:read"],
  "ibkr:orders:live:modify": ["ibkr:orders:read"],
};

/** Whether these scopes allow what `needed` names, by itself or by a broader one. */
export function coversScope(granted: Iterable<string>, needed: Scope): boolean {
  for (const scope of granted) {
    if (scope === needed) return true;
    if (isScope(scope) && IMPLIES[scope]?.includes(needed)) return true;
  }
  return false;
}
