import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { BROKER_SESSION_STATES } from "../../../../src/protocol/operations/session-status.ts";

it("the documented states are the states there are", () => {
  const page = readFileSync(
    join(import.meta.dirname, "../../../../docs/broker-session.md"),
    "utf8",
  );
  const documented = [...page.matchAll(/^\| `([a-z_]+)` +\|/gm)].map((match) => match[1]);
  expect(documented.sort()).toEqual([...BROKER_SESSION_STATES].sort());
});
