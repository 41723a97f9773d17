import {
  watchlistsList as operation,
  watchlistsGet,
} from "@ibkr-edge-gateway/protocol/operation-schemas/watchlists.ts";
import * as z from "zod";
import { defineTool, READS_BROKER } from "../define-tool.ts";

export const watchlistsTool = defineTool({
  name: "ibkr_watchlists",
  title: "Watchlists",
  description: "The owner's watchlists, or the instruments of one.",
  scope: "ibkr:marketdata:read",
  annotations: READS_BROKER,
  input: z.strictObject({
    watchlist_id: watchlistsGet.input.shape.watchlist_id.optional().describe("Show this one"),
  }),
  operation,
  toOperationInput: () => ({}),
  instead: {
    when: ({ watchlist_id }) => watchlist_id !== undefined,
    operation: watchlistsGet,
    toOperationInput: (input) => input,
  },
});
