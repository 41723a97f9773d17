import { globSync, readFileSync } from "node:fs";
import { resolve } from "node:path";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { judgeAnswer } from "../client-portal/answer-verdict.ts";
import type { Clock } from "../client-portal/clock.ts";
import { collect } from "./collect.ts";
import { inWords, reportOf } from "./report.ts";
import { REPORT_CALLS, templateOf } from "./report-calls.ts";

/**
 * Nothing of the owner's survives a field report: secrets stand in every value and in every key of every
 * recorded answer, and no four characters of any of them may stand in the file or in what is shown.
 */
const ROOT = resolve(import.meta.dirname, "../../../test/fixtures");
const PIECE = 4;

/** Nothing waits: the answers are at hand. */
const AT_ONCE: Clock = {
  now: () => 0,
  after: (_ms, task) => {
    queueMicrotask(task);
    return () => {};
  },
};

const RECORDED = recordedAnswers();

function recordedAnswers(): Map<string, unknown> {
  const answers = new Map<string, unknown>();
  for (const file of globSync(resolve(ROOT, "cpapi/*/*.json")).sort()) {
    const recording: {
      Request: { Path: string; Methods: string[] };
      Response: { Body: unknown };
    } = JSON.parse(readFileSync(file, "utf8"));
    const path = recording.Request.Path.replace("/v1/api", "").split("?")[0] ?? "";
    const template = templateOf(recording.Request.Methods[0] ?? "GET", path);
    if (template !== null) answers.set(template, recording.Response.Body);
  }
  return answers;
}

/** What a report says, with these answers to its questions and, to those nobody recorded, this one. */
async function reportFrom(
  answerTo: (template: string) => unknown,
  letThrough: readonly string[] = [],
): Promise<string> {
  const textOf = (method: string, path: string): string =>
    JSON.stringify(answerTo(templateOf(method, path) ?? ""));
  const collected = await collect({
    wire: {
      call: ({ method, path }) =>
        Promise.resolve(judgeAnswer({ status: 200, contentType: "", text: textOf(method, path) })),
    },
    clock: AT_ONCE,
    heard: textOf,
    mayAsk: () => true,
    letThrough: new Set(letThrough),
  });
  const report = reportOf(collected, "any");
  // The last line counts answers, and any two digits can be part of a secret.
  const words = inWords(report).trimEnd().split("\n").slice(0, -1).join("\n");
  return `${JSON.stringify({ ...report, totals: null })}\n${words}`;
}

const name = fc.constantFrom(
  "Hildegard Brenneisen",
  "Zoë O'Hara-Nuñez",
  "my pension, do not touch",
  "Weekly Göteborg picks",
  "kqzjwvxy",
  "李小龍的退休金",
);
const letterDigit = fc
  .array(fc.tuple(fc.constantFrom(..."bcdfghjkpqwxyzQXJZK"), fc.integer({ min: 0, max: 8 })), {
    minLength: 3,
    maxLength: 12,
  })
  .map((pairs) => pairs.map(([letter, digit]) => `${letter}${digit}`).join(""));
const digits = (min: number, max: number): fc.Arbitrary<string> =>
  fc
    .array(fc.integer({ min: 1, max: 8 }), { minLength: min, maxLength: max })
    .map((all) => all.join(""));
const secretText = fc.oneof(
  name,
  letterDigit,
  digits(7, 8).map((id) => `U${id}`),
  digits(4, 18),
  fc.tuple(digits(1, 9), digits(2, 4)).map(([whole, part]) => `${whole}.${part}`),
  fc.tuple(letterDigit, letterDigit).map(([user, host]) => `${user}@${host}.com`),
  fc.string({ minLength: 4, maxLength: 80 }),
  fc.tuple(digits(2, 6), letterDigit).map(([size, of]) => `Bought ${size} ${of} for my son`),
  fc.tuple(letterDigit, digits(4, 6)).map(([code, part]) => `<b>${code}</b> ${part}`),
);
const secretNumber = fc
  .tuple(digits(4, 12), digits(0, 6))
  .map(([whole, part]) => Number(part === "" ? whole : `${whole}.${part}`));

