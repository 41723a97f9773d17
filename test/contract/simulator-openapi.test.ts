import { ROUTES } from "@ibkr-edge-gateway/simulator/routes/all.ts";
import { startBench } from "@ibkr-edge-gateway/simulator/testing/client.ts";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { extractSchemas, hasWholeFile, readExtract, readSchemas } from "../support/openapi.ts";
import { type Checker, createChecker, type Finding } from "../support/openapi-check.ts";
import { DEVIATIONS, explains } from "../support/openapi-deviations.ts";
import { type Stop, tour } from "../support/simulator-tour.ts";

/** What this login is refused by design: it has no sub-accounts to search. */
const REFUSED = new Set([
  "GET /iserver/account/search/{searchPattern}",
  "POST /iserver/dynaccount",
]);

describe("every answer of the simulator fits IBKR's OpenAPI file, but for the deviations that are listed with their reason", () => {
  let checker: Checker;
  let stops: Stop[] = [];

  beforeAll(async () => {
    checker = createChecker(readSchemas());
    for (const paper of [true, false]) {
      const bench = await startBench({ paper });
      stops.push(...(await tour(bench)));
      await bench.close();
    }
  });
  afterAll(() => {
    stops = [];
  });

  function findings(): Finding[] {
    return stops.flatMap(({ method, path, answer }) => {
      const endpoint = checker.endpoint(method, path);
      return endpoint === undefined ? [] : checker.check(endpoint, answer.json);
    });
  }

  it("answers every call of the tour with 200", () => {
    const failures = stops.filter(({ answer }) => answer.status !== 200);
    expect(
      failures.map(({ method, path, answer }) => `${method} ${path} ${answer.status}`),
    ).toEqual([]);
  });

  it("visits every path of the file that the simulator serves", () => {
    const seen = new Set(stops.map(({ method, path }) => checker.endpoint(method, path)));
    const served = ROUTES.map(({ method, pattern }) =>
      checker.endpoint(method, pattern.replace(/:\w+/g, "x")),
    );
    const missed = served.filter(
      (endpoint) => endpoint !== undefined && !seen.has(endpoint) && !REFUSED.has(endpoint),
    );
    expect([...new Set(missed)]).toEqual([]);
    expect(new Set(served).size).toBeGreaterThan(70);
  });

  it("finds no difference that is not listed", () => {
    const unexplained = findings().filter(
      (finding) => !DEVIATIONS.some((one) => explains(one, finding)),
    );
    expect([
      ...new Set(unexplained.map((one) => `${one.endpoint} ${one.at} ${one.problem}`)),
    ]).toEqual([]);
  });

  it("lists no deviation that does not occur", () => {
    const found = findings();
    const stale = DEVIATIONS.filter((one) => !found.some((finding) => explains(one, finding)));
    expect(stale.map((one) => `${one.endpoint} ${one.at} ${one.problem}`)).toEqual([]);
  });

  it("would notice a wrong type and a strange key", () => {
    const found = checker.check("GET /iserver/exchangerate", { rate: "1.1", odd: 1 });
    expect(found.map(({ at, problem }) => `${at} ${problem}`)).toEqual([
      "/rate type",
      "/odd unknown",
    ]);
  });

  it.runIf(hasWholeFile())("keeps an extract that is the file's", () => {
    expect(readExtract(), "run: node test/support/write-openapi-extract.ts").toEqual(
      JSON.parse(JSON.stringify(extractSchemas())),
    );
  });
});
