import type { Check, FirstFault, Verdict } from "./verdict.ts";

const MARKS: Record<Check["state"], string> = {
  passed: "ok      ",
  failed: "FAILED  ",
  skipped: "skipped ",
  told: "note    ",
};

const OUTCOMES: Record<Verdict["outcome"], string> = {
  verified: "Verified: everything that was looked at holds.",
  unchecked: "Not checked",
  broken: "Broken",
  unwitnessed: "Not witnessed",
};

/**
 * A verdict for a person: one line a check, then the outcome with the first number that is affected,
 * why, and its code. Lines are joined by line feeds and end in one.
 */
export function verdictText({ outcome, first, checks }: Verdict): string {
  const lines = checks.map(({ name, state, says }) => `${MARKS[state]}${name}: ${says}`);
  const last = first === null ? OUTCOMES[outcome] : `${OUTCOMES[outcome]}${faultText(first)}`;
  return `${[...lines, last].join("\n")}\n`;
}

function faultText({ code, why, seq, throughSeq, file }: FirstFault): string {
  const range = throughSeq !== null && throughSeq !== seq;
  const where =
    seq === null ? "" : range ? ` within numbers ${seq} to ${throughSeq}` : ` at number ${seq}`;
  return `${where}: ${why} (${[code, ...(file === null ? [] : [file])].join(", ")})`;
}
