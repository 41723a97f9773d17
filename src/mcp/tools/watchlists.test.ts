import { describe, expect, it } from "vitest";
import { asks, refusal } from "../../../test/support/tool-input.ts";
import { watchlists } from "./watchlists.ts";

describe("ibkr_watchlists", () => {
  it("lists them, or opens one", () => {
    expect(watchlists.prepare({})).toMatchObject({
      call: { operation: "watchlists.list", input: {} },
    });
    expect(watchlists.prepare({ watchlist_id: "100" })).toMatchObject({
      call: { operation: "watchlists.get", input: { watchlist_id: "100" } },
    });
    expect(asks(watchlists, {})).toEqual({});
    refusal(watchlists, { watchlist_id: "../100" });
    refusal(watchlists, { watchlist_id: "" });
  });
});
