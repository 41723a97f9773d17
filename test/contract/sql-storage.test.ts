import { readFile } from "node:fs/promises";
import { convertV4MiniflareOptions, Miniflare } from "miniflare";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { sqlStorage } from "../support/sql-storage.ts";
import { playTrace } from "../support/sql-trace-player.js";
import { type SqlStep, sqlTrace } from "../support/sql-traces.ts";

/**
 * The SqlStorage that unit tests and the simulation use, against workerd's own: the same statements,
 * the same rows, types, errors and rollbacks.
 */
const TRACES = 1_200;

const WORKER = `
import { DurableObject } from "cloudflare:workers";
import { playTrace } from "./sql-trace-player.js";
export class Store extends DurableObject {
  async fetch(request) {
    const traces = await request.json();
    return Response.json(traces.map((steps) => playTrace(this.ctx.storage, steps)));
  }
}
export default { fetch: (request, env) => env.STORE.getByName("one").fetch(request) };
`;

let miniflare: Miniflare;
beforeAll(async () => {
  const player = await readFile(new URL("../support/sql-trace-player.js", import.meta.url), "utf8");
  miniflare = new Miniflare(
    convertV4MiniflareOptions({
      workers: [
        {
          name: "traces",
          compatibilityDate: "2026-10-15",
          modules: [
            { type: "ESModule", path: "index.js", contents: WORKER },
            { type: "ESModule", path: "sql-trace-player.js", contents: player },
          ],
          durableObjects: { STORE: { className: "Store", useSQLite: true } },
        },
      ],
    }),
  );
  await miniflare.ready;
});
afterAll(() => miniflare.dispose());

const inWorkerd = async (traces: SqlStep[][]): Promise<unknown[][]> => {
  const answer = await miniflare.dispatchFetch("http://localhost/", {
    method: "POST",
    body: JSON.stringify(traces),
  });
  // Node does not tell at which letter of the text an error is.
  return JSON.parse((await answer.text()).replaceAll(/ at offset \d+(?=: SQLITE_)/g, ""));
};

describe("SqlStorage over Node's SQLite", () => {
  it(`answers ${TRACES} traces as workerd does`, async () => {
    const traces = Array.from({ length: TRACES }, (_, seed) => sqlTrace(seed));
    const recorded = await inWorkerd(traces);
    expect(recorded).toHaveLength(TRACES);
    let errors = 0;
    for (const [at, steps] of traces.entries()) {
      const storage = sqlStorage();
      const played: unknown[] = JSON.parse(
        JSON.stringify(
          playTrace({ sql: storage, transactionSync: storage.transactionSync }, steps),
        ),
      );
      for (const [n, answer] of played.entries()) {
        expect(answer, `trace ${at}, step ${n}: ${JSON.stringify(steps[n])}`).toEqual(
          recorded[at]?.[n],
        );
      }
      errors += JSON.stringify(recorded[at]).split('"error"').length - 1;
    }
    // A comparison of answers alone would prove little.
    expect(errors).toBeGreaterThan(TRACES);
  });
});
