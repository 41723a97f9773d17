import { createHash } from "node:crypto";
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { formatVkey } from "../note/vkey.ts";
import {
  ACCOUNT,
  aCheckpoint,
  aLogSigner,
  anExport,
  aPolicy,
  aWitness,
  type Folder,
  NOW_SECONDS,
  someLog,
} from "../testing/a-log.ts";
import { filesOf } from "../testing/folder.ts";
import { formatOpening } from "./record.ts";
import { recordFilesOf } from "./record-files.ts";
import { type VerifyOptions, verifyExport } from "./verify-export.ts";

const LOG = someLog(40);
const verify = async (folder: Folder, options: Partial<VerifyOptions> = {}) =>
  verifyExport(filesOf(folder), { policy: await aPolicy(), nowSeconds: NOW_SECONDS, ...options });

describe("an export that nobody touched", () => {
  it("is verified, and says what was looked at, by whom signed, and what to know", async () => {
    const verdict = await verify(await anExport(LOG, { older: [10, 25] }));
    expect(verdict.checks).toEqual([
      { name: "export", state: "passed", says: `${LOG.origin}, entries 1 to 40 of 40` },
      {
        name: "entries",
        state: "passed",
        says: "40 entries, each as it was hashed, numbered without gaps",
      },
      { name: "head", state: "passed", says: "they lead to the head of 40 entries" },
      { name: "older checkpoints", state: "passed", says: "2 agree" },
      {
        name: "signatures",
        state: "passed",
        says: expect.stringMatching(
          /^signed by the log \([0-9a-f]{8}\); witnessed by gw\.example\/pc\/01 at 2027-01-15T08:00:00Z$/,
        ),
      },
      { name: "events", state: "told", says: "40 of version 2" },
      {
        name: "openings",
        state: "passed",
        says: "13 private values are what their entries were made over",
      },
    ]);
    expect(verdict).toMatchObject({ outcome: "verified", exitCode: 0, first: null });
  });

  it("of any range is verified by itself, and with a checkpoint of the reader's own inside it", async () => {
    await fc.assert(
      fc.asyncProperty(fc.nat(40), fc.nat(40), fc.nat(), async (a, b, c) => {
        const [fromIndex, toIndex] = a < b ? [a, b] : [b, a];
        const own = fromIndex + (c % (toIndex - fromIndex + 1));
        const since = [await aCheckpoint(LOG, own)];
        const folder = await anExport(LOG, { fromIndex, toIndex });
        expect(await verify(folder, { since })).toMatchObject({ outcome: "verified", first: null });
      }),
      { numRuns: 60, seed: 20_261_130 },
    );
  });

  it("reads the same in parts of any length", async () => {
    const folder = await anExport(someLog(5));
    for (const bytes of [1, 2, 3, 7, 1_000_000]) {
      const files = filesOf(folder, bytes);
      expect(await verifyExport(files, { policy: await aPolicy() })).toMatchObject({ exitCode: 0 });
    }
  });

  it("is verified with a platform's own SHA-256, and reports its progress", async () => {
    const seen: number[] = [];
    const verdict = await verify(await anExport(LOG), {
      sha256: (bytes) => createHash("sha256").update(bytes).digest(),
      onProgress: (entries) => seen.push(entries),
    });
    expect(verdict.exitCode).toBe(0);
    expect(seen.at(-1)).toBe(40);
  });

  it("of an empty log is verified too", async () => {
    expect(await verify(await anExport(someLog(0)))).toMatchObject({ exitCode: 0 });
  });

  it("says from when the log was signed, and which values were erased", async () => {
    const meta = { origin: LOG.origin, first_v2_index: "6", unwitnessed_before: "6" };
    const log = someLog(9, { events: new Map([[7, { type: "log.opened", meta }]]) });
    const erased = log.openings.map((opening) => ({ ...opening, payload: null, salt: null }));
    const folder = await anExport(log);
    folder.set("openings.jsonl", erased.map(formatOpening).join(""));
    const { checks, outcome } = await verify(folder);
    expect(outcome).toBe("verified");
    const told = checks.filter(({ state }) => state === "told").map(({ says }) => says);
    expect(told.join("\n")).toContain("entries up to number 6 were kept before the log was signed");
    expect(told.join("\n")).toContain("3 private values were erased");
  });
});

