import { failure, type GatewayFailure } from "@ibkr-edge-gateway/protocol/errors.ts";

/**
 * Token buckets over calls, one for each client and one for the account. In memory: an object under
 * load is not evicted, and one that slept has been idle longer than a bucket needs to refill.
 */
export interface CallBudget {
  readonly buckets: Map<string, { tokens: number; atMs: number }>;
  readonly clientPerMinute: number;
  readonly accountPerMinute: number;
}

export const CLIENT_CALLS_PER_MINUTE = 240;
export const ACCOUNT_CALLS_PER_MINUTE = 600;
/** Exits, and what an exit needs on its way: a minute's calls of each client beside the common ones. */
export const EXIT_CALLS_PER_MINUTE = 30;
/** One in so many of the account's calls is kept for orders. */
const ORDERS_FRACTION = 5;
/** The account's own bucket; no client id is empty. */
const ACCOUNT = "";

/** `overrides` come from the deployment's settings; what is not a positive number counts as unset. */
export function callBudget(
  overrides: { client?: string | undefined; account?: string | undefined } = {},
): CallBudget {
  return {
    buckets: new Map(),
    clientPerMinute: positive(overrides.client) ?? CLIENT_CALLS_PER_MINUTE,
    accountPerMinute: positive(overrides.account) ?? ACCOUNT_CALLS_PER_MINUTE,
  };
}

/** What a call is to the budget: an exit has a bucket of its own, and reads leave room for orders. */
export type CallKind = "exit" | "order" | "read";

/**
 * Takes one call; the client's and the account's bucket must both have it. Null when it may go ahead.
 * Of the account's calls a fifth is left to orders by whatever only reads, and no client ever takes
 * more than it leaves to the others, so that any number of busy ones leave calls to the next. An exit
 * counts in a bucket of its client's own, and asks the common ones only when that is empty.
 */
export function takeCall(
  budget: CallBudget,
  clientId: string,
  nowMs: number,
  kind: CallKind = "read",
): GatewayFailure | null {
  if (kind === "exit") {
    const own = refill(budget, `exit ${clientId}`, EXIT_CALLS_PER_MINUTE, nowMs);
    if (own.tokens >= 1) {
      own.tokens -= 1;
      return null;
    }
  }
  const { clientPerMinute, accountPerMinute } = budget;
  const client = refill(budget, clientId, clientPerMinute, nowMs);
  const account = refill(budget, ACCOUNT, accountPerMinute, nowMs);
  const kept = kind === "read" ? Math.floor(accountPerMinute / ORDERS_FRACTION) : 0;
  const free = account.tokens - kept;
  // What a client has spent comes back with time; until then it must not pass what is free.
  const spent = clientPerMinute - client.tokens;
  const waitMs = Math.max(
    wait(client.tokens, clientPerMinute),
    wait(free, accountPerMinute),
    spent < free ? 0 : wait(free - spent, clientPerMinute + accountPerMinute),
  );
  if (waitMs > 0) {
    return failure("RATE_LIMITED", "Too many calls in a short time. Nothing was done.", {
      retryable: true,
      retry_after_ms: waitMs,
    });
  }
  client.tokens -= 1;
  account.tokens -= 1;
  return null;
}

function refill(budget: CallBudget, key: string, perMinute: number, nowMs: number) {
  const bucket = budget.buckets.get(key) ?? { tokens: perMinute, atMs: nowMs };
  const passed = Math.max(0, nowMs - bucket.atMs);
  bucket.tokens = Math.min(perMinute, bucket.tokens + (passed * perMinute) / 60_000);
  bucket.atMs = nowMs;
  budget.buckets.set(key, bucket);
  return bucket;
}

function wait(tokens: number, perMinute: number): number {
  return tokens >= 1 ? 0 : Math.ceil(((1 - tokens) * 60_000) / perMinute);
}

function positive(text: string | undefined): number | null {
  const value = Number(text);
  return text !== undefined && Number.isInteger(value) && value > 0 ? value : null;
}
