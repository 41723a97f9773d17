import { globSync, readFileSync } from "node:fs";
import { basename, resolve } from "node:path";
import { findRoute, type SimRoute } from "@ibkr-edge-gateway/simulator/http/router.ts";
import { ROUTES } from "@ibkr-edge-gateway/simulator/routes/all.ts";
import { startBench } from "@ibkr-edge-gateway/simulator/testing/client.ts";
import { beforeAll, describe, expect, it } from "vitest";
import { asRecord } from "../support/openapi.ts";
import { addShape, missing, type Shape } from "../support/shape.ts";
import { tour } from "../support/simulator-tour.ts";

/** Recorded answers that the simulator gives otherwise, and why. */
const OTHERWISE: Record<string, string> = {
  "GET-category-tree.json": "event contracts are not simulated",
  "GET-contract-rules.json": "event contracts are not simulated",
  "GET-market.json": "event contracts are not simulated",
  "POST-hmds-scanner.json":
    "answered 404, as the gateway does; this recording is of the older service",
  "GET-search-dynamic-account.json": "refused as it is for logins without the feature",
  "POST-set-dynamic-account.json": "refused as it is for logins without the feature",
};
/** Places at which the recording is one of several kinds seen. */
const KINDS: Record<string, string[]> = {
  "GET-trades.json": ["/*/price is string, recorded as number"],
};

const FIXTURES = globSync(resolve(import.meta.dirname, "../fixtures/cpapi/*/*.json")).sort();

describe("the simulator answers with every key of the recorded answers, each of the recorded kind", () => {
  const shapes = new Map<SimRoute, Shape>();

  beforeAll(async () => {
    for (const paper of [true, false]) {
      const bench = await startBench({ paper });
      for (const { method, path, answer } of await tour(bench)) {
        const route = findRoute(ROUTES, method, path)?.route;
        if (route === undefined || answer.status !== 200) continue;
        const json = answer.text === "" ? "" : answer.json;
        shapes.set(route, addShape(shapes.get(route) ?? new Map(), json));
      }
      await bench.close();
    }
  });

  it("has the recordings at hand", () => {
    expect(FIXTURES.length).toBeGreaterThan(60);
  });

  it.each(FIXTURES.map((file) => [basename(file), file] as const))("%s", (name, file) => {
    const recording = asRecord(JSON.parse(readFileSync(file, "utf8")));
    const request = asRecord(recording.Request);
    const path = String(request.Path).replace("/v1/api", "").split("?")[0] ?? "";
    const method = Array.isArray(request.Methods) ? String(request.Methods[0]) : "GET";
    const route = findRoute(ROUTES, method, path)?.route;
    const given = route === undefined ? undefined : shapes.get(route);
    if (OTHERWISE[name] !== undefined) {
      expect(given, `${name} is answered after all: ${OTHERWISE[name]}`).toBeUndefined();
      return;
    }
    expect(given, `${method} ${path} is not visited`).toBeDefined();
    const wanted = addShape(new Map(), asRecord(recording.Response).Body);
    expect(missing(wanted, given ?? new Map())).toEqual(KINDS[name] ?? []);
  });
});
