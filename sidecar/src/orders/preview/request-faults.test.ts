import { expect, it } from "vitest";
import { formFaults } from "./request-faults.ts";

it("a request is for one account, in every one of its parts", () => {
  const cancel = (account_id: string) => ({
    kind: "cancel" as const,
    cancel: { account_id, order_id: "11" },
  });
  expect(formFaults("DU1234567", cancel("DU1234567"))).toEqual([]);
  expect(formFaults("DU1234567", cancel("DU7654321")).map(({ rule }) => rule)).toEqual([
    "one_account",
  ]);
});
