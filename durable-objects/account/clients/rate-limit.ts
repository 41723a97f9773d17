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

/** Takes one call; both buckets must have it. Null when it may go ahead. */
export function takeCall(
  budget: CallBudget,
  clientId: string,
  nowMs: number,
): GatewayFailure | null {
  const client = refill(budget, clientId, budget.clientPerMinute, nowMs);
  const account = refill(budget, ACCOUNT, budget.accountPerMinute, nowMs);
  const waitMs = Math.max(
    wait(client.tokens, budget.clientPerMinute),
    wait(account.tokens, budget.accountPerMinute),
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