interface Secrets {
  texts: string[];
  numbers: number[];
}
const secrets: fc.Arbitrary<Secrets> = fc.record({
  texts: fc.array(secretText, { minLength: 5, maxLength: 20 }),
  numbers: fc.array(secretNumber, { minLength: 5, maxLength: 20 }),
});

/** The answer with a secret in place of every text and number; and one under a secret key, or all keys so. */
function plant(value: unknown, { texts, numbers }: Secrets, keys: "added" | "replaced"): unknown {
  let next = 0;
  const text = (): string => texts[next++ % texts.length] ?? "";
  const number = (): number => numbers[next++ % numbers.length] ?? 0;
  const visit = (one: unknown): unknown => {
    if (typeof one === "string") return text();
    if (typeof one === "number") return number();
    if (Array.isArray(one)) return one.map(visit);
    if (typeof one !== "object" || one === null) return one;
    const entries = Object.entries(one).map(([key, child]) => [
      keys === "replaced" ? text() : key,
      visit(child),
    ]);
    return Object.fromEntries([...entries, [text(), text()], [text(), number()], [text(), {}]]);
  };
  return visit(value);
}

/** What a report may hold whatever the account: names of fields that are known, and forms. */
const ALLOWED = pieces(
  [
    readFileSync(resolve(import.meta.dirname, "known-shapes.json"), "utf8"),
    readFileSync(resolve(ROOT, "field-report/simulator.json"), "utf8"),
    "letters and digits, mixed long text, as JSON with marks of HTML, not always there, and more",
    "record | list | list, empty | null | boolean | string | number | word | record, | list, | null,",
    "not asked: the account has nothing of the kind an id in an answer is of a form that no id has",
    "refused with unreadable empty unavailable, green differs no answer",
    "new field new word changed type missing expected seen our readers could not read this answer",
  ].join("\n"),
);

function pieces(text: string): Set<string> {
  const all = new Set<string>();
  for (let from = 0; from + PIECE <= text.length; from++) all.add(text.slice(from, from + PIECE));
  return all;
}

/** Pieces of a secret that stand in the text, and that no report has by itself. */
function survivors(text: string, { texts, numbers }: Secrets): string[] {
  const there = pieces(text);
  return [...texts, ...numbers.map(String)]
    .flatMap((secret) => [...pieces(secret)])
    .filter((piece) => there.has(piece) && !ALLOWED.has(piece) && isTelling(piece));
}

/** Three characters of its own, besides marks and the letters that forms are written with: ` 11 ` is a count. */
const isTelling = (piece: string): boolean =>
  (piece.replace(/[9AaL]/g, "").match(/[\p{L}\p{N}]/gu) ?? []).length >= PIECE - 1;

describe("a field report keeps nothing of the owner's", () => {
  it("has answers for most of its questions", () => {
    expect(RECORDED.size).toBeGreaterThan(20);
  });

  it.each(["added", "replaced"] as const)(
    "whatever the answers hold, with keys %s",
    async (keys) => {
      await fc.assert(
        fc.asyncProperty(secrets, async (planted) => {
          const text = await reportFrom((template) =>
            plant(RECORDED.get(template) ?? { list: [{ any: "x", n: 1 }] }, planted, keys),
          );
          expect(survivors(text, planted)).toEqual([]);
        }),
        { numRuns: 60, seed: 20261201 },
      );
    },
  );

  it("nor of what a refusal says", async () => {
    const planted = { texts: ["Hildegard q7k2m8 U7654321"], numbers: [] };
    const text = await reportFrom(() => ({ error: planted.texts[0], statusCode: 500 }));
    expect(text).toContain("refused with 200");
    expect(survivors(text, planted)).toEqual([]);
  });

  it("and the search for it finds what does get through", async () => {
    const planted = { texts: ["kqzjwvxy"], numbers: [] };
    const answer = [{ kqzjwvxy: 1 }];
    expect(survivors(await reportFrom(() => answer), planted)).toEqual([]);
    expect(survivors(await reportFrom(() => answer, ["kqzjwvxy"]), planted)).not.toEqual([]);
    expect(REPORT_CALLS.length).toBeGreaterThan(30);
  });
});
