import {
  watchlistsList as operation,
  watchlistsGet,
} from "@ibkr-edge-gateway/protocol/operation-schemas/watchlists.ts";
import * as z from "zod";
import { byRows } from "../answer-pages.ts";
import { cursorInput, defineTool, READS_BROKER } from "../define-tool.ts";

export const watchlistsTool = defineTool({
  name: "ibkr_watchlists",
  title: "Watchlists",
  description: "The owner's watchlists, or the instruments of one.",
  scope: "ibkr:marketdata:read",
  annotations: READS_BROKER,
  input: z.strictObject({
    watchlist_id: watchlistsGet.input.shape.watchlist_id.optional().describe("Show this one"),
    ...cursorInput,
  }),
  operation,
  toOperationInput: () => ({}),
  paging: byRows("watchlists"),
  instead: {
    when: ({ watchlist_id }) => watchlist_id !== undefined,
    operation: watchlistsGet,
    toOperationInput: ({ watchlist_id }) => ({ watchlist_id }),
    pages: {
      paging: byRows("instruments"),
      columns: { list: "instruments", row: watchlistsGet.output.shape.instruments.element },
    },
  },
});
