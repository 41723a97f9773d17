import { utf8 } from "../bytes.ts";
import { parseTrustPolicy } from "../checkpoint/trust-policy.ts";
import { parseEntry } from "../event/entry.ts";
import { signedWords } from "../export/check-signatures.ts";
import { type Verdict, VerdictBuilder } from "../export/verdict.ts";
import { EvidenceFault } from "../fault.ts";
import { hashLeaf } from "../merkle/hash.ts";
import { parseOrderEvidence } from "../order/order-evidence.ts";
import { parseTrustedKeys } from "../order/trusted-keys.ts";
import { verifyOrder } from "../order/verify-order.ts";
import { checkProofFile, parseProofFile } from "./proof-file.ts";

export interface VerifyProofOptions {
  /** The text of the reader's own trust policy; null leaves the whole unchecked. */
  readonly policy: string | null;
  /** The text of the reader's trusted keys; null leaves an order's keys unknown. */
  readonly keys?: string | null;
  /** Seconds since 1970, to refuse signatures from the future; null does not look. */
  readonly nowSeconds?: number | null;
}

/**
 * Verifies a `.tlog-proof` file of an order: the entry is in the log, the head is signed, and the
 * order's evidence is what the entry names. Needs no network. Never throws for what is wrong with
 * the file: the verdict says it.
 */
export async function verifyProof(text: string, options: VerifyProofOptions): Promise<Verdict> {
  const out = new VerdictBuilder();
  const found = await out.take(
    "file",
    () => readProof(text, options.keys ?? null),
    () => ({}),
  );
  if (found === null) return out.verdict();
  const { file, evidence, entry, keys } = found;
  const place = () => ({ seq: entry.seq });
  await out.run(
    "log",
    async () => {
      if (options.policy === null) {
        throw new EvidenceFault(
          "POLICY_MISSING",
          "No policy says whose signatures count, so no signature was judged. Name one with --policy: what gave the proof suggests one, and so does an export of the log.",
        );
      }
      const policy = parseTrustPolicy(options.policy);
      const leaf = hashLeaf(utf8(evidence.entry));
      const signed = await checkProofFile(file, leaf, policy, options.nowSeconds ?? null);
      return `the entry is in the log; its head is ${signedWords(signed, 0)}`;
    },
    place,
  );
  await verifyOrder(evidence, entry, file.checkpoint, keys, out);
  return out.verdict();
}

/** The file's parts, which belong together by their numbers. */
function readProof(text: string, keysText: string | null) {
  const file = parseProofFile(text);
  const evidence = file.extra === null ? null : parseOrderEvidence(file.extra);
  if (evidence === null) {
    throw new EvidenceFault(
      "FORMAT_UNKNOWN",
      "The proof carries no order's evidence, so there is nothing that it proves by itself.",
    );
  }
  const entry = parseEntry(evidence.entry);
  if (entry.seq !== file.index + 1) {
    throw new EvidenceFault(
      "ENTRY_OF_ANOTHER_PLACE",
      `The entry was made for place ${entry.seq}, and the proof is of ${file.index + 1}.`,
    );
  }
  const keys = keysText === null ? null : parseTrustedKeys(keysText);
  const says = `${file.checkpoint.origin}, entry ${entry.seq} of ${file.checkpoint.size}`;
  return { value: { file, evidence, entry, keys }, says };
}
