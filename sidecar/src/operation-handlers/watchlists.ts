import {
  watchlistsGet,
  watchlistsList,
} from "@ibkr-edge-gateway/protocol/operation-schemas/watchlists.ts";
import { label } from "../client-portal/broker-text.ts";
import { isoTime } from "../client-portal/clock.ts";
import { watchlist, watchlists } from "../client-portal/endpoints/watchlists.ts";
import { provenance } from "./operation-context.ts";
import { serve } from "./operation-handler.ts";

export const serveWatchlistsList = serve(watchlistsList, async (context) => {
  const answer = await context.ask(watchlists);
  return {
    watchlists: answer.value.flatMap((list) =>
      list.id === null
        ? []
        : [
            {
              watchlist_id: list.id.slice(0, 20),
              name: label(list.name, 100),
              read_only: list.read_only,
              modified_at:
                list.modified === null || list.modified <= 0 ? null : isoTime(list.modified),
            },
          ],
    ),
    ...provenance(
      context,
      [answer],
      answer.proved ? [] : ["An empty list could not be confirmed by a second read."],
    ),
  };
});

export const serveWatchlistsGet = serve(watchlistsGet, async (context, input) => {
  const answer = await context.ask(watchlist(input.watchlist_id));
  return {
    watchlist_id: input.watchlist_id,
    name: label(answer.value.name, 100),
    instruments: answer.value.instruments.flatMap((row) => {
      const conid = row.conid ?? row.C;
      if (conid === null) return [];
      return [
        {
          conid,
          symbol: label(row.ticker, 100),
          name: label(row.name, 200),
          asset_class: label(row.assetClass ?? row.ST, 20),
        },
      ];
    }),
    ...provenance(context, [answer]),
  };
});
