import { EvidenceFault, type FaultClass, type FaultCode } from "../fault.ts";

/** What came of a verification. */
export interface Verdict {
  readonly outcome: "verified" | FaultClass;
  /** For a command line: 0 verified, 1 could not be checked, 2 broken or unwitnessed. */
  readonly exitCode: 0 | 1 | 2;
  /** The first thing that is wrong; null when nothing is. */
  readonly first: FirstFault | null;
  /** What was looked at, in this order; one line each for a reader. */
  readonly checks: readonly Check[];
}

export interface FirstFault {
  readonly code: FaultCode;
  /** A sentence or two. */
  readonly why: string;
  /**
   * The number (from one) of the first entry that is or may be affected; null when it is not about
   * an entry.
   */
  readonly seq: number | null;
  /** The last entry that may be affected, where the fault lies somewhere in a range. */
  readonly throughSeq: number | null;
  readonly file: string | null;
}

export interface Check {
  readonly name: string;
  /** `told` is a fact to know, neither good nor bad; `skipped` says that nobody looked. */
  readonly state: "passed" | "failed" | "skipped" | "told";
  readonly says: string;
}

const EXIT_CODES = { verified: 0, unchecked: 1, unwitnessed: 2, broken: 2 } as const;

/** Where a fault was met. */
export interface Place {
  readonly seq?: number | null;
  readonly throughSeq?: number | null;
  readonly file?: string | null;
}

/** A fault at its place. */
export function firstFault(fault: EvidenceFault, place: Place = {}): FirstFault {
  const { seq = null, throughSeq = null, file = null } = place;
  return { code: fault.code, why: fault.message, seq, throughSeq, file };
}

/** The verdict over evidence, or over a reader's own file, that cannot be read at all. */
export function couldNotRead(file: string, why: string): Verdict {
  const out = new VerdictBuilder();
  out.failed("file", new EvidenceFault("FILE_MISSING", `${file} cannot be read. ${why}`), { file });
  return out.verdict();
}

/**
 * Collects checks into a verdict. The worst class wins: what is broken is never covered by what
 * could not be looked at, and what was not looked at is never called verified.
 */
export class VerdictBuilder {
  readonly #checks: Check[] = [];
  readonly #faults: { readonly class: FaultClass; readonly first: FirstFault }[] = [];

  passed(name: string, says: string): void {
    this.#checks.push({ name, state: "passed", says });
  }

  told(name: string, says: string): void {
    this.#checks.push({ name, state: "told", says });
  }

  skipped(name: string, says: string): void {
    this.#checks.push({ name, state: "skipped", says });
  }

  failed(name: string, fault: EvidenceFault, place: Place = {}): void {
    this.#checks.push({ name, state: "failed", says: fault.message });
    this.#faults.push({ class: fault.class, first: firstFault(fault, place) });
  }

  /** Runs one check; false when it failed. What is no evidence fault is thrown on. */
  async run(
    name: string,
    check: () => Promise<string> | string,
    place: () => Place,
  ): Promise<boolean> {
    const done = await this.take(name, async () => ({ value: true, says: await check() }), place);
    return done !== null;
  }

  /** Runs a check that finds something; null when it failed. */
  async take<T>(
    name: string,
    check: () => Promise<{ value: T; says: string }> | { value: T; says: string },
    place: () => Place,
  ): Promise<T | null> {
    try {
      const { value, says } = await check();
      this.passed(name, says);
      return value;
    } catch (thrown) {
      if (!(thrown instanceof EvidenceFault)) throw thrown;
      this.failed(name, thrown, place());
      return null;
    }
  }

  verdict(): Verdict {
    const worst = (["broken", "unchecked", "unwitnessed"] as const)
      .map((name) => this.#faults.find((fault) => fault.class === name))
      .find((found) => found !== undefined);
    const outcome = worst?.class ?? "verified";
    return {
      outcome,
      exitCode: EXIT_CODES[outcome],
      first: worst?.first ?? null,
      checks: [...this.#checks],
    };
  }
}
