import { describe, expect, it } from "vitest";
import { asks, refusal } from "../../../test/support/tool-input.ts";
import { notificationsList } from "./notifications-list.ts";

describe("ibkr_notifications_list", () => {
  it("shows ten at most", () => {
    expect(asks(notificationsList, {})).toEqual({ limit: 10 });
    expect(asks(notificationsList, { limit: "3" })).toEqual({ limit: 3 });
    refusal(notificationsList, { limit: 11 });
  });
});
