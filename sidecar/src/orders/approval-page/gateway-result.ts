import {
  ACCEPTED_CODES,
  REFUSED_BY_GATEWAY,
} from "@ibkr-edge-gateway/protocol/approval-page/approver-receipt.ts";
import {
  approvedMandates,
  findEnvelope,
  type KeptEnvelope,
  withdrawApproval,
} from "../../trust/tables/approver-envelopes.ts";
import { lastSaid } from "../../trust/tables/approver-receipts.ts";
import { findMandate, revokeMandate } from "../../trust/tables/mandates.ts";
import { wasSpentFor } from "../../trust/tables/nonces.ts";
import { announceMandateEnd } from "../notify/order-notices.ts";
import { BEGUN_WITHIN_MS, giveReceipt } from "./page-receipts.ts";
import type { PageServiceParts } from "./page-service-parts.ts";

/**
 * What the gateway did about a yes that this PC took: until it says so, the receipt says that the
 * owner's yes waits for it. What it says it refused is refused here too: this PC places no order under
 * that yes any more, so that the word on the page stays true whatever the gateway does afterwards.
 */
export async function noteResult(
  parts: Pick<PageServiceParts, "store" | "clock" | "ticketKey" | "reach">,
  ticketSha256: string,
  refusedCode: string | null,
): Promise<boolean> {
  const { db } = parts.store;
  const kept = findEnvelope(db, ticketSha256);
  if (kept?.state !== "approved" || kept.signedSha256 === null) return false;
  const { act } = kept.envelope;
  if (act === "probe" || act === "question") return false;
  const { coid, signedSha256 } = kept;
  // What stands in the journal speaks for itself.
  if (coid !== null && parts.store.intent(coid) !== null) return false;
  // On its way already: a moment before it stands in the journal, and a cancel never does.
  if (act === "order" && wasSpentFor(db, signedSha256)) return false;
  const named = { ticket_sha256: ticketSha256, intent_hash: signedSha256, coid };
  if (refusedCode !== null) {
    // What was sent under a mandate cannot be said to be refused; that it ends is told apart from it.
    const used = act === "mandate" && hasOrderUnder(parts, signedSha256);
    endMandate(parts, kept, signedSha256);
    if (used || !withdrawApproval(db, ticketSha256)) return false;
    const code = `${REFUSED_BY_GATEWAY}${refusedCode}`;
    await giveReceipt(parts, { ...named, verdict: "refused", code });
    return true;
  }
  const said = lastSaid(db, signedSha256);
  if (said?.verdict !== "accepted" || said.code !== null) return false;
  const code = ACCEPTED_CODES.gatewayTook;
  await giveReceipt(parts, { ...named, verdict: "accepted", code });
  return true;
}

/** Sent under the mandate, or under way. */
const hasOrderUnder = ({ store }: Pick<PageServiceParts, "store">, mandateHash: string): boolean =>
  store.sentUnder(mandateHash, 0).length > 0 ||
  store.open().some((record) => record.mandate_hash === mandateHash);

/** A mandate is in force as soon as its owner said yes on the page: it does not outlive its refusal. */
function endMandate(
  { store, clock, reach }: Pick<PageServiceParts, "store" | "clock" | "reach">,
  { envelope }: Pick<KeptEnvelope, "envelope">,
  mandateHash: string,
): void {
  if (envelope.act !== "mandate" || !revokeMandate(store.db, mandateHash, clock.now())) return;
  announceMandateEnd(reach, envelope.body.mandate, "revoked");
}

/**
 * Tells the owner where the time of a yes is over and the gateway never said what became of it. A
 * mandate ends with that: its owner is not left with one that nobody answers for.
 */
export function noticeSilence(
  parts: Pick<PageServiceParts, "store" | "clock" | "reach" | "progress">,
  kept: Pick<KeptEnvelope, "ticketSha256" | "notAfterMs">,
  signedSha256: string,
): void {
  const { store, clock, progress } = parts;
  clock.after(Math.max(0, kept.notAfterMs + BEGUN_WITHIN_MS - clock.now()), () => {
    const now = findEnvelope(store.db, kept.ticketSha256);
    if (now?.state !== "approved") return;
    if (now.coid !== null && store.intent(now.coid) !== null) return;
    if (lastSaid(store.db, signedSha256)?.code === ACCEPTED_CODES.gatewayTook) return;
    const used = now.envelope.act === "mandate" && hasOrderUnder(parts, signedSha256);
    endMandate(parts, now, signedSha256);
    const message = `You said yes on your own page, and the gateway never said what became of it. Its time is over: ${overFor(now.envelope.act, used)}`;
    progress.alert({ alert: "needs_owner", message, record: null });
  });
}

/** After a start: mandates of an earlier run that the gateway has not answered for end as they would have. */
export function resumeSilence(parts: Parameters<typeof noticeSilence>[0]): void {
  const { db } = parts.store;
  for (const kept of approvedMandates(db)) {
    const { signedSha256 } = kept;
    if (signedSha256 === null || findMandate(db, signedSha256)?.state !== "confirmed") continue;
    noticeSilence(parts, kept, signedSha256);
  }
}

function overFor(act: KeptEnvelope["envelope"]["act"], used: boolean): string {
  switch (act) {
    case "order":
      return "nothing was sent under it, and nothing can be. Look in the console, and ask again.";
    case "mandate":
      return used
        ? "orders were sent under the mandate, and this PC has revoked it. Look at your orders."
        : "nothing was sent under the mandate, and this PC has revoked it. Look in the console, and ask again.";
    default:
      return "look in the console whether it took effect.";
  }
}
