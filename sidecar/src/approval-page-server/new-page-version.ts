import type { DatabaseSync } from "node:sqlite";
import { sidecarCommand } from "@ibkr-edge-gateway/protocol/sidecar-command.ts";
import type { BrokerLogger } from "../client-portal/logger.ts";
import type { Reach } from "../orders/notify/desktop-and-webhook.ts";
import { lastOlderPageEnds } from "../trust/tables/made-pages.ts";
import { noteOnce } from "../trust/tables/trust-notes.ts";
import { notPublishedYet } from "./check-hosted-page.ts";

/** So long before the older page ends its owner is told once more. */
const LAST_WORD_MS = 3 * 24 * 60 * 60_000;

/**
 * An update made another page, and the older one stands on its owner's host: says so once, and once
 * more shortly before the older one ends. Until then its answers are taken.
 */
export function tellOfNewVersion(
  db: DatabaseSync,
  expectedSha256: string,
  nowMs: number,
  reach: Reach,
  logger: BrokerLogger,
): void {
  const ends = lastOlderPageEnds(db);
  if (ends === null || nowMs >= ends) return;
  for (const url of notPublishedYet(db, expectedSha256)) {
    const last = ends - nowMs <= LAST_WORD_MS;
    if (!noteOnce(db, `new page ${expectedSha256} ${url} ${last}`, nowMs)) continue;
    const title = "There is a new version of your approval page";
    const words = [
      `The page at ${url} is of an older version of this program. Its answers are taken until`,
      `${new Date(ends).toISOString().slice(0, 10)}, or until the new one stands there. Make it: ${sidecarCommand("approver-page --out page")}`,
      "and put it in place of the old one. No passkey has to be enrolled anew.",
    ];
    reach.terminal([`${title}:`, ...words.map((line) => `  ${line}`)]);
    void reach.desktop(title, words.join(" "));
    void reach.push(title, words.join(" "));
    logger.warn({ url }, title);
  }
}
