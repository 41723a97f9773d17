import { spawn } from "node:child_process";
import { expect, inject, it } from "vitest";

interface Ended {
  code: number | null;
  out: string;
  error: string;
}

/** Runs the command; `onLine` may end it. */
function run(
  args: string[],
  onOutput: (text: string, kill: () => void) => void = () => {},
): Promise<Ended> {
  return new Promise((done) => {
    const child = spawn(process.execPath, [inject("sidecarCli"), "simulator", ...args], {
      stdio: ["ignore", "pipe", "pipe"],
    });
    let out = "";
    let error = "";
    child.stdout.on("data", (chunk) => {
      out += String(chunk);
      onOutput(out, () => child.kill("SIGTERM"));
    });
    child.stderr.on("data", (chunk) => {
      error += String(chunk);
    });
    child.on("close", (code) => done({ code, out, error }));
  });
}

it("prints where it listens, and ends in order when it is told to", {
  timeout: 20_000,
}, async () => {
  const ended = await run(
    ["--port", "0", "--live", "--seed", "3", "--market-hours", "always"],
    (text, kill) => {
      if (text.includes("Login:")) kill();
    },
  );
  expect(ended).toMatchObject({ code: 0, error: "" });
  expect(ended.out).toMatch(/https:\/\/127\.0\.0\.1:\d+\n/);
  expect(ended.out).toMatch(/SHA-256: +([0-9A-F]{2}:){31}[0-9A-F]{2}\n/);
  expect(ended.out).toContain("live, done");
  expect(ended.out).toMatch(/Market hours: +open around the clock\n/);
});

it.each([
  [["--port", "99999"], "a port is 0 to 65535"],
  [["--seed", "one"], "a seed is a whole number"],
  [["--live", "--paper"], "choose --paper or --live"],
  [["--market-hours", "never"], "Allowed choices are always, exchange"],
  [["--bogus"], "unknown option"],
])("refuses %j with one line and exit code 2", { timeout: 20_000 }, async (args, text) => {
  const ended = await run(args);
  expect(ended.code).toBe(2);
  expect(ended.error).toContain(text);
  expect(ended.error.trim().split("\n")).toHaveLength(1);
});

it("says so when the port is taken", { timeout: 20_000 }, async () => {
  let second: Promise<Ended> | undefined;
  const first = await run(["--port", "0"], (text, kill) => {
    const port = /127\.0\.0\.1:(\d+)/.exec(text)?.[1];
    if (port === undefined || second !== undefined || !text.includes("Login:")) return;
    second = run(["--port", port]);
    void second.then(kill);
  });
  expect(first.code).toBe(0);
  expect(await second).toMatchObject({
    code: 2,
    error: expect.stringContaining("the port is taken"),
  });
});
