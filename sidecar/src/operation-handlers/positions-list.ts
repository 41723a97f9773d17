import { positionsList } from "@ibkr-edge-gateway/protocol/operation-schemas/positions-list.ts";
import { portfolioLedger } from "../client-portal/endpoints/balances.ts";
import { pageOf, provenance } from "./operation-context.ts";
import { serve } from "./operation-handler.ts";
import { readPositions } from "./position-rows.ts";
import { looksUnsettled, SETTLING_NOTE } from "./positions-settling.ts";
import { resolveAccount } from "./resolve-account.ts";

export const servePositionsList = serve(positionsList, async (context, input) => {
  const { accountId } = await resolveAccount(context, input.account_id);
  const [read, ledger] = await Promise.all([
    readPositions(context, accountId, input.feed),
    // The comparison is worth a look, not a failure.
    context.ask(portfolioLedger(accountId)).catch(() => null),
  ]);
  const settling = ledger !== null && looksUnsettled(ledger.value, read.positions);
  const { rows, page } = pageOf(
    read.positions.toSorted((a, b) => a.conid - b.conid),
    input,
  );
  const notes = [...read.notes];
  if (settling) notes.push(SETTLING_NOTE);
  if (!read.proved && read.positions.length === 0) {
    notes.push("An empty list could not be confirmed; it does not mean that nothing is held.");
  }
  return {
    account_id: accountId,
    positions: rows,
    feed: read.feed,
    proved: read.proved,
    settling,
    page,
    ...provenance(context, read.parts, notes),
  };
});
