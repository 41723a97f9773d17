import { readFile, writeFile } from "node:fs/promises";
import { fromRoot } from "../../scripts/lib/paths.ts";
import type { FirstOrder, WalkStep } from "./first-order.ts";

const PAGE = fromRoot("docs/first-order.md");
const BEGIN =
  "<!-- Written by a run: UPDATE_DOCS=1 npx vitest run test/console/first-order.test.ts -->";
const END = "<!-- End of what the run wrote. -->";

/** What the page allows itself, and how fast its reader reads. */
export interface Bounds {
  clicks: number;
  fields: number;
  seconds: number;
  wordsAMinute: number;
}

/**
 * The page's part that a run writes, as it stands there and as these walks would write it; figures
 * that move with the market, the minute and the machine are taken out of both.
 */
export async function recordedPage(
  walks: readonly FirstOrder[],
  bounds: Bounds,
): Promise<{ stands: string; written: string }> {
  const page = await readFile(PAGE, "utf8");
  const [before, rest = ""] = page.split(BEGIN);
  const [part = "", after = ""] = rest.split(END);
  const written = `\n\n${render(walks, bounds)}\n`;
  if (process.env.UPDATE_DOCS) {
    await writeFile(PAGE, `${before}${BEGIN}${written}${END}${after}`);
    return { stands: steady(written), written: steady(written) };
  }
  return { stands: steady(part), written: steady(written) };
}

function render(walks: readonly FirstOrder[], bounds: Bounds): string {
  const [first, ...others] = walks;
  if (first === undefined) return "";
  return [
    countTable(walks, bounds),
    `With ${first.client}, line by line and page by page:`,
    first.steps.map((step, index) => `${index + 1}. ${inWords(step)}`).join("\n"),
    ...others.flatMap(({ client, steps }) => [
      `With ${client} the pages are the same, and the lines are these:`,
      [
        "```sh",
        ...steps.flatMap((step) => (step.at === "terminal" ? [step.line] : [])),
        "```",
      ].join("\n"),
    ]),
  ]
    .join("\n\n")
    .replaceAll(/\b(pv|ap)_[0-9A-HJKMNP-TV-Z]{26}\b/g, "$1_01M9…")
    .replaceAll(/localhost:\d+/g, "localhost:8787");
}

function countTable(walks: readonly FirstOrder[], bounds: Bounds): string {
  const reading = ({ words }: FirstOrder) => Math.round((words / bounds.wordsAMinute) * 60);
  const machine = ({ machineSeconds }: FirstOrder) => Math.round(machineSeconds);
  const rows: [string, (walk: FirstOrder) => number, string][] = [
    ["clicks", ({ clicks }) => clicks, `${bounds.clicks}`],
    ["fields typed (the owner token)", ({ fields }) => fields, `${bounds.fields}`],
    ["words on the pages", ({ words }) => words, ""],
    [`reading them, at ${bounds.wordsAMinute} words a minute, s`, reading, ""],
    ["waiting for the machine, s", machine, ""],
    ["reading and waiting, s", (walk) => reading(walk) + machine(walk), `${bounds.seconds}`],
  ];
  return [
    `| | ${walks.map(({ client }) => client).join(" | ")} | at most |`,
    `|---|${walks.map(() => "---|").join("")}---|`,
    ...rows.map(([name, of, most]) => `| ${name} | ${walks.map(of).join(" | ")} | ${most} |`),
  ].join("\n");
}

function inWords(step: WalkStep): string {
  if (step.at === "terminal") {
    return `\`${step.line}\`${step.told === null ? "" : `<br>→ ${step.told}`}`;
  }
  const { did, what, words } = step.step;
  if (did === "reads") return `The page *${what}*, ${words} words.`;
  return did === "types" ? `Type: *${what}*.` : `Click: *${what}*.`;
}

function steady(text: string): string {
  return text
    .replaceAll(/\d+\.\d+/g, "#")
    .replaceAll(/\d+ words/g, "# words")
    .replaceAll(/^\| (words|reading|waiting).*$/gm, "| $1");
}
