import { mkdir, mkdtemp, readFile, rm, utimes, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { buildOnce } from "./build-cache.ts";
import { fromRoot } from "./paths.ts";

const NAME = `test-${process.pid}`;
let folder: string;
let source: string;
let builds: number;
let outs: number;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "build-cache-"));
  source = join(folder, "source.txt");
  builds = 0;
  outs = 0;
  await write("one");
});
afterEach(async () => {
  await rm(folder, { recursive: true, force: true });
  await rm(fromRoot(`node_modules/.cache/ibkr-edge-gateway/${NAME}`), {
    recursive: true,
    force: true,
  });
});

/** A source as it was written some time ago. */
async function write(text: string): Promise<void> {
  await writeFile(source, text);
  const then = new Date(Date.now() - 60_000);
  await utimes(source, then, then);
}

/** What a build in a new folder gave. */
async function build(meanwhile: () => Promise<void> = async () => {}): Promise<string> {
  outs += 1;
  const directory = join(folder, `out-${outs}`);
  await buildOnce(NAME, directory, async (into) => {
    builds += 1;
    const text = await readFile(source, "utf8");
    await meanwhile();
    await mkdir(into, { recursive: true });
    await writeFile(join(into, "out.txt"), `built from ${text}`);
    return [source];
  });
  return readFile(join(directory, "out.txt"), "utf8");
}

it("builds the same sources once, and any others anew", async () => {
  expect([await build(), await build(), builds]).toEqual(["built from one", "built from one", 1]);
  await write("two");
  expect([await build(), builds]).toEqual(["built from two", 2]);
  await write("one");
  expect([await build(), builds]).toEqual(["built from one", 3]);
});

it("keeps nothing of a build whose sources were written meanwhile", async () => {
  await build(() => writeFile(source, "two"));
  await write("two");
  expect([await build(), builds]).toEqual(["built from two", 2]);
});

it("keeps nothing of a build that failed", async () => {
  const failing = buildOnce(NAME, join(folder, "out"), () => Promise.reject(new Error("no")));
  await expect(failing).rejects.toThrow("no");
  expect([await build(), builds]).toEqual(["built from one", 1]);
});
