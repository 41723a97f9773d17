import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { type Bench, startBench } from "@ibkr-edge-gateway/simulator/testing/client.ts";
import { afterAll, beforeAll, describe, expect, inject, it } from "vitest";
import { runSidecarProcess } from "../../scripts/lib/sidecar-process.ts";
import { writeRunStatus } from "../../sidecar/src/config/status-file.ts";
import type { Collected } from "../../sidecar/src/field-report/collect.ts";
import { reportOf } from "../../sidecar/src/field-report/report.ts";
import { REPORT_CALLS, templateOf } from "../../sidecar/src/field-report/report-calls.ts";
import { collectFrom, furnish } from "../support/field-report.ts";
import { KNOWN_SHAPES, makeKnownShapes } from "../support/known-shapes.ts";

const REPORT = resolve(import.meta.dirname, "../fixtures/field-report/simulator.json");

/** Compares with a kept file, or writes it anew. */
function expectKept(file: string, value: unknown): void {
  const text = `${JSON.stringify(value, null, 2)}\n`;
  if (process.env.UPDATE_FIELD_REPORT === "1") writeFileSync(file, text);
  expect(JSON.parse(readFileSync(file, "utf8"))).toEqual(JSON.parse(text));
}

describe("what the field report compares with", () => {
  it("is the recorded answers and the simulator's (UPDATE_FIELD_REPORT=1 writes it anew)", async () => {
    expectKept(KNOWN_SHAPES, await makeKnownShapes());
  });
});

describe("a field report of the simulator", () => {
  let bench: Bench;
  let collected: Collected[];
  let ordersBefore: string;

  beforeAll(async () => {
    bench = await startBench({ paper: false });
    await furnish(bench);
    ordersBefore = JSON.stringify(bench.control.orders());
    bench.control.clearRequests();
    collected = await collectFrom(bench.simulator.url);
  });
  afterAll(() => bench.close());

  it("is the one that is kept (UPDATE_FIELD_REPORT=1 writes it anew)", () => {
    expectKept(REPORT, reportOf(collected, "any"));
  });

  it("gets an answer to every question", () => {
    expect(
      collected.flatMap(({ template, without }) =>
        without === null ? [] : [`${template}: ${without}`],
      ),
    ).toEqual([]);
  });

  it("asks nothing that is not on the list, and changes no order", () => {
    const asked = bench.control.requests().map(({ method, path }) => {
      const short = path.replace("/v1/api", "");
      return templateOf(method, short) ?? `${method} ${short}`;
    });
    expect(asked.length).toBeGreaterThanOrEqual(REPORT_CALLS.length);
    const listed = new Set(REPORT_CALLS.map(({ template }) => template));
    expect(asked.filter((template) => !listed.has(template))).toEqual([]);
    expect(JSON.stringify(bench.control.orders())).toBe(ordersBefore);
  });
});

