import { NumberAsWritten } from "./wire-numbers.ts";

/**
 * The form of a value, and nothing of the value: its type, the classes of its characters (`A` upper
 * case, `a` lower case, `9` digits, `L` letters of other alphabets) and the marks between them. How
 * large a figure is, how long a name or a number is: none of that is told, because it is the owner's. Only
 * what stands for "none" at this broker (an empty text, 0, -1, `N/A`) is told as what it is, and a date
 * keeps the number of its digits, since dates are told apart by them.
 */
export type Kind = "null" | "boolean" | "number" | "string" | "list" | "record";

export function kindOf(value: unknown): Kind {
  if (value === null || value === undefined) return "null";
  if (value instanceof NumberAsWritten || typeof value === "number") return "number";
  if (typeof value === "boolean") return "boolean";
  if (typeof value === "string") return "string";
  return Array.isArray(value) ? "list" : "record";
}

/** The form of one value, as it stands in the report: `number -9.9{2}`, `string A{3}`, `list`. */
export function formOf(value: unknown): string {
  const kind = kindOf(value);
  if (value instanceof NumberAsWritten) return `number ${figureForm(value.source)}`;
  if (typeof value === "string") return `string ${textForm(value)}`;
  if (Array.isArray(value) && value.length === 0) return "list, empty";
  return kind;
}

/** More digits than these are lost where a number is read as a double. */
const SAFE_DIGITS = 15;
/** Prices and amounts have up to four; more come from a double. */
const DECIMALS_TOLD = 4;

function figureForm(text: string): string {
  const plain = text.replace(/,/g, "");
  if (/^[-+]?0*(\.0*)?$/.test(plain) && /0/.test(plain)) return "0";
  if (/^-0*1(\.0*)?$/.test(plain)) return "-1";
  const [, sign = "", whole = "", decimals = "", power = ""] =
    /^([-+]?)(\d*)(?:\.(\d*))?(?:[eE]([-+]?\d+))?$/.exec(plain) ?? [];
  const parts = [
    sign,
    text.includes(",") ? "9,9" : whole.length > SAFE_DIGITS ? `9{${SAFE_DIGITS + 1}+}` : "9",
    decimals === ""
      ? ""
      : `.9{${decimals.length > DECIMALS_TOLD ? `${DECIMALS_TOLD + 1}+` : decimals.length}}`,
    power === "" ? "" : "E9",
  ];
  return parts.join("");
}

const NO_VALUE = new Set(["N/A", "n/a", "NA", "NaN", "null", "-", "--", "?"]);
const DATES: readonly RegExp[] = [
  /^(19|20)\d{2}(0[1-9]|1[0-2])([0-2]\d|3[01])([- ]?\d{2}:?\d{2}:?\d{2})?$/,
  /^(19|20)\d{2}[-/.](0[1-9]|1[0-2])[-/.]([0-2]\d|3[01])([T ]\d{2}:\d{2}(:\d{2}(\.\d{1,9})?)?Z?)?$/,
  // YYMMDDHHmmss, and milliseconds since 1970 in text.
  /^\d{2}(0[1-9]|1[0-2])([0-2]\d|3[01])([01]\d|2[0-3])[0-5]\d[0-5]\d$/,
  /^1[3-9]\d{11}$/,
];
const WORDY_SPACES = 4;
const PATTERN_CHARS = 40;

export function textForm(text: string): string {
  if (text === "") return "empty";
  if (NO_VALUE.has(text)) return text;
  if (text.length > PATTERN_CHARS || text.split(" ").length > WORDY_SPACES) return longForm(text);
  if (DATES.some((form) => form.test(text))) return `date ${classes(text, exactly)}`;
  // `C12.30`, `3.1M`, `1,234.50`, `+0.4%`, `725.00 GBP`
  const [, mark = "", figure, behind = ""] =
    /^([CH]?)([-+]?\d[\d,]*(?:\.\d*)?(?:[eE][-+]?\d+)?)(%|[KMBT]| ?[A-Z][A-Za-z]{2})?$/.exec(
      text,
    ) ?? [];
  if (figure !== undefined) {
    const unit = behind.length > 1 ? classes(behind, roughly) : behind;
    return `${mark}${figureForm(figure)}${unit}`;
  }
  return classes(text, roughly);
}

function longForm(text: string): string {
  if (/^\s*[[{]/.test(text)) return "long text, as JSON";
  return /<[a-z/]/i.test(text) ? "long text, with marks of HTML" : "long text";
}

const exactly = (mark: string, length: number): string =>
  length === 1 ? mark : `${mark}{${length}}`;

/** Words of up to three letters are codes (`USD`); all others are as long as one another. */
function roughly(mark: string, length: number): string {
  if (mark === "9") return "9";
  if (mark !== "A" && mark !== "a") return length === 1 ? mark : `${mark}{2+}`;
  return length > 3 ? `${mark}{4+}` : exactly(mark, length);
}

const KEPT_MARKS = /[ .,:;/@_()+%#&|'*=-]/;

/** What was drawn by lot (a session, a key, a hash) has no form but that. */
const MIXED = /[A-Za-z0-9]{6,}/g;
const SWITCHES_MIN = 3;

function isMixed(token: string): boolean {
  const switches = token.match(/\d(?=[A-Za-z])|[A-Za-z](?=\d)/g) ?? [];
  return switches.length >= SWITCHES_MIN;
}

function classes(text: string, run: (mark: string, length: number) => string): string {
  const tokens = text.match(MIXED) ?? [];
  if (tokens.some(isMixed)) return "letters and digits, mixed";
  const marks = Array.from(text, markOf);
  let form = "";
  for (let from = 0; from < marks.length; ) {
    const mark = marks[from] ?? "?";
    let to = from;
    while (to < marks.length && marks[to] === mark) to += 1;
    form += run(mark, to - from);
    from = to;
  }
  return form;
}

function markOf(character: string): string {
  if (/[0-9]/.test(character)) return "9";
  if (/[A-Z]/.test(character)) return "A";
  if (/[a-z]/.test(character)) return "a";
  if (/\p{L}|\p{N}/u.test(character)) return "L";
  return KEPT_MARKS.test(character) ? character : "?";
}
