import { readFileSync } from "node:fs";
import { join } from "node:path";
import { BROKER_SESSION_STATES } from "@ibkr-edge-gateway/protocol/operation-schemas/session-status.ts";
import { expect, it } from "vitest";

it("the documented states are the states there are", () => {
  const page = readFileSync(
    join(import.meta.dirname, "../../../../docs/broker-session.md"),
    "utf8",
  );
  const documented = [...page.matchAll(/^\| `([a-z_]+)` +\|/gm)].map((match) => match[1]);
  expect(documented.sort()).toEqual([...BROKER_SESSION_STATES].sort());
});
