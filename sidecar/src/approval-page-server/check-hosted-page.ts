import { createHash } from "node:crypto";
import type { DatabaseSync } from "node:sqlite";
import { hostedPageRows, noteSeen } from "../trust/tables/hosted-page.ts";
import { olderPageEnds } from "../trust/tables/made-pages.ts";
import { notePublished, wasPublished } from "../trust/tables/published-pages.ts";

/**
 * Whether the page that its owner hosts is still the one that this PC made. A file that was exchanged
 * shows here; one that is exchanged for the phone alone does not. A page that cannot be read is no
 * difference: whoever can cut a line off must not be able to cut off the approvals.
 */
const LOOK_MS = 15_000;
const PAGE_MAX_BYTES = 4 * 1024 * 1024;

/** Lower-case hex SHA-256 of what stands at an address; null when it could not be read. */
export async function hostedSha256(url: string, fetching: typeof fetch): Promise<string | null> {
  try {
    const answer = await fetching(url, {
      redirect: "error",
      cache: "no-store",
      signal: AbortSignal.timeout(LOOK_MS),
    });
    if (!answer.ok || answer.body === null) return null;
    const hash = createHash("sha256");
    let bytes = 0;
    for await (const part of answer.body) {
      bytes += part.length;
      if (bytes > PAGE_MAX_BYTES) return null;
      hash.update(part);
    }
    return hash.digest("hex");
  } catch {
    return null;
  }
}

/** Looks at every page; the addresses at which another stands than before this look. */
export async function lookAtHostedPages(
  db: DatabaseSync,
  expectedSha256: string,
  { fetching, nowMs }: { fetching: typeof fetch; nowMs: number },
): Promise<string[]> {
  const changed: string[] = [];
  for (const { url, acceptedSha256, otherSha256 } of hostedPageRows(db)) {
    const seen = await hostedSha256(url, fetching);
    if (seen === null) continue;
    if (seen === expectedSha256) notePublished(db, url, seen);
    const right =
      seen === expectedSha256 ||
      seen === acceptedSha256 ||
      isOlderOwn(db, { url, seen, expectedSha256, nowMs });
    noteSeen(db, url, right ? null : seen, nowMs);
    if (!right && otherSha256 !== seen) changed.push(url);
  }
  return changed;
}

/**
 * A page that this PC made before an update, where its owner has not put up the new one yet: taken for
 * a while, so that an update alone stops no approvals. Once the new one stood there, the older is over.
 */
function isOlderOwn(
  db: DatabaseSync,
  of: { url: string; seen: string; expectedSha256: string; nowMs: number },
): boolean {
  const ends = olderPageEnds(db, of.seen);
  return ends !== null && of.nowMs < ends && !wasPublished(db, of.url, of.expectedSha256);
}

/** The addresses at which the page of now was not seen yet. */
export const notPublishedYet = (db: DatabaseSync, expectedSha256: string): string[] =>
  hostedPageRows(db)
    .map(({ url }) => url)
    .filter((url) => !wasPublished(db, url, expectedSha256));
