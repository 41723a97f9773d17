import { type FieldChange, POLICY_FIELDS } from "@ibkr-edge-gateway/policy/restriction.ts";
import type { JsonValue } from "@ibkr-edge-gateway/protocol/json.ts";
import { expect, it } from "vitest";
import { hasPolicyWords, loosenedWords } from "./policy-words.ts";

/** Not edited on the page: identity, and lists of records. */
const ELSEWHERE = new Set([
  "v",
  "account_id",
  "mode",
  "state.maintenance",
  "state.quiet_hours",
  "instruments.restricted",
]);

it("every limit that can be edited has words of its own on the page", () => {
  const paths = POLICY_FIELDS.map(({ path }) => path.join("."));
  expect(paths.filter((path) => !ELSEWHERE.has(path) && !hasPolicyWords(path))).toEqual([]);
});

const looser = (field: string, from: JsonValue, to: JsonValue): FieldChange => ({
  ...{ field, from, to },
  change: "looser",
});

it("says of each looser limit what it was and what it becomes, and of nothing else", () => {
  const tighter: FieldChange = {
    field: "order.max_quantity",
    change: "tighter",
    from: "9",
    to: "1",
  };
  expect(loosenedWords([tighter, looser("order.max_notional", "1000", null)])).toEqual([
    "Value of one order: 1000 → no limit",
  ]);
  expect(loosenedWords([looser("clients.allowed", [], ["agent-1"])])).toEqual([
    "Only these agents (client ids): none → agent-1",
  ]);
});

it("never leaves out the new value for want of room: it says what was cut, and how many are missing", () => {
  const many = Array.from({ length: 400 }, (_, at) => 100_000 + at);
  for (const { path } of POLICY_FIELDS) {
    const [line = ""] = loosenedWords([looser(path.join("."), many, [...many, 7])]);
    expect(line.length).toBeLessThanOrEqual(200);
    expect(line).toMatch(/ … \(cut, \d+ characters\) → .+ … \(cut, \d+ characters\)$/);
  }
  const lines = loosenedWords(
    Array.from({ length: 61 }, () => looser("order.max_notional", "1", "2")),
  );
  expect([lines.length, lines.at(-1)]).toEqual([60, "And 2 more limits, which the console lists"]);
});
