import { readFileSync } from "node:fs";
import { fromRoot } from "../../../scripts/lib/paths.ts";
import { REQUIREMENTS } from "./requirements.ts";

/** Where the relay's guarantees are held, in the order in which a session lives. */
export const GUARANTEE_FILES: readonly (readonly [string, string])[] = [
  ["Handshake", "packages/protocol/relay/handshake.test.ts"],
  ["Sequence", "packages/protocol/relay/sequence.test.ts"],
  ["Resume", "packages/protocol/relay/resume.test.ts"],
  ["Closing and what a drop leaves", "packages/protocol/relay/closing.test.ts"],
  ["The same job again", "packages/protocol/relay/idempotency.test.ts"],
  ["Cancel", "packages/protocol/relay/cancel.test.ts"],
  ["Heartbeat", "packages/protocol/relay/heartbeat.test.ts"],
  ["Flow control", "packages/protocol/relay/back-pressure.test.ts"],
  ["Chunks", "packages/protocol/relay/chunks.test.ts"],
  ["Lease, revocation, key, grant", "packages/protocol/relay/lease.test.ts"],
  ["A write whose record is gone", "packages/protocol/relay/lost.test.ts"],
  ["Cancels beside everything", "packages/protocol/relay/unqueued-writes.test.ts"],
  ["What is not known", "packages/protocol/relay/unknown-frames.test.ts"],
  ["Defects seen elsewhere", "packages/protocol/relay/known-defects.test.ts"],
  ["Whatever happens: models of both ends", "packages/protocol/relay/model.test.ts"],
  ["Whatever is sent: fuzzing", "packages/protocol/relay/fuzz.test.ts"],
  ["The sidecar's journal", "sidecar/src/journal/relay-journal.test.ts"],
  ["The sidecar's end over a real socket", "sidecar/src/relay/relay-link.test.ts"],
  ["What the edge drops", "durable-objects/account/relay/relay-store.test.ts"],
  ["Over real sockets", "test/contract/relay-socket.test.ts"],
  ["A client from the document alone", "test/contract/relay-raw-client.test.ts"],
  ["Pairing", "test/contract/pairing.test.ts"],
  ["The sidecar's command line", "test/contract/sidecar-cli.test.ts"],
];

const TITLE =
  /^ {2}it(?:\.each(?:<[^\n]*>)?\([\s\S]*?\](?: as const)?\))?\(\s*"((?:[^"\\]|\\.)+)"/gm;

/** The names of a file's tests, as they are written there. */
export function testNames(file: string): string[] {
  const source = readFileSync(fromRoot(file), "utf8");
  return [...source.matchAll(TITLE)].map(([, name = ""]) => name.replace(/\\"/g, '"'));
}

/** The list as the document shows it: every clause with its tests, and every test under its file. */
export function guaranteesDocument(): string {
  const parts = GUARANTEE_FILES.map(([title, file]) => {
    const names = testNames(file).map((name) => `- ${name}`);
    return `## ${title}\n\n\`${file}\`\n\n${names.join("\n")}\n`;
  });
  const clauses = Object.entries(REQUIREMENTS).flatMap(([title, requirements]) => [
    `### ${title}\n`,
    ...requirements.map(({ clause, tests }) => `- **${clause}**: ${tests.join("; ")}`),
    "",
  ]);
  return [
    "# What the relay guarantees, and the test that holds each line\n",
    "Written by the tests themselves: `UPDATE_DOCS=1 npx vitest run test/contract/relay-guarantees.test.ts`.\n",
    "## Clause by clause\n",
    ...clauses,
    ...parts,
  ].join("\n");
}
