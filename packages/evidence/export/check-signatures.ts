import type { CheckpointNote } from "../checkpoint/checkpoint.ts";
import type { Signed, TrustPolicy } from "../checkpoint/trust-policy.ts";
import { EvidenceFault } from "../fault.ts";
import type { LogKeys } from "../keys/rotation.ts";
import type { LogFacts } from "./log-reader.ts";
import type { ExportManifest } from "./manifest.ts";
import type { Mark } from "./older-heads.ts";
import type { Openings } from "./openings.ts";
import type { VerdictBuilder } from "./verdict.ts";

/** The last second that a date can say. */
const LAST_DATE_SECONDS = 8_640_000_000_000;

/** Heads and who is trusted, as verification of an export holds them. */
export interface SignedHeads {
  readonly head: CheckpointNote;
  readonly marks: readonly Mark[];
  readonly policy: TrustPolicy | null;
  readonly keys: LogKeys | null;
  readonly options: { readonly nowSeconds?: number | null };
}

/**
 * Verifies the signatures of all heads, from the oldest on, so that a new key of the log counts from
 * where the old one signed beside it. The newest head has to satisfy the whole policy; an older one
 * may lack witnesses, never a signature that holds.
 */
export async function checkSignatures(heads: SignedHeads, out: VerdictBuilder): Promise<void> {
  const { policy, keys, head, marks, options } = heads;
  const nowSeconds = options.nowSeconds ?? null;
  await out.run(
    "signatures",
    async () => {
      if (policy === null || keys === null) {
        throw new EvidenceFault(
          "POLICY_MISSING",
          "No policy says whose signatures count, so no signature was judged. Name one with --policy: the export suggests its own, trust.policy.",
        );
      }
      const logOnly = { ...policy, quorum: null };
      let unknown = 0;
      for (const { checkpoint, own } of marks.filter((one) => one.checkpoint.size <= head.size)) {
        const signed = await orUnsigned(keys.check(checkpoint, logOnly, nowSeconds));
        if (signed === null && own) {
          throw new EvidenceFault(
            "NOTE_UNSIGNED",
            `The log has not signed your checkpoint of ${checkpoint.size} entries with a key of the policy.`,
          );
        }
        if (signed === null) unknown += 1;
      }
      const words = signedWords(await keys.check(head, policy, nowSeconds), keys.changes);
      return unknown === 0
        ? words
        : `${words}; older heads under other keys, not judged: ${unknown}`;
    },
    () => ({}),
  );
}

/** Null where no key of the policy has signed: an older head may be from before a change of keys. */
async function orUnsigned(signed: Promise<Signed>): Promise<Signed | null> {
  try {
    return await signed;
  } catch (thrown) {
    if (thrown instanceof EvidenceFault && thrown.code === "NOTE_UNSIGNED") return null;
    throw thrown;
  }
}

/** Who signed, in a line for a reader. */
export function signedWords({ byLog, byWitnesses }: Signed, keyChanges: number): string {
  const witnesses = byWitnesses.map(
    ({ key, timeSeconds }) => `${key.name} at ${momentOf(timeSeconds ?? 0)}`,
  );
  return [
    `signed by the log (${byLog.map(({ key }) => key.id).join(", ")})`,
    witnesses.length === 0 ? "by no witness" : `witnessed by ${witnesses.join(", ")}`,
    ...(keyChanges === 0 ? [] : [`changes of its key before: ${keyChanges}`]),
  ].join("; ");
}

/** What a reader should know beside the verdict. */
export function tellFacts(
  { toIndex }: ExportManifest,
  { byVersion, opened }: LogFacts,
  { opened: shown, erased }: Openings,
  out: VerdictBuilder,
): void {
  const versions = [...byVersion].sort(([a], [b]) => a - b);
  out.told("events", versions.map(([v, count]) => `${count} of version ${v}`).join(", ") || "none");
  if (shown > 0)
    out.passed("openings", `${shown} private values are what their entries were made over`);
  if (erased > 0) out.told("erased", `${erased} private values were erased; their entries stand`);
  const before = opened?.unwitnessedBefore ?? null;
  if (before !== null && before > 0 && before <= toIndex) {
    out.told(
      "from when",
      `entries up to number ${before} were kept before the log was signed: nothing proves that they were not changed before then`,
    );
  }
}

function momentOf(seconds: number): string {
  if (seconds > LAST_DATE_SECONDS) return `${seconds} s after 1970`;
  return new Date(seconds * 1_000).toISOString().replace(".000Z", "Z");
}
