import { failure, GatewayError } from "@ibkr-edge-gateway/protocol/errors.ts";
import { marketDepth } from "@ibkr-edge-gateway/protocol/operation-schemas/market-depth.ts";
import { Decimal } from "decimal.js";
import { sessionRefusal } from "../client-portal/session/session-refusal.ts";
import type { LadderRow } from "../client-portal/stream/ladder.ts";
import { factsOf } from "./find-contracts.ts";
import { provenance } from "./operation-context.ts";
import { serve } from "./operation-handler.ts";
import { resolveAccount } from "./resolve-account.ts";

export const serveMarketDepth = serve(marketDepth, async (context, input) => {
  const session = context.session();
  if (session.reads !== "all") throw sessionRefusal(session, context.clock.now());
  const { accountId } = await resolveAccount(context, input.account_id);
  const { facts } = await factsOf(context, [input.conid]);
  const fact = facts.get(input.conid);
  if (fact === undefined) {
    throw new GatewayError(failure("INPUT_INVALID_CONTRACT", "The broker knows no such contract."));
  }
  const ladder = await context.stream.depth({
    accountId,
    conid: input.conid,
    ...(input.exchange === undefined ? {} : { exchange: input.exchange }),
    signal: context.signal,
  });
  const bids = side(ladder.value, "bid", input.levels);
  const asks = side(ladder.value, "ask", input.levels);
  return {
    conid: input.conid,
    currency: fact.currency,
    bids,
    asks,
    ...provenance(
      context,
      [{ at: ladder.at, from: "stream" }],
      bids.length + asks.length === 0
        ? ["The broker sent no order book: none now, or no subscription to it."]
        : [],
    ),
  };
});

/** Best price first. */
function side(rows: readonly LadderRow[], which: "bid" | "ask", levels: number) {
  return rows
    .flatMap((row) => {
      const size = row[which];
      return row.price === null || size === null || size === "0"
        ? []
        : [{ price: row.price, size }];
    })
    .toSorted((a, b) => new Decimal(a.price).comparedTo(b.price) * (which === "bid" ? -1 : 1))
    .slice(0, levels);
}
