import {
  ACCEPTED_CODES,
  REFUSED_BY_GATEWAY,
} from "@ibkr-edge-gateway/protocol/approval-page/approver-receipt.ts";
import {
  findEnvelope,
  type KeptEnvelope,
  withdrawApproval,
} from "../../trust/tables/approver-envelopes.ts";
import { lastSaid } from "../../trust/tables/approver-receipts.ts";
import type { SubmitContext } from "../submit/submit-context.ts";
import { BEGUN_WITHIN_MS, giveReceipt } from "./page-receipts.ts";
import type { OwnPageParts } from "./page-service-parts.ts";

/**
 * What the gateway did about a yes that this PC took: until it says so, the receipt says that the
 * owner's yes waits for it. What it says it refused is refused here too: this PC places no order under
 * that yes any more, so that the word on the page stays true whatever the gateway does afterwards.
 */
export async function noteResult(
  parts: Pick<OwnPageParts, "store" | "clock" | "ticketKey">,
  ticketSha256: string,
  refusedCode: string | null,
): Promise<boolean> {
  const { db } = parts.store;
  const kept = findEnvelope(db, ticketSha256);
  if (kept?.state !== "approved" || kept.signedSha256 === null) return false;
  const { coid, signedSha256 } = kept;
  // What stands in the journal speaks for itself.
  if (coid !== null && parts.store.intent(coid) !== null) return false;
  const named = { ticket_sha256: ticketSha256, intent_hash: signedSha256, coid };
  if (refusedCode !== null) {
    if (!withdrawApproval(db, ticketSha256)) return false;
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

/** Tells the owner where the time of a yes is over and the gateway never said what became of it. */
export function noticeSilence(
  {
    store,
    clock,
    progress,
  }: Pick<OwnPageParts, "store" | "clock"> & Pick<SubmitContext, "progress">,
  { ticketSha256, notAfterMs }: Pick<KeptEnvelope, "ticketSha256" | "notAfterMs">,
  signedSha256: string,
): void {
  clock.after(Math.max(0, notAfterMs + BEGUN_WITHIN_MS - clock.now()), () => {
    const kept = findEnvelope(store.db, ticketSha256);
    if (kept?.state !== "approved") return;
    if (kept.coid !== null && store.intent(kept.coid) !== null) return;
    if (lastSaid(store.db, signedSha256)?.code === ACCEPTED_CODES.gatewayTook) return;
    const message =
      "You said yes on this PC's own page, and the gateway never said what became of it. Its time is over: nothing was sent under it, and nothing can be. Look in the console, and ask again.";
    progress.alert({ alert: "needs_owner", message, record: null });
  });
}
