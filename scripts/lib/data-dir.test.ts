import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { openDataDir } from "./data-dir.ts";

let path: string;
beforeEach(async () => {
  path = await mkdtemp(join(tmpdir(), "ibkr-data-dir-"));
});
afterEach(() => rm(path, { recursive: true, force: true }));

it("makes a key for signing audit logs where there was none, once, and touches no other secret", async () => {
  const { secrets } = await openDataDir(path);
  const { EVIDENCE_KEY, ...before } = secrets;
  expect(Buffer.from(EVIDENCE_KEY, "base64url")).toHaveLength(32);
  // As a start of before audit logs were signed left it.
  const file = join(path, "secrets.json");
  await writeFile(file, JSON.stringify(before));
  const opened = (await openDataDir(path)).secrets;
  expect(opened).toMatchObject(before);
  expect(Buffer.from(opened.EVIDENCE_KEY, "base64url")).toHaveLength(32);
  expect(JSON.parse(await readFile(file, "utf8"))).toEqual(opened);
  expect((await openDataDir(path)).secrets).toEqual(opened);
});