describe("an export that cannot be judged", () => {
  it("exits with 1 without a policy, although all else was looked at", async () => {
    const verdict = await verify(await anExport(LOG), { policy: null });
    expect(verdict).toMatchObject({
      outcome: "unchecked",
      exitCode: 1,
      first: { code: "POLICY_MISSING" },
    });
    expect(verdict.checks.filter(({ state }) => state === "passed")).toHaveLength(4);
  });

  it("exits with 1 when it was not finished, is of a later version, or lacks a file", async () => {
    const unfinished = await anExport(LOG);
    unfinished.delete("export.json");
    expect(await verify(unfinished)).toMatchObject({
      exitCode: 1,
      first: { code: "EXPORT_UNFINISHED" },
    });
    const later = await anExport(LOG);
    later.set("export.json", '{"format":"ibkr-audit-export/v2"}');
    expect(await verify(later)).toMatchObject({ exitCode: 1, first: { code: "FORMAT_UNKNOWN" } });
    const headless = await anExport(LOG);
    headless.delete("checkpoint");
    expect(await verify(headless)).toMatchObject({ exitCode: 1, first: { code: "FILE_MISSING" } });
  });

  it("exits with 1 when a small file is too large to be one, without reading it to its end", async () => {
    let parts = 0;
    const endless = (function* () {
      for (;;) {
        parts += 1;
        yield new Uint8Array(1_048_576).fill(0x61);
      }
    })();
    const files = filesOf(await anExport(LOG));
    const open = async (name: string) => (name === "checkpoint" ? endless : files.open(name));
    const verdict = await verifyExport({ open }, { policy: await aPolicy() });
    expect(verdict).toMatchObject({ exitCode: 1, first: { code: "FILE_TOO_LARGE" } });
    expect(parts).toBeLessThan(20);
  });

  it("exits with 1 when the reader's checkpoint lies outside of its range", async () => {
    const folder = await anExport(LOG, { fromIndex: 20, toIndex: 30 });
    const verdict = await verify(folder, { since: [await aCheckpoint(LOG, 10)] });
    expect(verdict).toMatchObject({ exitCode: 1, first: { code: "OLDER_CHECKPOINT_OUTSIDE" } });
  });
});

