import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { readGatewayFolder } from "./gateway-folder.ts";
import { loginPage } from "./login-page.ts";
import { type LookedAfter, lookAfterGateway } from "./look-after.ts";

/**
 * A stand-in for the broker's launcher: a script that starts a program as a child of its own, which
 * listens on the port of conf.yaml, as the real one does with Java.
 */
const QUICK = { restartMs: 20, restartMaxMs: 200, lastedMs: 60_000, takenMs: 20, stopMs: 3_000 };
const PROGRAM = `
import { appendFileSync, readFileSync } from "node:fs";
import { createServer } from "node:net";
const port = Number(/listenPort: (\\d+)/.exec(readFileSync(process.argv[2], "utf8"))[1]);
const how = readFileSync("how", "utf8");
appendFileSync("starts", process.pid + "\\n");
if (how === "crash") process.exit(3);
setTimeout(() => createServer((socket) => socket.destroy()).listen(port, "127.0.0.1"), how === "slow" ? 400 : 0);
`;

let folder: string;
let port: number;
let running: LookedAfter | null = null;
let told: string[];
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), "ibkr-launcher-"));
  for (const part of ["bin", "root"]) mkdirSync(join(folder, part));
  port = await freePort();
  writeFileSync(
    join(folder, "root", "conf.yaml"),
    `ip2loc: "US"\nlistenPort: ${port}\nlistenSsl: true\n`,
  );
  writeFileSync(join(folder, "program.mjs"), PROGRAM);
  writeFileSync(join(folder, "bin", "run.sh"), `'${process.execPath}' program.mjs "$1"\n`);
  told = [];
});
afterEach(async () => {
  await running?.close();
  running = null;
  rmSync(folder, { recursive: true, force: true });
});

function lookAfter(how: "well" | "slow" | "crash"): LookedAfter {
  writeFileSync(join(folder, "how"), how);
  running = lookAfterGateway(readGatewayFolder(folder), (line) => told.push(line), QUICK);
  return running;
}
const starts = () =>
  existsSync(join(folder, "starts"))
    ? readFileSync(join(folder, "starts"), "utf8").trimEnd().split("\n").map(Number)
    : [];
const answers = () =>
  fetch(`http://127.0.0.1:${port}/`).then(
    () => true,
    (error: unknown) => !String(Object(error).cause?.code).includes("ECONNREFUSED"),
  );
const alive = (pid: number) => {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
};
const eventually = { timeout: 15_000, interval: 20 };

describe.runIf(process.platform !== "win32")("the broker's gateway, looked after", () => {
  it("is started, and ended with everything that it started", async () => {
    const gateway = lookAfter("well");
    await expect.poll(answers, eventually).toBe(true);
    const [pid = 0] = starts();
    expect(alive(pid)).toBe(true);
    await gateway.close();
    await expect.poll(() => alive(pid), eventually).toBe(false);
    expect(starts()).toHaveLength(1);
  });

  it("is given its time when it starts slowly", async () => {
    lookAfter("slow");
    await expect.poll(answers, eventually).toBe(true);
    expect(starts()).toHaveLength(1);
    expect(told).toEqual(["the broker's gateway was started"]);
  });

  it("is started again when it crashes, and when it is killed after it ran", async () => {
    lookAfter("crash");
    await expect.poll(() => starts().length, eventually).toBeGreaterThan(2);
    expect(told.join("\n")).toContain("status 3");
    writeFileSync(join(folder, "how"), "well");
    await expect.poll(answers, eventually).toBe(true);
    const before = starts();
    process.kill(before.at(-1) ?? 0, "SIGKILL");
    await expect.poll(() => starts().length, eventually).toBe(before.length + 1);
    await expect.poll(answers, eventually).toBe(true);
  });

  it("is not started beside another on its port, and is when that has gone", async () => {
    const other = createServer((socket) => socket.destroy());
    await new Promise<void>((resolve) => other.listen(port, "127.0.0.1", resolve));
    lookAfter("well");
    await expect.poll(() => told.join("\n"), eventually).toContain("in use already");
    expect(starts()).toEqual([]);
    await new Promise((resolve) => other.close(resolve));
    await expect.poll(() => starts().length, eventually).toBe(1);
    expect(told.filter((line) => line.includes("in use already"))).toHaveLength(1);
  });
});

describe("the folder of the broker's gateway", () => {
  it("says where it listens", () => {
    expect(readGatewayFolder(folder)).toMatchObject({ port, origin: `https://127.0.0.1:${port}` });
  });

  it.each([
    ["bin/run.sh", null, "has no bin"],
    ["root/conf.yaml", null, "has no root"],
    ["root/conf.yaml", "listenSsl: true\n", "no listenPort"],
  ])("is refused without what it needs: %s", (name, text, why) => {
    rmSync(join(folder, name));
    if (text !== null) writeFileSync(join(folder, name), text);
    expect(() => readGatewayFolder(folder, "linux")).toThrow(why);
  });
});

describe("the login page", () => {
  it("is opened once for each login that is due", async () => {
    const opened: string[] = [];
    const said: string[] = [];
    const session = loginPage(
      "https://127.0.0.1:5000",
      async (url) => opened.push(url) === 1,
      (line) => said.push(line),
    );
    for (const state of ["gateway_down", "login_required", "unknown", "login_required"] as const) {
      session({ state });
    }
    expect(opened).toEqual(["https://127.0.0.1:5000/"]);
    session({ state: "ready" });
    session({ state: "login_required" });
    expect(opened).toHaveLength(2);
    await expect.poll(() => said.length).toBe(2);
    expect(said[0]).toContain("is open in your browser");
    expect(said[1]).toContain("log in with a browser");
  });
});

function freePort(): Promise<number> {
  return new Promise((resolve) => {
    const server = createServer();
    server.listen(0, "127.0.0.1", () => {
      const address = server.address();
      server.close(() =>
        resolve(address !== null && typeof address === "object" ? address.port : 0),
      );
    });
  });
}
