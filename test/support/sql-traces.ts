import { type Chance, chance } from "../simulation/chance.ts";

/** Traces of statements as the object makes them, and as it must not: what each one is, is drawn from a seed. */
export interface SqlStep {
  query?: string;
  values?: unknown[];
  take?: string;
  transaction?: SqlStep[];
  fails?: boolean;
}

const TABLES = `
DROP TABLE IF EXISTS child; DROP TABLE IF EXISTS t; DROP TABLE IF EXISTS log;
CREATE TABLE t (
  id TEXT PRIMARY KEY, n INTEGER NOT NULL CHECK (n >= 0), price TEXT, ratio REAL, body BLOB,
  state TEXT UNIQUE
) STRICT, WITHOUT ROWID;
CREATE TABLE log (seq INTEGER PRIMARY KEY, event TEXT NOT NULL CHECK (json_valid(event))) STRICT;
CREATE INDEX t_state ON t (state) WHERE state IS NOT NULL;
CREATE TRIGGER log_kept BEFORE DELETE ON log BEGIN SELECT RAISE(ABORT, 'the log is kept'); END;
`;

const TAKES = [
  "all",
  "one",
  "raw",
  "names",
  "twice",
  "first, then the rest",
  "one, then the rest",
  "none",
] as const;

const TEXTS = ["a", "b", "c", "", "ä€😀", "x'y", 'q"q', "--", "?1", "null"] as const;

export function sqlTrace(seed: number): SqlStep[] {
  const draw = chance(seed, "sql");
  const steps = Array.from({ length: draw.between(6, 16) }, () => stepOf(draw, 0));
  return [
    { query: TABLES, take: "all" },
    ...steps,
    { query: "SELECT * FROM t ORDER BY id", take: "all" },
    { query: "SELECT * FROM log ORDER BY seq", take: "all" },
  ];
}

function stepOf(draw: Chance, depth: number): SqlStep {
  if (depth < 2 && draw.odds(0.15)) {
    const transaction = Array.from({ length: draw.between(1, 4) }, () => stepOf(draw, depth + 1));
    return { transaction, fails: draw.odds(0.5) };
  }
  const statement = draw.pick(STATEMENTS)(draw);
  return { take: draw.pick(TAKES), ...statement };
}

const text = (draw: Chance): string => draw.pick(TEXTS);
const figure = (draw: Chance): number =>
  draw.pick([0, 1, -1, 7, 2 ** 31, 2 ** 53 - 1, -(2 ** 53 - 1), 1.5, -0.25, 1e300]);
const blob = (draw: Chance) => ({
  blob: [...draw.bytes(draw.between(0, 5))],
  as: draw.pick(["buffer", "array"]),
});
const any = (draw: Chance): unknown =>
  draw.pick([() => text(draw), () => figure(draw), () => null, () => blob(draw)])();

const STATEMENTS: ((draw: Chance) => SqlStep)[] = [
  (draw) => ({
    query: "INSERT INTO t (id, n, price, ratio, body, state) VALUES (?, ?, ?, ?, ?, ?)",
    values: [
      text(draw),
      draw.between(0, 5),
      "187.25",
      figure(draw),
      draw.odds(0.5) ? blob(draw) : null,
      draw.odds(0.3) ? text(draw) : null,
    ],
  }),
  (draw) => ({
    query: "INSERT INTO t (id, n, state) VALUES (?, ?, ?)",
    values: [any(draw), any(draw), any(draw)],
  }),
  (draw) => ({
    query: `INSERT INTO t (id, n) VALUES (?1, ?2) ON CONFLICT (id) DO UPDATE SET n = n + excluded.n
      RETURNING id, n, ?2 AS given`,
    values: [text(draw), draw.between(0, 9)],
  }),
  (draw) => ({
    query: "INSERT INTO t (id, n) VALUES (?, 1) ON CONFLICT DO NOTHING RETURNING 1",
    values: [text(draw)],
  }),
  (draw) => ({
    query: "UPDATE t SET n = n - ? WHERE id = ? RETURNING *",
    values: [draw.between(0, 3), text(draw)],
  }),
  (draw) => ({ query: "DELETE FROM t WHERE id = ? RETURNING id", values: [text(draw)] }),
  (draw) => ({
    query: "INSERT INTO log (event) VALUES (?)",
    values: [
      draw.pick([
        '{"type":"order.submitted","meta":{"coid":"c1"}}',
        "[1,2.5,null]",
        "no json",
        "7",
      ]),
    ],
  }),
  () => ({ query: "DELETE FROM log" }),
  () => ({
    query: "SELECT event ->> '$.type' AS type, event -> '$.meta' AS meta FROM log ORDER BY seq",
  }),
  () => ({ query: "SELECT COUNT(*) AS count, MAX(n) AS highest, TOTAL(ratio) AS sum FROM t" }),
  (draw) => ({
    query: "SELECT * FROM t WHERE n >= ? ORDER BY n DESC, id LIMIT ?",
    values: [draw.between(0, 3), draw.between(0, 3)],
  }),
  (draw) => ({
    query: "SELECT id, id AS again, n AS id FROM t WHERE id = ?",
    values: [text(draw)],
  }),
  (draw) => ({ query: "SELECT typeof(?1) AS kind, ?1 AS value", values: [any(draw)] }),
  () => ({ query: "SELECT body, length(body) AS bytes, hex(body) AS hex FROM t ORDER BY id" }),
  () => ({
    query:
      "SELECT 9007199254740993 AS big, -9223372036854775808 AS least, 0.1 + 0.2 AS sum, 1e999 AS inf",
  }),
  (draw) => ({
    query: `WITH RECURSIVE c(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM c WHERE n < ?)
      SELECT n FROM c`,
    values: [draw.between(1, 5)],
  }),
  (draw) => ({
    query: "SELECT value ->> '$.a' AS a FROM json_each(?) ORDER BY key",
    values: ['[{"a":1},{"a":"x"},{}]'],
    take: draw.pick(TAKES),
  }),
  (draw) => ({
    query: "UPDATE t SET n = 0 WHERE n > 3; SELECT * FROM t WHERE id = ?",
    values: [text(draw)],
  }),
  () => ({ query: "INSERT INTO t (id, n) VALUES ('multi', 1); DELETE FROM t WHERE id = 'multi';" }),
  () => ({
    query: "INSERT INTO t (id, n) VALUES ('left', 2); INSERT INTO t (id, n) VALUES ('left', 3)",
  }),
  (draw) => ({
    query: "SELECT * FROM t WHERE id = ? AND n = ?",
    values: draw.pick([[], ["a"], ["a", 1, 2]]),
  }),
  () => ({ query: "SELECT nothing FROM t" }),
  () => ({ query: "SELECT * FROM nowhere" }),
  () => ({ query: "SELEC 1" }),
  () => ({ query: "INSERT INTO t (id, n) VALUES ('x', 'no number')" }),
  () => ({ query: "INSERT INTO t (id) VALUES ('y')" }),
  () => ({
    query: "SELECT '?' AS mark, \"id\" FROM t -- is this ? one\n ORDER BY id /* or ? this */",
  }),
  () => ({ query: "ALTER TABLE t ADD COLUMN later TEXT DEFAULT 'new'" }),
  () => ({
    query:
      "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE '\\_cf%' ESCAPE '\\' ORDER BY name",
  }),
  () => ({ query: "SELECT 1 AS one", take: "one" }),
  () => ({ query: "SELECT 1 AS one UNION ALL SELECT 2", take: "one" }),
];
