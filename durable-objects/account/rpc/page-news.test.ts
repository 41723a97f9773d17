import { expect, it } from "vitest";
import { isPageNews } from "./page-news.ts";

it("tells pages of what somebody decided or did, and of a log in trouble", () => {
  for (const type of [
    "approval.requested",
    "approval.decided",
    "order.state",
    "broker.execution",
    "kill.engaged",
    "sidecar.disconnected",
    "owner.signed_out",
    "log.forked",
    "a.kind.that.is.new",
  ]) {
    expect([type, isPageNews(type)]).toEqual([type, true]);
  }
});

it("wakes no page for an agent's reading or the log's own keeping", () => {
  for (const type of ["tool.call", "tool.refused", "log.opened", "log.witness", null]) {
    expect([type, isPageNews(type)]).toEqual([type, false]);
  }
});
