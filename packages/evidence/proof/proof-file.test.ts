import { describe, expect, it } from "vitest";
import { utf8 } from "../bytes.ts";
import { parseCheckpointNote } from "../checkpoint/checkpoint.ts";
import { checkTrusted, parseTrustPolicy } from "../checkpoint/trust-policy.ts";
import { formatEntry } from "../event/entry.ts";
import type { FaultCode } from "../fault.ts";
import { hashLeaf } from "../merkle/hash.ts";
import { nodesOfLeaves, treeRoot } from "../merkle/nodes.ts";
import { inclusionProof } from "../merkle/proofs.ts";
import { parseVkey, verifierKey } from "../note/vkey.ts";
import { faultOf } from "../testing/fault-of.ts";
import * as vectors from "../testing/vectors.ts";
import { checkProofFile, formatProofFile, parseProofFile } from "./proof-file.ts";

const GOOD = vectors.CHECKPOINT_8;
const _KEYS = [parseVkey(vectors.LOG_VKEY), parseVkey(vectors.PC_VKEY)];
const POLICY = parseTrustPolicy(
  `log ${vectors.LOG_VKEY}\nwitness pc ${vectors.PC_VKEY}\nquorum pc\n`,
);

describe("a proof file", () => {
  const entries = Array.from({ length: 8 }, (_, n) =>
    utf8(formatEntry({ account: vectors.ENTRY_ACCOUNT, event: `{"n":${n}}`, seq: n + 1 })),
  );
  const tree = nodesOfLeaves(entries.map(hashLeaf));
  const leaf = hashLeaf(entries[2] ?? new Uint8Array());
  const good = {
    extra: utf8('{"v":1}'),
    index: 2,
    proof: inclusionProof(2, 8, tree),
    checkpoint: parseCheckpointNote(GOOD),
  };
  const text = formatProofFile(good);
  const check = (file: string) =>
    faultOf(async () => checkProofFile(parseProofFile(file), leaf, POLICY));

  it("holds, and comes back as the same text", async () => {
    expect(await check(text)).toBeNull();
    expect(formatProofFile(parseProofFile(text))).toBe(text);
    expect(treeRoot(8, tree)).toEqual(good.checkpoint.root);
  });

  it.each<[string, string, FaultCode]>([
    ["is one hash short", formatProofFile({ ...good, proof: good.proof.slice(1) }), "PROOF_LENGTH"],
    [
      "is one hash long",
      formatProofFile({ ...good, proof: [...good.proof, leaf] }),
      "PROOF_LENGTH",
    ],
    [
      "has its hashes in another order",
      formatProofFile({ ...good, proof: good.proof.toReversed() }),
      "ROOT_DIFFERS",
    ],
    ["is of another index", formatProofFile({ ...good, index: 3 }), "ROOT_DIFFERS"],
    ["is of index 8 of 8", formatProofFile({ ...good, index: 8 }), "INDEX_OUTSIDE"],
    [
      "has an index with a leading zero",
      text.replace("index 2", "index 02"),
      "PROOF_FILE_MALFORMED",
    ],
    ["has no index", text.replace("index 2\n", ""), "PROOF_FILE_MALFORMED"],
    ["is another version's", text.replace("@v1", "@v2"), "PROOF_FILE_MALFORMED"],
    ["has extra data without padding", text.replace("fQ==", "fQ"), "PROOF_FILE_MALFORMED"],
    ["has a cut hash", text.replace(/\nYfOH/, "\nfOH"), "PROOF_FILE_MALFORMED"],
    ["has no checkpoint", text.slice(0, text.indexOf("\n\n")), "PROOF_FILE_MALFORMED"],
    ["has no witness's line", text.replace(/— gw.example\/pc.*\n/, ""), "WITNESS_MISSING"],
    ["has no line of the log's", text.replace(/— gw.example\/audit.*\n/, ""), "NOTE_UNSIGNED"],
  ])("is refused when it %s", async (_what, file, code) => {
    expect(file).not.toBe(text);
    expect(await check(file)).toBe(code);
  });

  it("says nothing about its extra data, so a swap between two proofs is for its reader to find", async () => {
    const swapped = parseProofFile(formatProofFile({ ...good, extra: utf8("{}") }));
    expect(await faultOf(() => checkProofFile(swapped, leaf, POLICY))).toBeNull();
  });

  it("is refused under a policy that trusts another log", async () => {
    const other = verifierKey("gw.example/audit/0000", 1, new Uint8Array(32));
    const policy = { ...POLICY, logs: [other] };
    expect(await faultOf(() => checkTrusted(good.checkpoint, policy))).toBe("ORIGIN_DIFFERS");
  });
});
