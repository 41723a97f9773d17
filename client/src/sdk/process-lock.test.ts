import { spawn } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { underLock } from "./process-lock.ts";

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "ibkr-lock-"));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const turn = () => new Promise((resolve) => setTimeout(resolve, 5));

describe("what is done under a lock", () => {
  it("is done by one at a time, within a process too", async () => {
    const path = join(folder, "lock");
    let inside = 0;
    let most = 0;
    const done = await Promise.all(
      Array.from({ length: 8 }, (_, n) =>
        underLock(path, async () => {
          inside += 1;
          most = Math.max(most, inside);
          await turn();
          inside -= 1;
          return n;
        }),
      ),
    );
    expect([most, done.length]).toEqual([1, 8]);
  });

  it("goes on after it failed, and after its process was killed", async () => {
    const path = join(folder, "lock");
    await expect(underLock(path, () => Promise.reject(new Error("no")))).rejects.toThrow("no");
    const holder = spawn(process.execPath, [
      "-e",
      `const { DatabaseSync } = require("node:sqlite");
       const lock = new DatabaseSync(${JSON.stringify(path)});
       lock.exec("BEGIN EXCLUSIVE");
       console.log("held");
       setInterval(() => {}, 1000);`,
    ]);
    await new Promise((resolve) => holder.stdout.once("data", resolve));
    await expect(underLock(path, async () => 1, 50)).rejects.toMatchObject({
      code: "CALL_TIMED_OUT",
      retryable: true,
    });
    const ended = new Promise((resolve) => holder.once("close", resolve));
    holder.kill("SIGKILL");
    await ended;
    expect(await underLock(path, async () => 2, 1_000)).toBe(2);
  });
});
