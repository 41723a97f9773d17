import * as z from "zod";
import { defineOperation } from "./define-operation.ts";
import { Conid, provenance, Timestamp } from "./field-types.ts";

const WatchlistId = z.string().regex(/^\d{1,20}$/);

export const watchlistsList = defineOperation({
  name: "watchlists.list",
  class: "read",
  capability: "broker.read",
  input: z.strictObject({}),
  output: z.strictObject({
    watchlists: z.array(
      z.strictObject({
        watchlist_id: z.string().max(20),
        name: z.string().max(100).nullable(),
        read_only: z.boolean().nullable(),
        modified_at: Timestamp.nullable(),
      }),
    ),
    ...provenance,
  }),
  deadlineMs: 15_000,
});

export const watchlistsGet = defineOperation({
  name: "watchlists.get",
  class: "read",
  capability: "broker.read",
  input: z.strictObject({
    watchlist_id: WatchlistId.describe("From the list of watchlists"),
  }),
  output: z.strictObject({
    watchlist_id: z.string().max(20),
    name: z.string().max(100).nullable(),
    instruments: z.array(
      z.strictObject({
        conid: Conid,
        symbol: z.string().max(100).nullable(),
        name: z.string().max(200).nullable(),
        asset_class: z.string().max(20).nullable(),
      }),
    ),
    ...provenance,
  }),
  deadlineMs: 15_000,
});
