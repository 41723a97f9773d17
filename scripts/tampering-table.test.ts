import { readFileSync, writeFileSync } from "node:fs";
import { parseCheckpointNote } from "@ibkr-edge-gateway/evidence/checkpoint/checkpoint.ts";
import { EvidenceFault } from "@ibkr-edge-gateway/evidence/fault.ts";
import { nodesOfLeaves, treeRoot } from "@ibkr-edge-gateway/evidence/merkle/nodes.ts";
import { formatVkey } from "@ibkr-edge-gateway/evidence/note/vkey.ts";
import { aLogSigner, leavesOf, ORIGIN } from "@ibkr-edge-gateway/evidence/testing/a-log.ts";
import { EDITS } from "@ibkr-edge-gateway/evidence/testing/tampering/all.ts";
import { type Edit, LOG, SIZE } from "@ibkr-edge-gateway/evidence/testing/tampering/edits.ts";
import { judgeHead } from "@ibkr-edge-gateway/evidence/witness/judge-head.ts";
import { expect, it } from "vitest";
import { fromRoot } from "./lib/paths.ts";

const DOCUMENT = fromRoot("docs/tampering.md");
const BEGIN = "<!-- the table: UPDATE_DOCS=1 npx vitest run scripts/tampering-table.test.ts -->\n";

const WORDS = {
  cosign: "nothing: the head shown is the true one",
  ask: "cosigns nothing: asks for a proof that nobody can give",
  rolled_back: "rolled back: entries stop",
  forked: "forked: kill switch",
  another_log: "another log: kill switch",
  refuse: "refuses the head",
} as const;

/** What the PC, which cosigned the true log, makes of the head that this edit shows. */
async function pcSays({ shown }: Edit): Promise<string> {
  const { folder } = await shown();
  const nodes = nodesOfLeaves(leavesOf(LOG));
  try {
    const checkpoint = parseCheckpointNote(folder.get("checkpoint") ?? "");
    const vkey = formatVkey((await aLogSigner(checkpoint.origin)).key);
    const verdict = await judgeHead(
      // Whoever rewrote a log has no proof from the true one; what they send in its place proves nothing.
      { checkpoint, vkey, handovers: [], proofs: new Map([[SIZE, []]]) },
      {
        origin: ORIGIN,
        vkey: formatVkey((await aLogSigner()).key),
        head: { size: SIZE, root: treeRoot(SIZE, nodes) },
        rootAt: (size) => treeRoot(size, nodes),
        owed: [],
      },
    );
    return WORDS[verdict.act];
  } catch (thrown) {
    if (thrown instanceof EvidenceFault) return WORDS.refuse;
    throw thrown;
  }
}

it("the table says of every edit what verify finds and what the PC makes of its head", async () => {
  const lines: string[] = [];
  for (const [what, edits] of Object.entries(EDITS)) {
    lines.push(
      `### Edits of ${what}`,
      "",
      "| whoever … | verify | the PC, shown that head |",
      "|---|---|---|",
    );
    for (const edit of edits) {
      lines.push(
        `| ${edit.name.replaceAll("|", "\\|")} | \`${edit.code}\` | ${await pcSays(edit)} |`,
      );
    }
    lines.push("");
  }
  const text = readFileSync(DOCUMENT, "utf8");
  const upToHere = text.slice(0, text.indexOf(BEGIN) + BEGIN.length);
  const wanted = `${upToHere}\n${lines.join("\n").trimEnd()}\n`;
  if (process.env.UPDATE_DOCS === "1") writeFileSync(DOCUMENT, wanted);
  else expect(text).toBe(wanted);
  expect(Object.values(EDITS).flat().length).toBeGreaterThanOrEqual(69);
});
