import { EvidenceFault } from "../fault.ts";
import { type GoodSignature, goodSignatures } from "../note/open.ts";
import { parseVkey, SIGNATURE_TYPES, type VerifierKey } from "../note/vkey.ts";
import type { CheckpointNote } from "./checkpoint.ts";

/**
 * Whom a reader trusts (C2SP tlog-policy): the log's keys, witnesses by name, groups of them, and
 * which of these has to have signed. It comes to the reader by another way than the evidence.
 */
export interface TrustPolicy {
  readonly logs: readonly VerifierKey[];
  readonly witnesses: ReadonlyMap<string, VerifierKey>;
  readonly groups: ReadonlyMap<
    string,
    { readonly atLeast: number; readonly members: readonly string[] }
  >;
  /** Name of a witness or group; null for a policy that asks for none. */
  readonly quorum: string | null;
}

export const POLICY_MAX_LINES = 1_000;

/** Reads a policy file. Throws `POLICY_MALFORMED`, which names the line. */
export function parseTrustPolicy(text: string): TrustPolicy {
  const lines = text.split("\n");
  if (lines.length > POLICY_MAX_LINES) throw malformed(POLICY_MAX_LINES, "The file is too long.");
  const reader = new PolicyReader();
  lines.forEach((line, at) => {
    const words = line.trim().split(/[ \t]+/);
    if (line.trim() === "" || line.trim().startsWith("#")) return;
    try {
      reader.read(words);
    } catch (thrown) {
      if (thrown instanceof EvidenceFault) throw malformed(at + 1, thrown.message);
      throw thrown;
    }
  });
  return reader.end(lines.length);
}

class PolicyReader {
  readonly #logs: VerifierKey[] = [];
  readonly #witnesses = new Map<string, VerifierKey>();
  readonly #groups = new Map<string, { atLeast: number; members: string[] }>();
  #quorum: string | null | undefined;

  read([word, ...rest]: readonly string[]): void {
    if (word === "log") this.#log(rest);
    else if (word === "witness") this.#witness(rest);
    else if (word === "group") this.#group(rest);
    else if (word === "quorum") this.#settle(rest);
    else throw fault(`It begins with "${word}"; known are log, witness, group and quorum.`);
  }