describe("ibkr-sidecar field-report", () => {
  let bench: Bench;
  let folder: string;

  beforeAll(async () => {
    bench = await startBench({ paper: false });
    await furnish(bench);
    folder = mkdtempSync(join(tmpdir(), "ibkr-field-report-"));
  });
  afterAll(async () => {
    await bench.close();
    rmSync(folder, { recursive: true, force: true });
  });

  const run = (...args: string[]): Promise<{ code: number | null; output: string }> =>
    runSidecarProcess(inject("sidecarCli"), [
      "field-report",
      "--config-dir",
      join(folder, "config"),
      "--client-portal",
      bench.simulator.url,
      ...args,
    ]);

  it("shows the file, says how it compares, and writes it for its owner alone", async () => {
    const out = join(folder, "report.json");
    const { code, output } = await run("--out", out, "--yes");
    expect({ code, output: output.slice(-2_000) }).toMatchObject({ code: 0 });
    const file = readFileSync(out, "utf8");
    expect(statSync(out).mode & 0o777).toBe(0o600);
    expect(output).toContain(file.trimEnd());
    const kept: { calls: unknown } = JSON.parse(readFileSync(REPORT, "utf8"));
    const { calls }: { calls: { call: string }[] } = JSON.parse(file);
    expect(calls.map(({ call }) => call)).toEqual(REPORT_CALLS.map(({ template }) => template));
    // The same account, read by the whole program: the same file.
    expect(calls).toEqual(kept.calls);
    expect(output).toContain("34 green, 0 differ, 0 empty, 0 without an answer");

    const again = await run("--out", out, "--yes");
    expect(again.code).toBe(2);
    expect(again.output).toContain("exists already");
  });

  it("writes nothing where nobody can be asked", async () => {
    const { code, output } = await run("--out", join(folder, "unasked.json"));
    expect(code).toBe(2);
    expect(output).toContain("--yes");
    expect(existsSync(join(folder, "unasked.json"))).toBe(false);
  });

  it("asks nothing while a sidecar runs with the folder", async () => {
    const busy = join(folder, "busy");
    const now = new Date().toISOString();
    writeRunStatus(busy, {
      pid: process.pid,
      version: "any",
      started_at: now,
      written_at: now,
      relay: {
        state: "connecting",
        gateway: "http://127.0.0.1:1",
        since: now,
        epoch: null,
        capabilities: [],
        unacknowledged_events: 0,
        trouble: null,
      },
      broker: null,
    });
    const before = bench.control.requests().length;
    const { code, output } = await run("--config-dir", busy, "--json");
    expect(code).toBe(2);
    expect(output).toContain("stop it first");
    expect(bench.control.requests()).toHaveLength(before);
  });

  it("says what to do where nobody is logged in", async () => {
    const shut = await startBench({ loggedIn: false });
    try {
      const { code, output } = await run("--client-portal", shut.simulator.url, "--json");
      expect(code).toBe(1);
      expect(output).toMatch(/log in/i);
      expect(output).toContain("field-report");
    } finally {
      await shut.close();
    }
  });
});

describe("the list of questions", () => {
  it("is these, all of which only read", () => {
    expect(REPORT_CALLS.map(({ template }) => template)).toEqual([
      "POST /iserver/auth/status",
      "POST /tickle",
      "GET /sso/validate",
      "GET /portfolio/accounts",
      "GET /iserver/accounts",
      "GET /portfolio/{account}/meta",
      "GET /portfolio/{account}/summary",
      "GET /portfolio/{account}/ledger",
      "GET /portfolio/{account}/allocation",
      "GET /portfolio2/{account}/positions",
      "GET /portfolio/{account}/positions/{page}",
      "POST /pa/performance",
      "POST /pa/transactions",
      "GET /iserver/account/orders",
      "GET /iserver/account/order/status/{order}",
      "GET /iserver/account/trades",
      "GET /iserver/account/pnl/partitioned",
      "GET /trsrv/secdef",
      "GET /trsrv/futures",
      "GET /iserver/secdef/search",
      "GET /iserver/secdef/strikes",
      "GET /iserver/secdef/info",
      "GET /contract/trading-schedule",
      "POST /iserver/contract/rules",
      "GET /iserver/marketdata/snapshot",
      "GET /iserver/marketdata/history",
      "POST /iserver/scanner/run",
      "GET /iserver/exchangerate",
      "GET /iserver/watchlists",
      "GET /iserver/watchlist",
      "GET /iserver/account/{account}/alerts",
      "GET /iserver/account/alert/{alert}",
      "GET /fyi/notifications",
      "GET /fyi/unreadnumber",
    ]);
  });

  it.each([
    ["POST", "/iserver/account/U1234567/orders"],
    ["POST", "/iserver/account/U1234567/orders/whatif"],
    ["POST", "/iserver/account/U1234567/order/1"],
    ["DELETE", "/iserver/account/U1234567/order/1"],
    ["POST", "/iserver/reply/abc"],
    ["POST", "/iserver/auth/ssodh/init"],
    ["POST", "/iserver/account"],
    ["POST", "/iserver/account/U1234567/alert"],
    ["POST", "/portfolio/U1234567/positions/invalidate"],
    ["GET", "/iserver/marketdata/unsubscribeall"],
    ["POST", "/logout"],
    ["GET", "/portfolio/U1234567/../../iserver/reply"],
  ])("has no %s %s", (method, path) => {
    expect(templateOf(method, path)).toBeNull();
  });
});
