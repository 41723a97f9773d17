import { expect, it } from "vitest";
import { formatCheckpoint, parseCheckpointNote } from "../checkpoint/checkpoint.ts";
import { hashLeaf } from "../merkle/hash.ts";
import { nodesOfLeaves, treeRoot } from "../merkle/nodes.ts";
import { inclusionProof } from "../merkle/proofs.ts";
import { ed25519FromSeed } from "../note/ed25519.ts";
import { formatNote } from "../note/note.ts";
import { cosigner, logSigner, signNote } from "../note/sign.ts";
import { formatProofFile } from "./proof-file.ts";

const LEAVES = 100_000;
const BOUND_BYTES = 2_048;
/** As long as the address of a deployment and the name of a PC are at most, in practice. */
const ORIGIN = `${"ibkr-edge-gateway.some-long-account-name.workers.dev"}/audit/${"0f".repeat(16)}`;
const PC = `ibkr-edge-gateway.some-long-account-name.workers.dev/pc/${"01".repeat(13)}`;

it(`a proof in a log of ${LEAVES} entries is at most ${BOUND_BYTES} bytes beyond its payload, with two PCs' lines`, async () => {
  const leaves = Array.from({ length: LEAVES }, (_, n) =>
    hashLeaf(Uint8Array.of(n, n >> 8, n >> 16)),
  );
  const nodes = nodesOfLeaves(leaves);
  const text = formatCheckpoint({ origin: ORIGIN, size: LEAVES, root: treeRoot(LEAVES, nodes) });
  const key = (byte: number) => ed25519FromSeed(new Uint8Array(32).fill(byte));
  const note = await signNote(text, [
    logSigner(ORIGIN, await key(1)),
    cosigner(`${PC}1`, await key(2), () => 1_800_000_000),
    cosigner(`${PC}2`, await key(3), () => 1_800_000_000),
  ]);
  const checkpoint = parseCheckpointNote(formatNote(note));
  const sizes = [0, 1, LEAVES >> 1, LEAVES - 2, LEAVES - 1].map((index) => {
    const proof = inclusionProof(index, LEAVES, nodes);
    return Buffer.byteLength(formatProofFile({ extra: null, index, proof, checkpoint }));
  });
  expect(Math.max(...sizes)).toBeLessThanOrEqual(BOUND_BYTES);
  // It is the bound of the longest path there is: seventeen hashes.
  expect(inclusionProof(0, LEAVES, nodes)).toHaveLength(17);
}, 30_000);
