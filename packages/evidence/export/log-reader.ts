import { toHex, wholeNumber } from "../bytes.ts";
import { parseEntry, type ReadEntry } from "../event/entry.ts";
import { eventHead } from "../event/event.ts";
import { EvidenceFault } from "../fault.ts";
import { KEY_CHANGED, type LogKeys } from "../keys/rotation.ts";
import { type Frontier, TreeBuilder } from "../merkle/frontier.ts";
import type { TreeHash } from "../merkle/hash.ts";

/** The event that opens a log, or signs on one that was kept before without signed heads. */
export const LOG_OPENED = "log.opened";

const UTF8 = new TextEncoder();

/** What a log said about itself on the way. */
export interface LogFacts {
  entries: number;
  /** Events by version; 0 for events that name none. */
  readonly byVersion: Map<number, number>;
  /** The last opening event that was met. */
  opened: {
    readonly seq: number;
    readonly origin: string | null;
    readonly unwitnessedBefore: number | null;
  } | null;
}

/** Goes through the entries of one log in order and rebuilds its tree. */
export class LogReader {
  readonly tree: TreeBuilder;
  readonly facts: LogFacts = { entries: 0, byVersion: new Map(), opened: null };
  #account: string | null;
  readonly #origin: string;
  readonly #keys: LogKeys | null;
  readonly #hash: TreeHash;

  constructor(log: {
    /** Null: whose the first entry is, all have to be. */
    account: string | null;
    origin: string;
    from: Frontier;
    /** Told of new keys; null when the reader trusts nobody. */
    keys: LogKeys | null;
    hash: TreeHash;
  }) {
    this.tree = new TreeBuilder(log.from, log.hash);
    this.#account = log.account;
    this.#origin = log.origin;
    this.#keys = log.keys;
    this.#hash = log.hash;
  }

  /**
   * Takes the next entry. `leafHash` (lower-case hex) is the hash that came with it, or null. Throws
   * `LEAF_HASH_DIFFERS`, `ENTRY_OF_ANOTHER_PLACE`, `ENTRY_OF_ANOTHER_ACCOUNT`, `LOG_KEY_DIFFERS`, and
   * what parseEntry throws.
   */
  take(text: string, leafHash: string | null): { entry: ReadEntry; leaf: Uint8Array } {
    const seq = this.tree.size + 1;
    const leaf = this.#hash.leaf(UTF8.encode(text));
    if (leafHash !== null && toHex(leaf) !== leafHash) {
      throw new EvidenceFault("LEAF_HASH_DIFFERS", `Entry ${seq} is not the one that was hashed.`);
    }
    const entry = parseEntry(text);
    if (entry.seq !== seq) {
      throw new EvidenceFault(
        "ENTRY_OF_ANOTHER_PLACE",
        `The entry in place ${seq} was made for place ${entry.seq}.`,
      );
    }
    this.#account ??= entry.account;
    if (entry.account !== this.#account) {
      throw new EvidenceFault("ENTRY_OF_ANOTHER_ACCOUNT", `Entry ${seq} is another account's.`);
    }
    this.#note(entry);
    this.tree.append(leaf);
    return { entry, leaf };
  }

  /** Throws `ORIGIN_DIFFERS` when the last event that opened a log opened another one. */
  checkOpened(): void {
    const { opened } = this.facts;
    if (opened !== null && opened.origin !== this.#origin) {
      throw new EvidenceFault(
        "ORIGIN_DIFFERS",
        `Entry ${opened.seq} opens the log ${opened.origin ?? "without a name"}, not this one.`,
      );
    }
  }

  #note({ value, seq }: ReadEntry): void {
    const { v, type, meta } = eventHead(value);
    this.facts.entries += 1;
    this.facts.byVersion.set(v, (this.facts.byVersion.get(v) ?? 0) + 1);
    if (type === KEY_CHANGED) {
      const vkey = meta("vkey");
      if (vkey !== null) this.#keys?.announce(vkey, seq, this.#origin);
    } else if (type === LOG_OPENED) {
      const unwitnessedBefore = wholeNumber(meta("unwitnessed_before") ?? "");
      this.facts.opened = { seq, origin: meta("origin"), unwitnessedBefore };
    }
  }
}
