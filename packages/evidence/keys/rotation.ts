import type { CheckpointNote } from "../checkpoint/checkpoint.ts";
import { checkTrusted, type Signed, type TrustPolicy } from "../checkpoint/trust-policy.ts";
import { EvidenceFault } from "../fault.ts";
import { parseVkey, SIGNATURE_TYPES, type VerifierKey } from "../note/vkey.ts";

/** The event that announces a log's next key; `meta.vkey` holds it. */
export const KEY_CHANGED = "log.key_changed";

/**
 * Which keys of a log count, as a reader goes through it. A rotation has two parts: an event in the
 * log names the new key, and a checkpoint over that event is signed by the old key and the new one.
 * From there on the new key alone counts, so that an old key that was stolen signs nothing more.
 */
export class LogKeys {
  #current: readonly VerifierKey[];
  #announced: readonly { readonly key: VerifierKey; readonly seq: number }[] = [];
  #changes = 0;

  /** `trusted`: the keys of the reader's policy. */
  constructor(trusted: readonly VerifierKey[]) {
    this.#current = trusted;
  }

  /** How often the key changed so far. */
  get changes(): number {
    return this.#changes;
  }

  /**
   * Notes the event of a new key, by its number in the log. Throws `VKEY_MALFORMED`, or
   * `LOG_KEY_DIFFERS` for a key of another name or type.
   */
  announce(vkey: string, seq: number, origin: string): void {
    const key = parseVkey(vkey);
    if (key.name !== origin || key.type !== SIGNATURE_TYPES.ed25519) {
      throw new EvidenceFault(
        "LOG_KEY_DIFFERS",
        "The log announces a key that cannot sign for it.",
      );
    }
    this.#announced = [...this.#announced, { key, seq }];
  }

  /**
   * Verifies a checkpoint by the keys that count at its size; call it in the order of sizes. Throws
   * what checkTrusted throws.
   */
  async check(
    checkpoint: CheckpointNote,
    policy: TrustPolicy,
    nowSeconds: number | null,
  ): Promise<Signed> {
    const signed = await checkTrusted(checkpoint, policy, { logs: this.#current, nowSeconds });
    const next = this.#announced.filter(({ seq }) => seq <= checkpoint.size).at(-1);
    if (next === undefined) return signed;
    // A policy may name both keys from the start: the old one's right ends here all the same.
    const ofLog = this.#current.filter(({ name }) => name === next.key.name);
    if (ofLog.every(({ id }) => id === next.key.id)) return signed;
    const both = await checkTrusted(checkpoint, policy, { logs: [next.key], nowSeconds }).catch(
      (thrown: unknown) => {
        // Not yet signed by the new key: the old one goes on.
        if (thrown instanceof EvidenceFault && thrown.code === "NOTE_UNSIGNED") return null;
        throw thrown;
      },
    );
    if (both === null) return signed;
    this.#current = [next.key];
    this.#announced = this.#announced.filter(({ seq }) => seq > next.seq);
    this.#changes += 1;
    return signed;
  }
}
