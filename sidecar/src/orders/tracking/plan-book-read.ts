import { intentOf, openCoids, type TrackingDraft } from "./tracking-draft.ts";

/** One read of the book for all who wait for one. */
export function readSoon(draft: TrackingDraft, everything: boolean): void {
  draft.wholeBook ||= everything;
  if (draft.reading !== null) {
    draft.again = true;
    return;
  }
  const { ready, accounts, now } = draft.env;
  if (!ready) return;
  const open = openCoids(draft).flatMap((coid) => intentOf(draft, coid)?.record.account_id ?? []);
  const accountIds = [...new Set([...open, ...(draft.wholeBook ? accounts : [])])];
  if (accountIds.length === 0) return;
  draft.reading = { startedAt: now, everything: draft.wholeBook };
  draft.wholeBook = false;
  draft.acts.push({ kind: "read_book", accountIds });
}

export function readEnded(draft: TrackingDraft): void {
  draft.reading = null;
  if (!draft.again) return;
  draft.again = false;
  readSoon(draft, false);
}
