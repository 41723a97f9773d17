import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { describe, expect, it } from "vitest";

/** In the matrix the instant that was asked for; else whatever the machine says. */
const given = process.env.TEST_CLOCK;
const SCRIPT =
  "console.log(JSON.stringify([Date.now(), new Date().getTime(), Date.parse(Date())]))";

describe("a process that a test starts", () => {
  it("has the clock and the zone of the test, whatever environment it is given", async () => {
    const child = spawn(process.execPath, ["-e", SCRIPT], { env: {}, stdio: "pipe" });
    let said = "";
    child.stdout.on("data", (chunk) => {
      said += chunk;
    });
    await once(child, "close");
    for (const at of JSON.parse(said)) expect(Math.abs(at - Date.now())).toBeLessThan(60_000);
    if (given === undefined) return;
    const zone = "console.log(Intl.DateTimeFormat().resolvedOptions().timeZone)";
    const asked = spawn(process.execPath, ["-e", zone], { env: {}, stdio: "pipe" });
    let heard = "";
    asked.stdout.on("data", (chunk) => {
      heard += chunk;
    });
    await once(asked, "close");
    const own = Intl.DateTimeFormat(undefined, { timeZone: process.env.TZ }).resolvedOptions();
    expect(heard.trim()).toBe(own.timeZone);
  });

  it("has it where the test waits for its end, too", () => {
    const said = execFileSync(process.execPath, ["-e", SCRIPT], { encoding: "utf8" });
    for (const at of JSON.parse(said)) expect(Math.abs(at - Date.now())).toBeLessThan(60_000);
  });
});
