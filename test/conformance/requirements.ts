import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";

export type Revision = "2026-07-28" | "2025-11-25";

const require = createRequire(import.meta.url);
const FOLDER = join(
  require.resolve("@modelcontextprotocol/conformance/package.json"),
  "../requirements",
);

/** The server scenarios that a revision requires, as the suite froze them. */
export function requiredScenarios(revision: Revision): string[] {
  const yaml = readFileSync(join(FOLDER, `${revision}.yaml`), "utf8");
  const section = /^server:\n((?: {2}- .+\n)+)/m.exec(yaml)?.[1] ?? "";
  return [...section.matchAll(/^ {2}- (\S+)$/gm)].map(([, name = ""]) => name);
}

/** How many there are; a suite that requires another number is not the one this was written for. */
export const REQUIRED_COUNT: Record<Revision, number> = { "2026-07-28": 37, "2025-11-25": 30 };

/** Scenarios that call no fixture, so that the product itself can be asked. */
export const WITHOUT_FIXTURES: Record<Revision, string[]> = {
  "2026-07-28": [
    "tools-list",
    "server-sse-multiple-streams",
    "resources-list",
    "sep-2164-resource-not-found",
    "prompts-list",
    "dns-rebinding-protection",
    "caching",
    "input-required-result-unsupported-methods",
    // Not scored by the suite, and passed all the same.
    "http-header-validation",
  ],
  "2025-11-25": [
    "server-initialize",
    "ping",
    "tools-list",
    "resources-list",
    "prompts-list",
    "dns-rebinding-protection",
  ],
};

const NO_SESSION =
  "The 2025 lane is stateless: without a session there is no stream on which the server could ask " +
  "the client something in the middle of a call, and the SDK refuses at once.";

/**
 * What this server does not pass, and why. An entry that passes after all fails the run, so that
 * the list cannot rot.
 */
export const EXPECTED_FAILURES: Record<
  Revision,
  Record<string, { verdict: "failed" | "warned"; because: string }>
> = {
  "2026-07-28": {},
  "2025-11-25": {
    "tools-call-sampling": { verdict: "failed", because: NO_SESSION },
    "tools-call-elicitation": { verdict: "failed", because: NO_SESSION },
    "elicitation-sep1034-defaults": { verdict: "failed", because: NO_SESSION },
    "elicitation-sep1330-enums": { verdict: "failed", because: NO_SESSION },
    "server-sse-multiple-streams": {
      verdict: "warned",
      because:
        "The scenario stops with a warning when initialize gives no session id. Several streams at " +
        "once are tested in the 2026-07-28 set, where they need none.",
    },
  },
};

/** Of the stable suite: what its own fixture server cannot pass, or what needs a session. */
export const STABLE_LEFT_OUT = new Set([
  ...Object.keys(EXPECTED_FAILURES["2025-11-25"]),
  "json-schema-2020-12",
  "server-sse-polling",
]);
