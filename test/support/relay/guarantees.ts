import { readFileSync } from "node:fs";
import { fromRoot } from "../../../scripts/lib/paths.ts";
import { REQUIREMENTS } from "./requirements.ts";

/** Where the relay's guarantees are held, in the order in which a session lives. */
export const GUARANTEE_FILES: readonly (readonly [string, string])[] = [
  ["Handshake", "src/protocol/relay/handshake.test.ts"],
  ["Sequence", "src/protocol/relay/sequence.test.ts"],
  ["Resume", "src/protocol/relay/resume.test.ts"],
  ["Closing and what a drop leaves", "src/protocol/relay/closing.test.ts"],
  ["The same job again", "src/protocol/relay/idempotency.test.ts"],
  ["Cancel", "src/protocol/relay/cancel.test.ts"],
  ["Heartbeat", "src/protocol/relay/heartbeat.test.ts"],
  ["Flow control", "src/protocol/relay/back-pressure.test.ts"],
  ["Chunks", "src/protocol/relay/chunks.test.ts"],
  ["Lease, revocation, key, grant", "src/protocol/relay/lease.test.ts"],
  ["A write whose record is gone", "src/protocol/relay/lost.test.ts"],
  ["Cancels beside everything", "src/protocol/relay/unqueued.test.ts"],
  ["What is not known", "src/protocol/relay/unknown-frames.test.ts"],
  ["Defects seen elsewhere", "src/protocol/relay/known-defects.test.ts"],
  ["Whatever happens: models of both ends", "src/protocol/relay/model.test.ts"],
  ["Whatever is sent: fuzzing", "src/protocol/relay/fuzz.test.ts"],
  ["The sidecar's journal", "sidecar/src/journal/journal.test.ts"],
  ["The sidecar's end over a real socket", "sidecar/src/relay/link.test.ts"],
  ["What the edge drops", "durable-objects/account/relay-store.test.ts"],
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
