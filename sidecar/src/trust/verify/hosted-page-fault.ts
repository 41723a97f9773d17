import type { DatabaseSync } from "node:sqlite";
import { type OrderRefusal, refusal } from "@ibkr-edge-gateway/protocol/orders/order-refusal.ts";
import { sidecarCommand } from "@ibkr-edge-gateway/protocol/sidecar-command.ts";
import { hostedPageRows } from "../tables/hosted-page.ts";
import { olderPageEnds } from "../tables/made-pages.ts";

/**
 * Why no answer of a page at one of these origins is taken; null when each that is there is as this PC
 * made it, or was accepted. What stands at another address is nothing to it.
 */
export function hostedPageFault(db: DatabaseSync, origins: readonly string[]): OrderRefusal | null {
  const other = hostedPageRows(db).find(
    ({ url, otherSha256 }) => otherSha256 !== null && origins.includes(new URL(url).origin),
  );
  return other === undefined
    ? null
    : refusal(
        "APPROVAL_ORIGIN_REFUSED",
        "page",
        "page_as_made",
        olderPageEnds(db, other.otherSha256 ?? "") !== null
          ? `The page at ${other.url} is an older one that this PC made, and its time is over. At the PC make the new one (\`${sidecarCommand("approver-page --out page")}\`) and put it there. The PC's own page goes on: \`${sidecarCommand("approve")}\`.`
          : `The page at ${other.url} is not the one that this PC made, so no answer of it is taken. At the PC look why, then run \`${sidecarCommand("approver-page accept")}\`. The PC's own page goes on: \`${sidecarCommand("approve")}\`.`,
      );
}
