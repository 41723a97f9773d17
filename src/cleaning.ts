import type { OAuthHelpers } from "@cloudflare/workers-oauth-provider";
import * as z from "zod";
import { accountsAfter } from "../durable-objects/d1/tables/accounts.ts";
import { pruneInvitations } from "../durable-objects/d1/tables/invitations.ts";
import { accountObject, type Env } from "./web/env.ts";
import { CLEANING_ACCOUNTS, CLEANING_BATCHES, CLEANING_KEYS } from "./web/limits.ts";
import { log } from "./web/log.ts";

/**
 * What has ended is removed, a bounded piece at a time: once an hour grants and tokens of the token
 * store and invitations, once a day what each account's object keeps of sign-ins, since each is
 * woken for it. Nothing here decides who may come in: whatever is removed had no standing before.
 * One part that fails stops no other, and one account that fails keeps no other from its turn.
 */

/** Where the last run stopped. The library's own keys begin with other words. */
const PLACE_KEY = "cleaning:place";
const Place = z.object({
  /** The token store's, as the library names it; absent at the beginning of a sweep. */
  tokens: z.string().optional(),
  /** The account that was cleaned last; absent at the beginning of a round. */
  account: z.string().optional(),
  /** The day (UTC) on which every account was cleaned last. */
  accountsDone: z.string().optional(),
});
type Place = z.infer<typeof Place>;

export async function clean(env: Env, oauth: OAuthHelpers, now: Date): Promise<void> {
  const before = await readPlace(env.OAUTH_KV);
  const tokens = await part("tokens", () => cleanTokens(oauth, before.tokens));
  await part("invitations", async () => ({ removed: await pruneInvitations(env.DB, now) }));
  const accounts = await part("accounts", () => cleanAccounts(env, before, now));
  // A part that failed begins anew: a place that cannot be gone on from would stop it for ever.
  const after: Place = { ...tokens?.place, ...accounts?.place };
  await env.OAUTH_KV.put(PLACE_KEY, JSON.stringify(after));
}

async function cleanTokens(oauth: OAuthHelpers, from: string | undefined) {
  let cursor = from;
  const found = { checked: 0, removed: 0 };
  for (let batch = 0; batch < CLEANING_BATCHES; batch += 1) {
    const swept = await oauth.purgeExpiredData({
      batchSize: CLEANING_KEYS,
      ...(cursor === undefined ? {} : { cursor }),
    });
    found.checked += swept.grantsChecked + swept.tokensChecked;
    found.removed += swept.grantsPurged + swept.tokensPurged;
    cursor = swept.cursor;
    if (cursor === undefined) break;
  }
  return { ...found, place: cursor === undefined ? {} : { tokens: cursor } };
}

async function cleanAccounts(env: Env, { account, accountsDone }: Place, now: Date) {
  const today = now.toISOString().slice(0, 10);
  if (accountsDone === today) return { checked: 0, removed: 0, place: { accountsDone } };
  const ids = await accountsAfter(env.DB, account ?? "", CLEANING_ACCOUNTS);
  let removed = 0;
  for (const id of ids) {
    try {
      removed += await accountObject(env, id).gateway.pruneAccess();
    } catch (error) {
      // It has its turn again tomorrow; those after it have theirs today.
      logFailed("accounts", error);
    }
  }
  const last = ids.length < CLEANING_ACCOUNTS ? undefined : ids.at(-1);
  return {
    checked: ids.length,
    removed,
    place: last === undefined ? { accountsDone: today } : { account: last },
  };
}

/** Runs one part and says what it did; null when it failed. */
async function part<Done extends { checked?: number; removed: number }>(
  name: string,
  work: () => Promise<Done>,
): Promise<Done | null> {
  try {
    const done = await work();
    log("info", "cleaning.done", { part: name, checked: done.checked ?? 0, removed: done.removed });
    return done;
  } catch (error) {
    logFailed(name, error);
    return null;
  }
}

function logFailed(part: string, error: unknown): void {
  log("error", "cleaning.failed", {
    part,
    error: error instanceof Error ? error.name : typeof error,
    detail: error instanceof Error ? error.message.slice(0, 300) : "",
  });
}

/** Without its place the cleaning begins at the first account again. */
function noPlace(error: unknown): null {
  logFailed("place", error);
  return null;
}

async function readPlace(kv: KVNamespace): Promise<Place> {
  const stored = Place.safeParse(await kv.get(PLACE_KEY, "json").catch(noPlace));
  return stored.success ? stored.data : {};
}
