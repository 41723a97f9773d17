import { isInDoubt } from "@ibkr-edge-gateway/protocol/orders/order-state.ts";
import { ORDER_LIMITS } from "../limits.ts";
import { searchAgain, startDoubt } from "./orders-in-doubt.ts";
import { readEnded, readSoon } from "./plan-book-read.ts";
import { see, settleFromBook } from "./settle-from-book.ts";
import {
  attempt,
  beginTracking,
  end,
  intentOf,
  openCoids,
  type TrackingDraft,
} from "./tracking-draft.ts";
import type { TrackingEnv, TrackingInput, TrackingState, TrackingStep } from "./tracking-state.ts";
import { checkAcceptance, startWatch, statusesRead } from "./watch-acceptance.ts";

/** One step of the tracking. Pure: time, stream and journal come with `env`. */
export function trackingStep(
  state: TrackingState,
  input: TrackingInput,
  env: TrackingEnv,
): TrackingStep {
  const draft = beginTracking(state, env);
  take(draft, input);
  return end(draft);
}

function take(draft: TrackingDraft, input: TrackingInput): void {
  switch (input.kind) {
    case "watch":
      startWatch(draft, input.coid);
      return;
    case "doubt":
      startDoubt(draft, input.coid);
      return;
    case "see":
      see(draft, input.view);
      return;
    case "check_all":
      checkAll(draft);
      return;
    case "tick":
      tick(draft);
      return;
    case "statuses_read":
      statusesRead(draft, input.look, input.version, input.statuses);
      return;
    case "book_read":
      settleFromBook(draft, input.accountId, input.book);
      return;
    case "read_ended":
      readEnded(draft);
  }
}

function checkAll(draft: TrackingDraft): void {
  for (const coid of openCoids(draft)) {
    const state = intentOf(draft, coid)?.record.state;
    if (state === "accepted") startWatch(draft, coid);
    else if (state !== undefined && isInDoubt(state)) startDoubt(draft, coid);
  }
  readSoon(draft, true);
  draft.crossCheckAt = draft.env.now + ORDER_LIMITS.crossCheckMs;
}

function tick(draft: TrackingDraft): void {
  const { now } = draft.env;
  const due = (at: number | null): boolean => at !== null && at <= now;
  for (const [coid, watch] of [...draft.watches]) {
    if (!due(watch.dueAt)) continue;
    draft.watches.delete(coid);
    if (attempt(draft, coid, (intent) => checkAcceptance(draft, intent, watch.turn))) continue;
    draft.watches.set(coid, { turn: watch.turn, dueAt: now + ORDER_LIMITS.retryMs });
  }
  for (const [coid, doubt] of [...draft.doubts]) {
    if (due(doubt.dueAt)) searchAgain(draft, coid);
  }
  if (due(draft.missedLookAt)) {
    draft.missedLookAt = null;
    readSoon(draft, false);
  }
  if (due(draft.overturnLookAt)) {
    draft.overturnLookAt = null;
    readSoon(draft, true);
  }
  if (due(draft.crossCheckAt)) checkAll(draft);
}
