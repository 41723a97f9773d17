import { economicHashOf } from "./ceremony.ts";
import type { Answered, Kept } from "./kept-in-browser.ts";
import { mayBeOut, wasAnswered } from "./may-be-out.ts";
import type { ReadPending, Waiting } from "./read-pending.ts";

/** What is shown next: a probe before everything else; null when nothing waits for an answer. */
export function nextWaiting(kept: Kept, read: ReadPending | null, nowMs: number): Waiting | null {
  const open = (read?.waiting ?? []).filter(
    ({ sha256, envelope }) =>
      !wasAnswered(kept, sha256) && Date.parse(envelope.body.not_after) > nowMs,
  );
  return open.find(({ envelope }) => envelope.act === "probe") ?? open[0] ?? null;
}

/** An earlier equal order whose end nobody knows; null when there is none. */
export function blockerOf(kept: Kept, { envelope, sha256 }: Waiting): Answered | null {
  const hash = economicHashOf(envelope);
  return hash === null ? null : mayBeOut(kept, hash, sha256);
}