  end(line: number): TrustPolicy {
    if (this.#quorum === undefined)
      throw malformed(line, "No line says which quorum is asked for.");
    if (this.#logs.length === 0) throw malformed(line, "No line names a log's key.");
    return {
      logs: this.#logs,
      witnesses: this.#witnesses,
      groups: this.#groups,
      quorum: this.#quorum,
    };
  }

  #log([vkey, url, ...more]: readonly string[]): void {
    if (vkey === undefined || more.length > 0) throw fault(`A log line is "log <vkey> [url]".`);
    checkUrl(url);
    const key = parseVkey(vkey);
    if (key.type !== SIGNATURE_TYPES.ed25519) throw fault("A log's key has type 0x01 here.");
    this.#logs.push(key);
  }

  #witness([name, vkey, url, ...more]: readonly string[]): void {
    if (name === undefined || vkey === undefined || more.length > 0) {
      throw fault(`A witness line is "witness <name> <vkey> [url]".`);
    }
    checkUrl(url);
    this.#checkNew(name);
    const key = parseVkey(vkey);
    if (key.type === SIGNATURE_TYPES.ed25519) throw fault("A witness's key has no type 0x01.");
    if ([...this.#witnesses.values()].some(({ id, name }) => id === key.id && name === key.name)) {
      throw fault("Two witnesses have one key.");
    }
    this.#witnesses.set(name, key);
  }

  #group([name, rule, ...members]: readonly string[]): void {
    if (name === undefined || rule === undefined || members.length === 0) {
      throw fault(`A group line is "group <name> all|any|<k> <names>".`);
    }
    this.#checkNew(name);
    const unknown = members.find((member) => !this.#isKnown(member));
    if (unknown !== undefined) throw fault(`"${unknown}" was not defined before.`);
    if (new Set(members).size < members.length) throw fault("A member is named twice.");
    const atLeast = rule === "all" ? members.length : rule === "any" ? 1 : asCount(rule);
    if (atLeast > members.length) throw fault("It asks for more members than it has.");
    this.#groups.set(name, { atLeast, members });
  }

  #settle([name, ...more]: readonly string[]): void {
    if (name === undefined || more.length > 0)
      throw fault(`A quorum line is "quorum <name>|none".`);
    if (this.#quorum !== undefined) throw fault("There is a second quorum line.");
    if (name !== "none" && !this.#isKnown(name)) throw fault(`"${name}" was not defined before.`);
    this.#quorum = name === "none" ? null : name;
  }

  #isKnown(name: string): boolean {
    return this.#witnesses.has(name) || this.#groups.has(name);
  }

  #checkNew(name: string): void {
    if (name === "none" || this.#isKnown(name))
      throw fault(`"${name}" cannot be used as a name here.`);
  }
}

/** Whether the policy's quorum is reached by those who signed. */
export function quorumReached(policy: TrustPolicy, signed: readonly GoodSignature[]): boolean {
  const reached = (name: string): boolean => {
    const group = policy.groups.get(name);
    if (group !== undefined) return group.members.filter(reached).length >= group.atLeast;
    const witness = policy.witnesses.get(name);
    return signed.some(({ key }) => key.name === witness?.name && key.id === witness.id);
  };
  return policy.quorum === null || reached(policy.quorum);
}

/** Who signed a checkpoint, of those whom the reader trusts. */
export interface Signed {
  readonly byLog: readonly GoodSignature[];
  readonly byWitnesses: readonly GoodSignature[];
}

/**
 * Verifies a checkpoint by a policy: the log has signed it and the quorum is reached. `logs` are the
 * log keys that count, when a rotation has changed them from the policy's own.
 *
 * Throws `ORIGIN_DIFFERS` when the log is not one of the policy's, what goodSignatures throws, then
 * `NOTE_UNSIGNED` (no key of the log) or `WITNESS_MISSING`.
 */
export async function checkTrusted(
  checkpoint: CheckpointNote,
  policy: TrustPolicy,
  options: { readonly logs?: readonly VerifierKey[]; readonly nowSeconds?: number | null } = {},
): Promise<Signed> {
  const { logs = policy.logs, nowSeconds = null } = options;
  const ofOrigin = logs.filter(({ name }) => name === checkpoint.origin);
  if (ofOrigin.length === 0) {
    throw new EvidenceFault(
      "ORIGIN_DIFFERS",
      `The checkpoint is of the log ${checkpoint.origin}, which the policy does not name.`,
    );
  }
  const keys = [...ofOrigin, ...policy.witnesses.values()];
  const good = await goodSignatures(checkpoint.note, keys, nowSeconds);
  const byLog = good.filter(({ key }) => ofOrigin.includes(key));
  const byWitnesses = good.filter(({ key }) => !ofOrigin.includes(key));
  if (byLog.length === 0) {
    throw new EvidenceFault(
      "NOTE_UNSIGNED",
      "The log has not signed this checkpoint with a key of the policy.",
    );
  }
  if (!quorumReached(policy, byWitnesses)) {
    throw new EvidenceFault(
      "WITNESS_MISSING",
      `The log has signed this checkpoint, but not the witnesses that the policy asks for (${policy.quorum}).`,
    );
  }
  return { byLog, byWitnesses };
}

function asCount(text: string): number {
  if (!/^[1-9][0-9]{0,2}$/.test(text)) throw fault(`"${text}" is no all, any or number.`);
  return Number(text);
}

function checkUrl(url: string | undefined): void {
  if (url !== undefined && !/^https?:\/\/[^\s]+$/.test(url)) throw fault(`"${url}" is no address.`);
}

function fault(why: string): EvidenceFault {
  return new EvidenceFault("POLICY_MALFORMED", why);
}

function malformed(line: number, why: string): EvidenceFault {
  return new EvidenceFault("POLICY_MALFORMED", `The policy's line ${line} cannot be used. ${why}`);
}
