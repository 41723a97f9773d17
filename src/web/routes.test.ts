import { expect, it } from "vitest";
import { PAGE_ROUTES, pageOfSentForm } from "./routes.ts";

it("sends whoever reloads a sent form's address to the page it stands on", () => {
  expect(pageOfSentForm("/approvals/ap_1/approve")).toBe("/approvals/ap_1");
  expect(pageOfSentForm("/pair/confirm")).toBe("/pair");
  expect(pageOfSentForm("/trading/policy/change")).toBe("/trading/policy");
  expect(pageOfSentForm("/trading/switch")).toBe("/trading");
  expect(pageOfSentForm("/mandates/review")).toBe("/mandates");
  expect(pageOfSentForm("/sign-out")).toBe("/");
});

it("has a page for every form of the owner's, and none for anything else", () => {
  const pages = new Set(PAGE_ROUTES.filter((one) => one.method === "GET").map(({ path }) => path));
  for (const { method, path, guard } of PAGE_ROUTES) {
    const page = pageOfSentForm(path);
    const sent = method === "POST" && guard === "owner" && !pages.has(path);
    if (sent) expect([path, page !== null && pages.has(page)]).toEqual([path, true]);
    if (method === "GET" || guard === "sidecar" || guard === "page") {
      expect([path, page]).toEqual([path, null]);
    }
  }
});
