/**
 * Mutations of one value of a recorded answer, each with what a reader has to make of it. The
 * expectations are built with the value, from its digits, and share nothing with the readers.
 */
export type Kind =
  | "price"
  | "size"
  | "quantity"
  | "money"
  | "rate"
  | "term"
  | "time"
  | "conid"
  | "day"
  | "flag"
  | "id";

export interface Mutated {
  name: string;
  /** JSON text of the new value; null drops the key. */
  json: string | null;
  /** What must stand in its place; null where nothing may. */
  expected: string | number | boolean | null;
  /** It was there, meant something, and cannot be read: it must be counted. */
  counted: boolean;
}

/** A small generator of its own (mulberry32), so that a run is told by its seed. */
export function dice(seed: number) {
  let state = seed >>> 0;
  const next = (): number => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296;
  };
  const below = (n: number): number => Math.floor(next() * n);
  const of = <T>(all: readonly T[]): T => {
    const one = all[below(all.length)];
    if (one === undefined) throw new Error("nothing to choose from");
    return one;
  };
  return { below, of };
}
export type Dice = ReturnType<typeof dice>;

const FIGURES: ReadonlySet<Kind> = new Set(["price", "size", "quantity", "money", "rate", "term"]);

const text = (value: string): string => JSON.stringify(value);
const none = (name: string, json: string | null): Mutated => ({
  name,
  json,
  expected: null,
  counted: false,
});
const unreadable = (name: string, json: string): Mutated => ({
  name,
  json,
  expected: null,
  counted: true,
});

/** Information is destroyed: nothing may be left of the value. */
export function destroyed(kind: Kind, roll: Dice): Mutated {
  const plain = [
    none("dropped", null),
    none("null", "null"),
    none("empty", text(roll.of(["", " ", "  "]))),
    none("placeholder", text(roll.of(["N/A", "n/a", "-", "--", "null", "None"]))),
    unreadable("an object", roll.of(["{}", '{"value":1}'])),
    unreadable("a list", roll.of(["[]", "[1]", '["1"]'])),
  ];
  const own = FIGURES.has(kind)
    ? [
        unreadable("a yes", "true"),
        unreadable("words", text(roll.of(["a lot", "12 apples", "1.2.3", "0x1F", "１２"]))),
        unreadable("a suffix", text(roll.of(["3.1M", "4.2K", "7%"]))),
        none("the largest double", roll.of(["1.7976931348623157e308", "1e300", text("1e300")])),
      ]
    : [];
  const zero = [none("zero", roll.of(["0", "0.0", text("0.00"), "-0.0"]))];
  const minus = [none("minus one", roll.of(["-1", "-1.0", text("-1.00")]))];
  switch (kind) {
    case "price":
      return roll.of([...plain, ...own, ...zero, ...minus]);
    case "rate":
    case "term":
      return roll.of([...plain, ...own, ...zero, ...minus]);
    case "size":
      return roll.of([...plain, ...own, ...minus]);
    case "conid":
      return roll.of([...plain, none("zero", "0"), none("minus one", text("-1"))]);
    case "time":
      return roll.of([
        ...plain,
        none("zero", "0"),
        unreadable("microseconds", "1775169600000000"),
        unreadable("seconds", "1775169600"),
      ]);
    case "day":
      return roll.of([
        ...plain,
        unreadable("30 February", text("20260230")),
        unreadable("month 13", text("20261301")),
      ]);
    case "flag":
      return roll.of([...plain, unreadable("perhaps", text("perhaps"))]);
    case "id":
      return roll.of([...plain, unreadable("a yes", "true")]);
    default:
      return roll.of([...plain, ...own]);
  }
}

/** The value becomes another one, or the same in another spelling: the reader says which. */
export function changed(kind: Kind, roll: Dice): Mutated {
  switch (kind) {
    case "conid": {
      const id = 1 + roll.below(2_147_483_646);
      return {
        name: "an id",
        json: roll.of([`${id}`, text(`${id}`), `${id}.0`]),
        expected: id,
        counted: false,
      };
    }
    case "time": {
      const ms = 946_684_800_000 + roll.below(3_000_000) * 1_000;
      return {
        name: "a time",
        json: roll.of([`${ms}`, text(`${ms}`)]),
        expected: ms,
        counted: false,
      };
    }
    case "day": {
      const [year, month, day] = [2_020 + roll.below(20), 1 + roll.below(12), 1 + roll.below(28)];
      const parts = [`${year}`, `${month}`.padStart(2, "0"), `${day}`.padStart(2, "0")];
      return {
        name: "a day",
        json: roll.of([text(parts.join("")), parts.join(""), text(parts.join("-"))]),
        expected: parts.join("-"),
        counted: false,
      };
    }
    case "flag": {
      const yes = roll.below(2) === 1;
      const words = yes
        ? ["true", "1", text("True"), text("yes")]
        : ["false", "0", text("False"), text("no")];
      return { name: "a flag", json: roll.of(words), expected: yes, counted: false };
    }
    case "id": {
      const digits = `${1 + roll.below(9)}${"0123456789".repeat(2).slice(roll.below(4))}`;
      return {
        name: "a long id",
        json: roll.of([digits, text(digits)]),
        expected: digits,
        counted: false,
      };
    }
    default:
      return figure(kind, roll);
  }
}

function figure(kind: Kind, roll: Dice): Mutated {
  const whole = roll.of([
    "0",
    "1",
    "7",
    "42",
    "1234",
    "987654",
    `${1 + roll.below(9)}${"8".repeat(roll.below(20))}`,
  ]);
  const fraction = roll.of(["", "", "5", "05", "25", "125", "0001", "1234567890123456"]);
  const negative = roll.below(4) === 0;
  const zero = !/[1-9]/.test(whole + fraction);
  const magnitude = fraction === "" ? whole : `${whole}.${fraction}`;
  const canonical = zero ? "0" : `${negative ? "-" : ""}${magnitude}`;
  const sign = negative ? "-" : "";
  const padded = fraction === "" ? `${magnitude}.0` : `${magnitude}00`;
  const grouped = `${whole.replace(/\B(?=(\d{3})+$)/g, ",")}${fraction === "" ? "" : `.${fraction}`}`;
  const spelled = roll.of([
    `${sign}${magnitude}`,
    text(`${sign}${magnitude}`),
    `${sign}${padded}`,
    text(`${sign}${padded}`),
    text(` ${sign}${magnitude} `),
    ...(negative ? [] : [text(`+${magnitude}`)]),
    ...(grouped.includes(",") ? [text(`${sign}${grouped}`)] : []),
    `${sign}${magnitude.replace(".", "")}e-${fraction.length}`.replace(/^(-?)0+(?=\d)/, "$1"),
  ]);
  const none =
    (kind === "price" && (canonical === "0" || canonical === "-1")) ||
    (kind === "size" && canonical.startsWith("-")) ||
    ((kind === "rate" || kind === "term") && (canonical === "0" || canonical.startsWith("-")));
  return {
    name: `spelled ${spelled}`,
    json: spelled,
    expected: none ? null : canonical,
    counted: false,
  };
}