describe("a log's change of key", () => {
  const at = 12;
  const rotated = async () => {
    const next = await aLogSigner(LOG.origin, 9);
    const meta = { vkey: formatVkey(next.key) };
    return {
      next,
      log: someLog(40, { events: new Map([[at, { type: "log.key_changed", meta }]]) }),
    };
  };

  it("counts from the checkpoint that both keys signed", async () => {
    const { next, log } = await rotated();
    const folder = await anExport(log, { older: [at] });
    folder.set(`checkpoints/${at}`, await aCheckpoint(log, at, [await aLogSigner(), next]));
    folder.set("checkpoint", await aCheckpoint(log, 40, [next, await aWitness()]));
    const verdict = await verify(folder);
    expect(verdict.outcome).toBe("verified");
    expect(verdict.checks.map(({ says }) => says).join()).toContain("changes of its key before: 1");
  });

  it("leaves the log unsigned where no checkpoint carries both, or the event does not come first", async () => {
    const { next, log } = await rotated();
    for (const [size, signers] of [
      [at, [await aLogSigner()]],
      [at - 1, [await aLogSigner(), next]],
    ] as const) {
      const folder = await anExport(log, { older: [size] });
      folder.set(`checkpoints/${size}`, await aCheckpoint(log, size, signers));
      folder.set("checkpoint", await aCheckpoint(log, 40, [next, await aWitness()]));
      expect(await verify(folder)).toMatchObject({ exitCode: 2, first: { code: "NOTE_UNSIGNED" } });
    }
  });

  it("takes the old key's right away: what a thief signs with it afterwards counts for nothing", async () => {
    const { next, log } = await rotated();
    const folder = await anExport(log, { older: [at] });
    folder.set(`checkpoints/${at}`, await aCheckpoint(log, at, [await aLogSigner(), next]));
    folder.set("checkpoint", await aCheckpoint(log, 40));
    expect(await verify(folder)).toMatchObject({ exitCode: 2, first: { code: "NOTE_UNSIGNED" } });
  });

  it("takes it away as well from a reader whose policy names both keys", async () => {
    const { next, log } = await rotated();
    const policy = `log ${formatVkey(next.key)}\n${await aPolicy()}`;
    const folder = await anExport(log, { older: [at] });
    folder.set(`checkpoints/${at}`, await aCheckpoint(log, at, [await aLogSigner(), next]));
    folder.set("checkpoint", await aCheckpoint(log, 40, [next, await aWitness()]));
    expect((await verify(folder, { policy })).outcome).toBe("verified");
    folder.set("checkpoint", await aCheckpoint(log, 40));
    expect((await verify(folder, { policy })).first?.code).toBe("NOTE_UNSIGNED");
  });

  it("does not trouble a reader who knows the new key alone", async () => {
    const { next, log } = await rotated();
    const folder = await anExport(log, { older: [at - 2, at] });
    folder.set(`checkpoints/${at}`, await aCheckpoint(log, at, [await aLogSigner(), next]));
    folder.set("checkpoint", await aCheckpoint(log, 40, [next, await aWitness()]));
    const policy = (await aPolicy()).replace(/^log .*/, `log ${formatVkey(next.key)}`);
    const verdict = await verify(folder, { policy });
    expect(verdict.outcome).toBe("verified");
    const said = verdict.checks.map(({ says }) => says).join();
    expect(said).toContain("older heads under other keys, not judged: 1");
    const since = [await aCheckpoint(log, at - 2)];
    expect((await verify(folder, { policy, since })).first?.code).toBe("NOTE_UNSIGNED");
  });

  it("names no key of another log", async () => {
    const meta = { vkey: formatVkey((await aLogSigner("gw.example/audit/other", 9)).key) };
    const log = someLog(20, { events: new Map([[at, { type: "log.key_changed", meta }]]) });
    const verdict = await verify(await anExport(log));
    expect(verdict).toMatchObject({ exitCode: 2, first: { code: "LOG_KEY_DIFFERS", seq: at } });
  });
});

describe("an export of more than one file", () => {
  it("ends files at the same places whatever range was asked for", () => {
    const names = (from: number, to: number) =>
      recordFilesOf(from, to).map(({ name, from_index, to_index }) => [name, from_index, to_index]);
    expect(names(0, 0)).toEqual([]);
    expect(names(0, 10_000)).toEqual([["entries/000000000.jsonl", 0, 10_000]]);
    expect(names(9_999, 20_001)).toEqual([
      ["entries/000009999.jsonl", 9_999, 10_000],
      ["entries/000010000.jsonl", 10_000, 20_000],
      ["entries/000020000.jsonl", 20_000, 20_001],
    ]);
  });

  it("is verified across its files, and not when two of them are swapped", async () => {
    const folder = await anExport(LOG);
    const all = (folder.get("entries/000000000.jsonl") ?? "").split("\n");
    folder.set("entries/000000000.jsonl", `${all.slice(0, 15).join("\n")}\n`);
    folder.set("entries/000000015.jsonl", all.slice(15).join("\n"));
    const files = '"files":[{"from_index":0,"name":"entries/000000000.jsonl","to_index":40}]';
    const split =
      '"files":[{"from_index":0,"name":"entries/000000000.jsonl","to_index":15},{"from_index":15,"name":"entries/000000015.jsonl","to_index":40}]';
    const manifest = folder.get("export.json") ?? "";
    expect(manifest).toContain(files);
    folder.set("export.json", manifest.replace(files, split));
    expect(await verify(folder)).toMatchObject({ outcome: "verified", first: null });
    const [a = "", b = ""] = ["entries/000000000.jsonl", "entries/000000015.jsonl"];
    const swapped = new Map([...folder, [a, folder.get(b) ?? ""], [b, folder.get(a) ?? ""]]);
    expect((await verify(swapped)).first).toMatchObject({
      code: "RECORD_MISSING",
      seq: 1,
      file: a,
    });
  });
});

describe("whose log it is", () => {
  it("stands in every entry, so that another account's cannot be shown in its place", () => {
    for (const text of LOG.entries) expect(text).toContain(`"account":"${ACCOUNT}"`);
  });
});
