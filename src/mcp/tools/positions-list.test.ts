import { describe, expect, it } from "vitest";
import { asks, refusal } from "../../../test/support/tool-input.ts";
import { positionsList } from "./positions-list.ts";

describe("ibkr_positions_list", () => {
  it("asks for the first page unless a cursor moves it", () => {
    const prepared = positionsList.prepare({ account_id: "DU1234567", cursor: "opaque" });
    if (!prepared.ok) throw new Error(prepared.failure.message);
    expect(prepared.call.input).not.toHaveProperty("cursor");
    expect(prepared.call.input).toMatchObject({ account_id: "DU1234567", limit: 50 });
    expect(prepared.call.page).toMatchObject({ cursor: "opaque" });
    expect(positionsList.at(prepared.call, 50)).toMatchObject({ offset: 50, limit: 50 });
  });

  it("does not let a caller choose the offset past the cursor", () => {
    expect(refusal(positionsList, { offset: 50 })).toContain('no argument "offset"');
  });

  it("bounds a page", () => {
    expect(asks(positionsList, { limit: "200" })).toMatchObject({ limit: 200 });
    refusal(positionsList, { limit: 201 });
    refusal(positionsList, { limit: 0 });
  });
});
