import { DatabaseSync, type SQLInputValue } from "node:sqlite";

/**
 * A Durable Object's `SqlStorage` over an in-memory SQLite of this process, for unit tests of
 * functions that take one. It is the same engine; what only workerd does (gates, limits, eviction)
 * is tested against the real object in test/contract.
 */
export function sqlStorage(...schemas: string[]): SqlStorage & { rowsWritten(): number } {
  const database = new DatabaseSync(":memory:");
  for (const schema of schemas) database.exec(schema);
  const changes = database.prepare("SELECT total_changes() AS changes");
  const storage = {
    exec(query: string, ...bindings: (SQLInputValue | ArrayBuffer)[]) {
      const rows = database
        .prepare(query)
        .all(
          ...bindings.map((value) =>
            value instanceof ArrayBuffer ? new Uint8Array(value) : value,
          ),
        )
        .map((row) =>
          Object.fromEntries(Object.entries(row).map(([k, v]) => [k, blobToBuffer(v)])),
        );
      return {
        toArray: () => rows,
        one: () => {
          const [row] = rows;
          if (row === undefined || rows.length > 1) {
            throw new Error(`Expected exactly one result from SQL query, but got ${rows.length}`);
          }
          return row;
        },
        [Symbol.iterator]: () => rows[Symbol.iterator](),
      };
    },
    rowsWritten: () => Number(changes.get()?.changes),
  };
  // The functions under test use no more of SqlStorage than this.
  return storage as unknown as SqlStorage & { rowsWritten(): number };
}

function blobToBuffer(value: unknown): unknown {
  return value instanceof Uint8Array
    ? value.buffer.slice(value.byteOffset, value.byteOffset + value.byteLength)
    : value;
}
