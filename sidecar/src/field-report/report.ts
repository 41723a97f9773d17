import type { Collected } from "./collect.ts";
import type { Difference, DifferenceKind } from "./compare.ts";

export const FORMAT = "ibkr-edge-gateway field report, version 1";

/** `green`: nothing that we do not know. `empty`: nothing to compare. */
export type CallVerdict = "green" | "differs" | "empty" | "no answer";

/** The file that is sent: shapes, and where they differ from what is known. */
export interface FieldReport {
  format: typeof FORMAT;
  sidecar: string;
  totals: Record<CallVerdict | DifferenceKind, number>;
  calls: ReportedCall[];
}

export interface ReportedCall {
  call: string;
  verdict: CallVerdict;
  /** Why there is no answer. */
  reason?: string;
  /** Whether our readers took the answer, and how many of its values they did not understand. */
  readers?: { took_it: boolean; unread_values: number };
  differences?: Difference[];
  /** Each place of the answer with the forms seen there. */
  fields?: Record<string, string>;
}

/** More forms than these at one place say no more. */
const FORMS_MAX = 6;

/** No time, no random part: the same answers make the same report. */
export function reportOf(collected: readonly Collected[], version: string): FieldReport {
  const calls = collected.map(reported);
  const totals = {
    green: 0,
    differs: 0,
    empty: 0,
    "no answer": 0,
    new_field: 0,
    new_word: 0,
    changed_type: 0,
    missing: 0,
  };
  for (const { verdict, differences } of calls) {
    totals[verdict] += 1;
    for (const { kind } of differences ?? []) totals[kind] += 1;
  }
  return { format: FORMAT, sidecar: version, totals, calls };
}

function reported(one: Collected): ReportedCall {
  const { template, without, places, differences, decoded, unread } = one;
  if (without !== null) return { call: template, verdict: "no answer", reason: without };
  const verdict =
    differences.length > 0 || !decoded || unread > 0
      ? "differs"
      : places.size <= 1
        ? "empty"
        : "green";
  const fields = [...places].toSorted(([a], [b]) => (a < b ? -1 : 1));
  return {
    call: template,
    verdict,
    readers: { took_it: decoded, unread_values: unread },
    ...(differences.length === 0 ? {} : { differences }),
    fields: Object.fromEntries(
      fields.map(([at, { forms, seen, parents }]) => {
        const sorted = [...forms].toSorted();
        const shown = sorted.slice(0, FORMS_MAX).join(" | ");
        const more = sorted.length > FORMS_MAX ? " | and more" : "";
        const sometimes = seen < parents && !/\/(\*|\{\})$/.test(at) ? ", not always there" : "";
        return [at === "" ? "/" : at, `${shown}${more}${sometimes}`];
      }),
    ),
  };
}

const WORDS: Record<DifferenceKind, string> = {
  new_field: "new field",
  new_word: "new word",
  changed_type: "changed type",
  missing: "missing",
};

/** The comparison as a person reads it, before the file itself. */
export function inWords({ calls, totals }: FieldReport): string {
  const lines = calls.flatMap(({ call, verdict, reason, readers, differences = [] }) => [
    `${verdict.padEnd(10)} ${call}${reason === undefined ? "" : `  (${reason})`}`,
    ...(readers?.took_it === false ? ["             our readers could not read this answer"] : []),
    ...(readers !== undefined && readers.unread_values > 0
      ? [`             our readers did not understand ${readers.unread_values} of its values`]
      : []),
    ...differences.map(
      ({ kind, at, seen, expected }) =>
        `             ${WORDS[kind].padEnd(12)} ${at}${seen.length > 0 ? `  seen: ${seen.join(" | ")}` : ""}${expected.length > 0 ? `  expected: ${expected.join(" | ")}` : ""}`,
    ),
  ]);
  const sum = `${totals.green} green, ${totals.differs} differ, ${totals.empty} empty, ${totals["no answer"]} without an answer`;
  return `${lines.join("\n")}\n${sum}\n`;
}

/** Names of fields that nobody knows: shown to the owner, and not in the file. */
export function unknownNames(collected: readonly Collected[]): string[] {
  const names = collected.flatMap(({ places }) =>
    [...places.values()].flatMap(({ unknownKey }) => (unknownKey === null ? [] : [unknownKey])),
  );
  return [...new Set(names)].toSorted();
}
