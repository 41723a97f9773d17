import { execFile } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, inject, it } from "vitest";
import * as z from "zod";
import { killSwitchPath } from "../../sidecar/src/orders/local-policy/order-settings.ts";
import { instantNamed } from "../clock/instants.ts";
import { planFor } from "../clock/plan.ts";
import { type Gateway, startGateway } from "../support/gateway.ts";

/**
 * Tests move the clock from outside, by a module in front of what ships. What ships must not be
 * movable: who could set its clock could bring back an approval that has ended.
 */
const run = promisify(execFile);
const Registered = z.object({ client_id_issued_at: z.int() });

/** The names by which tests say which time it is, and every way of replacing the clock. */
const SWITCHES: [what: string, pattern: RegExp][] = [
  ["a setting of tests", /TEST_CLOCK|CHAOS_TIME|CHAOS_FUSE|GATEWAY_ENTRY|wallStart/],
  ["another Date.now", /\bDate\.now\s*=(?![=>])/],
  ["another Date", /\b(globalThis|global|self|window)\s*(\.Date|\[["']Date["']\])\s*=(?!=)/],
];
const switchesIn = (code: string): string[] =>
  SWITCHES.filter(([, pattern]) => pattern.test(code)).map(([what]) => what);

// fixed dates: a time that must not be told, and the name of an instant that is not waited for.
/** Far from the machine's time and from every instant of the matrix. */
const ELSEWHEN = JSON.stringify({ wallStart: Date.now(), start: Date.UTC(2050, 0, 1), speed: 1 });
const SETTINGS = { TEST_CLOCK: ELSEWHEN, CHAOS_TIME: ELSEWHEN };

let directory: string;
beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), "ibkr-edge-gateway-switch-"));
});
afterAll(() => {
  rmSync(directory, { recursive: true, force: true });
});

describe("the Worker as it is deployed", () => {
  it("holds no switch of its clock", () => {
    expect(switchesIn(readFileSync(join(inject("workerBundle"), "index.js"), "utf8"))).toEqual([]);
  });

  describe("with the settings of tests", () => {
    let gateway: Gateway;
    beforeAll(async () => {
      gateway = await startGateway({ vars: SETTINGS });
    });
    afterAll(() => gateway.close());

    it("goes by the clock it is run with", async () => {
      const registered = await fetch(`${gateway.url}/register`, {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: JSON.stringify({ redirect_uris: ["http://localhost/cb"], client_name: "clock" }),
      });
      const { client_id_issued_at } = Registered.parse(await registered.json());
      expect(Math.abs(client_id_issued_at * 1000 - Date.now())).toBeLessThan(120_000);
    });
  });
});

describe("the sidecar as it is published", () => {
  it("holds no switch of its clock, in any of its files", () => {
    const folder = dirname(inject("sidecarCli"));
    const files = readdirSync(folder).filter((name) => name.endsWith(".js"));
    expect(files.length).toBeGreaterThan(1);
    for (const name of files) {
      expect([name, switchesIn(readFileSync(join(folder, name), "utf8"))]).toEqual([name, []]);
    }
  });

  it("goes by the machine's clock, whatever the settings of tests say", async () => {
    const env = { PATH: process.env.PATH ?? "", ...SETTINGS };
    await run(process.execPath, [inject("sidecarCli"), "--config-dir", directory, "kill", "test"], {
      env,
    });
    const said = readFileSync(killSwitchPath(directory), "utf8");
    expect(said).not.toContain("2050-");
    const at = /\d{4}-\d\d-\d\dT[\d:.]+Z/.exec(said)?.[0] ?? "";
    expect(Math.abs(Date.parse(at) - Date.now())).toBeLessThan(120_000);
  });
});

it("the module in front of the Worker, which tests load, is found to be a switch", async () => {
  const instant = instantNamed("saturday");
  const plan = await planFor([{ instant, zone: "UTC", unit: [], contract: [] }], [], directory);
  const entry = readFileSync(plan.cases[0]?.entry ?? "", "utf8");
  expect(switchesIn(entry)).toEqual(SWITCHES.map(([what]) => what));
});
