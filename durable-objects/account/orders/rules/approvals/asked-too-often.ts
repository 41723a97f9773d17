import { principalLeg } from "@ibkr-edge-gateway/protocol/orders/canonical-order.ts";
import { type OrderRefusal, refusal } from "@ibkr-edge-gateway/protocol/orders/order-refusal.ts";
import { approvalsAsked, ownerAsked } from "../../tables/approvals.ts";
import { exitAskedSince } from "../../tables/joint/exit-requests.ts";
import type { Preview } from "../../tables/previews.ts";

const HOUR_MS = 3_600_000;
/** With its exits a client may ask this many times as often as for entries alone. */
const WITH_EXITS = 2;
/** All clients together may ask the owner this many times as often. */
const ALL_CLIENTS = 4;
/** Where the limits set none: nobody reads more than one request a minute with care. */
const PER_HOUR_WITHOUT_LIMIT = 60;
/** However many positions there are to ask for: of one client, and of all together. */
const MOST_PER_HOUR = { client: 240, all: 480 };
/** Beyond both bounds a client may still ask for an exit of a position once in this time. */
const EXIT_AGAIN_MS = 10 * 60_000;

/**
 * Why the owner is not asked once more; null when he may be. A person who is asked too often says yes
 * to everything, so exits count too; but an exit of a position can always be asked for once.
 * @param limit the limits' `max_approvals_per_hour`, which by itself holds entries; null for none
 */
export function askedTooOften(
  sql: SqlStorage,
  preview: Pick<Preview, "clientId" | "brokerAccount" | "facts" | "ticket">,
  limit: number | null,
  nowMs: number,
): OrderRefusal | null {
  const perHour = limit ?? PER_HOUR_WITHOUT_LIMIT;
  const since = nowMs - HOUR_MS;
  const byClient = approvalsAsked(sql, preview.clientId, since);
  const byAll = ownerAsked(sql, since);
  if (byClient < perHour * WITH_EXITS && byAll < perHour * ALL_CLIENTS) return null;
  const { clientId, brokerAccount } = preview;
  const { conid } = principalLeg(preview.ticket.order).contract;
  const asked = { clientId, brokerAccount, conid };
  const exit = preview.facts.effect?.kind === "exit";
  const bearable = byClient < MOST_PER_HOUR.client && byAll < MOST_PER_HOUR.all;
  if (exit && bearable && !exitAskedSince(sql, asked, nowMs - EXIT_AGAIN_MS)) return null;
  return refusal(
    "APPROVAL_RATE_LIMITED",
    "preview_id",
    "max_approvals_per_hour",
    `The owner was asked ${byClient} times by this client and ${byAll} times in all within an hour. ${
      exit
        ? "An exit of this position can be asked for again ten minutes after the last time."
        : "Ask again later."
    }`,
  );
}
