// @ts-check
/**
 * Plays a trace of statements to a Durable Object's storage, or to what stands in for it, and writes
 * down what came of each. Plain JavaScript: the same file runs in workerd and in Node.
 *
 * @param {{ sql: any, transactionSync: (act: () => any) => any }} storage
 * @param {any[]} steps
 * @returns {any[]}
 */
export function playTrace(storage, steps) {
  return steps.map((step) => {
    try {
      return { value: play(storage, step) };
    } catch (error) {
      return { error: error instanceof Error ? error.message : String(error) };
    }
  });
}

/** @param {any} storage @param {any} step */
function play(storage, step) {
  if (step.transaction !== undefined) {
    const inside = [];
    try {
      storage.transactionSync(() => {
        for (const one of step.transaction) inside.push(...playTrace(storage, [one]));
        if (step.fails) throw new Error("given up");
      });
    } catch (error) {
      inside.push({ thrown: error instanceof Error ? error.message : String(error) });
    }
    return inside;
  }
  const cursor = storage.sql.exec(step.query, ...(step.values ?? []).map(decoded));
  try {
    return taken(cursor, step.take);
  } finally {
    // A cursor that is left open stands in the way of a transaction; no code of the object leaves one.
    cursor.toArray();
  }
}

/** @param {any} cursor @param {string} take */
function taken(cursor, take) {
  switch (take) {
    case "all":
      return encoded(cursor.toArray());
    case "one":
      return encoded(cursor.one());
    case "raw":
      return encoded([...cursor.raw()]);
    case "names":
      return encoded([cursor.columnNames, cursor.toArray().length]);
    case "twice":
      return encoded([cursor.toArray(), cursor.toArray()]);
    case "first, then the rest":
      return encoded([cursor.next(), cursor.toArray(), cursor.next()]);
    case "one, then the rest": {
      const rows = [];
      for (const row of cursor) rows.push(row);
      return encoded([rows, [...cursor]]);
    }
    default:
      return null;
  }
}

/** @param {any} value */
function decoded(value) {
  if (value === null || typeof value !== "object") return value;
  const bytes = new Uint8Array(value.blob);
  return value.as === "array" ? bytes : bytes.buffer;
}

/** @param {any} value @returns {any} */
function encoded(value) {
  if (value instanceof ArrayBuffer) return { blob: [...new Uint8Array(value)] };
  if (ArrayBuffer.isView(value)) return { view: [...new Uint8Array(value.buffer)] };
  if (typeof value === "bigint") return { bigint: String(value) };
  if (value === undefined) return { undefined: true };
  if (typeof value === "number" && !Number.isFinite(value)) return { number: String(value) };
  if (Array.isArray(value)) return value.map(encoded);
  if (value !== null && typeof value === "object") {
    return Object.entries(value).map(([key, one]) => [key, encoded(one)]);
  }
  return value;
}
