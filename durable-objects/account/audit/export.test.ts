import { cp, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseCheckpointNote } from "@ibkr-edge-gateway/evidence/checkpoint/checkpoint.ts";
import { entryBytes } from "@ibkr-edge-gateway/evidence/event/entry.ts";
import { confirmArrival } from "@ibkr-edge-gateway/evidence/export/confirm-arrival.ts";
import { ExportPart } from "@ibkr-edge-gateway/evidence/export/export-part.ts";
import { parseManifest } from "@ibkr-edge-gateway/evidence/export/manifest.ts";
import {
  type ReceivedPart,
  receivedParts,
} from "@ibkr-edge-gateway/evidence/export/received-parts.ts";
import { verifyExport } from "@ibkr-edge-gateway/evidence/export/verify-export.ts";
import {
  type ExportSource,
  type ExportTarget,
  writeExport,
} from "@ibkr-edge-gateway/evidence/export/write-export.ts";
import { hashLeaf } from "@ibkr-edge-gateway/evidence/merkle/hash.ts";
import { exportInto, filesIn, nodeSha256 } from "@ibkr-edge-gateway/evidence/node/folder.ts";
import type { AuditExportQuery } from "@ibkr-edge-gateway/protocol/audit/export-query.ts";
import { canonicalJson } from "@ibkr-edge-gateway/protocol/digest.ts";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { auditEvent } from "../../../test/support/audit-event.ts";
import { sqlStorage } from "../../../test/support/sql-storage.ts";
import { MIGRATIONS } from "../schema.ts";
import { exportPart, isWhatArrived } from "./export.ts";
import { appendAudit } from "./log.ts";
import { signHead } from "./sign-head.ts";
import { eraseSalts, storedSalts } from "./tables/log.ts";

const ACCOUNT = "acc_7d3f";
const BROKER_ACCOUNTS = ["DU7000001", "U1234567"];
const START = Date.parse("2026-11-20T10:00:00.000Z");
const SECRET = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8";
const SECOND = 1_000;
/** More than one file of an export holds, with the event that opens the log. */
const ENTRIES = 10_100;
const ERASED = 33;

let sql: SqlStorage;
let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "export-"));
  sql = sqlStorage(...MIGRATIONS.map(({ sql: text }) => text));
  insertV1(1);
  for (let n = 2; n < ENTRIES; n++) {
    if (n === 5_000) await sign(n);
    const account = n % 3 === 0 ? (BROKER_ACCOUNTS[n % 2] ?? null) : null;
    const hidden = { account, input: "0".repeat(64), output: null };
    appendAudit(sql, ACCOUNT, auditEvent(n, { hidden }), START + n * SECOND);
  }
  eraseSalts(sql, ERASED);
  await sign(ENTRIES);
}, 60_000);
afterAll(() => rm(folder, { recursive: true }));

/** Signed on another day than the head before, so that it is kept. */
const sign = (n: number) =>
  signHead({
    sql,
    host: "gw.example",
    secret: SECRET,
    secretBefore: undefined,
    append: (event) => appendAudit(sql, ACCOUNT, event, START + n * SECOND).seq,
    newestCopied: async () => null,
    now: () => START + n * 86_400_000,
  });

/** An event as the version before wrote it. */
function insertV1(seq: number): void {
  const { hidden: _, ...common } = auditEvent(seq);
  const event = canonicalJson({ ...common, v: 1, input_hash: "a".repeat(64), output_hash: null });
  const leaf = hashLeaf(entryBytes({ account: ACCOUNT, seq, event })).slice().buffer;
  sql.exec(
    "INSERT INTO audit_log (seq, nodes, event, appended_at) VALUES (?, ?, ?, ?)",
    seq,
    leaf,
    event,
    START + seq * SECOND,
  );
}

/** What the gateway answers, as text, so that what is tested is what travels. */
function source(query: AuditExportQuery = {}, whose: "owner" | "others" = "owner") {
  const asked: (number | null)[] = [];
  const made: ExportSource = {
    async part({ fromIndex, toIndex }) {
      asked.push(fromIndex);
      const parts = { sql, account: ACCOUNT, brokerAccounts: () => BROKER_ACCOUNTS };
      const wanted = {
        ...query,
        ...(fromIndex === null ? {} : { fromIndex }),
        ...(toIndex === null ? {} : { toIndex }),
      };
      return ExportPart.parse(JSON.parse(JSON.stringify(exportPart(parts, wanted, whose))));
    },
  };
  return { ...made, asked };
}

const written = (to: string, from: ExportSource = source(), asked = "all") =>
  writeExport(from, exportInto(join(folder, to)), { asked, sha256: nodeSha256 });

async function judged(name: string) {
  const files = filesIn(join(folder, name));
  const policy = await readFile(join(folder, name, "trust.policy"), "utf8");
  return verifyExport(files, { policy, sha256: nodeSha256 });
}

const says = (verdict: Awaited<ReturnType<typeof judged>>, name: string) =>
  verdict.checks.find((check) => check.name === name)?.says;

/** A folder whose `n`th write fails, as a disk or a Ctrl-C does. */
function stoppedAt(target: ExportTarget, write: number): ExportTarget {
  let left = write;
  return {
    ...target,
    async write(name, text) {
      left -= 1;
      if (left === 0) throw new Error("stopped");
      await target.write(name, text);
    },
  };
}

describe("an export of the log", () => {
  it("is the whole of it, file by file, with what opens its accounts, and verifies", async () => {
    const manifest = await written("whole");
    expect(manifest).toMatchObject({ fromIndex: 0, toIndex: ENTRIES, tail: [] });
    expect(manifest.files).toHaveLength(2);
    expect(manifest.checkpoints).toEqual(["checkpoints/5000"]);
    const verdict = await judged("whole");
    expect([verdict.outcome, verdict.first]).toEqual(["verified", null]);
    expect(says(verdict, "entries")).toContain(`${ENTRIES} entries`);
    expect(says(verdict, "events")).toBe(`1 of version 1, ${ENTRIES - 1} of version 2`);
    const accounts = Math.floor((ENTRIES - 1) / 3);
    expect(says(verdict, "openings")).toContain(`${accounts - 1} private values`);
    expect(says(verdict, "erased")).toContain("1 private values were erased");
  });

  it("goes on where it was stopped, wherever that was, and is the same in the end", async () => {
    const whole = await readFile(join(folder, "whole", "entries", "000010000.jsonl"), "utf8");
    for (const write of [1, 3, 5, 6, 9]) {
      const name = `stopped-${write}`;
      const target = exportInto(join(folder, name));
      const first = source();
      const stopped = writeExport(first, stoppedAt(target, write), { asked: "all" });
      await expect(stopped).rejects.toThrow("stopped");
      const unfinished = await verifyExport(filesIn(join(folder, name)), { policy: null });
      expect(unfinished.first?.code).toBe("EXPORT_UNFINISHED");
      const second = source();
      await written(name, second);
      // A file that was whole is not asked for again.
      if (write > 4) expect(second.asked).not.toContain(0);
      expect((await judged(name)).outcome).toBe("verified");
      expect(await readFile(join(folder, name, "entries", "000010000.jsonl"), "utf8")).toBe(whole);
    }
  });

  it("of a range is led to the same head from both sides", async () => {
    for (const [fromIndex, toIndex] of [
      [0, 1],
      [1, 2],
      [4_999, 5_001],
      [9_998, 10_002],
      [ENTRIES - 1, ENTRIES],
      [7, 7],
    ] as const) {
      const name = `range-${fromIndex}-${toIndex}`;
      const manifest = await written(name, source({ fromIndex, toIndex }), name);
      expect(manifest).toMatchObject({ fromIndex, toIndex });
      const verdict = await judged(name);
      expect([verdict.outcome, verdict.first]).toEqual(["verified", null]);
    }
  });

  it("is by moments too, the end left out", async () => {
    const at = (n: number) => new Date(START + n * SECOND).toISOString();
    const manifest = await written("days", source({ from: at(10), to: at(12) }), "days");
    expect(manifest).toMatchObject({ fromIndex: 9, toIndex: 11 });
    expect((await judged("days")).outcome).toBe("verified");
  });

  it("for others begins behind the events of version 1 and opens nothing", async () => {
    const manifest = await written("others", source({}, "others"), "others");
    expect(manifest.fromIndex).toBe(1);
    const verdict = await judged("others");
    expect([verdict.outcome, says(verdict, "openings")]).toEqual(["verified", undefined]);
    const asked = exportPart(
      { sql, account: ACCOUNT, brokerAccounts: () => BROKER_ACCOUNTS },
      { fromIndex: 0, toIndex: 3 },
      "others",
    );
    expect([asked?.fromIndex, asked?.entries.length, asked?.openings]).toEqual([1, 2, []]);
    expect(JSON.stringify(asked)).not.toContain("a".repeat(64));
  });

  it("is not mixed with another one in its folder", async () => {
    await expect(written("whole")).rejects.toThrow("finished");
    const target = stoppedAt(exportInto(join(folder, "mixed")), 2);
    await expect(writeExport(source(), target, { asked: "one" })).rejects.toThrow("stopped");
    await expect(written("mixed", source(), "another")).rejects.toThrow("another export");
  });

  it("takes no entry of another place from whoever answers", async () => {
    const honest = source();
    const shifted: ExportSource = {
      async part(asked) {
        const part = await honest.part(asked);
        return asked.fromIndex === null ? part : { ...part, fromIndex: part.fromIndex + 1 };
      },
    };
    await expect(written("shifted", shifted)).rejects.toMatchObject({ code: "RECORD_MISSING" });
    const changed: ExportSource = {
      async part(asked) {
        const part = await honest.part(asked);
        const entries = part.entries.map((text) => text.replace("positions.list", "nothing"));
        return { ...part, entries };
      },
    };
    await written("changed", changed);
    expect((await judged("changed")).first?.code).toBe("ROOT_DIFFERS");
  });

  it("holds heads that its reader can keep", async () => {
    const note = await readFile(join(folder, "whole", "checkpoint"), "utf8");
    expect(parseCheckpointNote(note).size).toBe(ENTRIES);
  });
});

describe("what arrived", () => {
  const parts = () => ({ sql, brokerAccounts: () => BROKER_ACCOUNTS });
  const manifestOf = async (name: string) =>
    parseManifest(await readFile(join(folder, name, "export.json"), "utf8"));
  const held = async (name: string, entriesMax: number) => {
    const read: ReceivedPart[] = [];
    const manifest = await manifestOf(name);
    const files = filesIn(join(folder, name));
    const options = { entriesMax, sha256: nodeSha256 };
    for await (const part of receivedParts(files, manifest, options)) read.push(part);
    return read;
  };
  const stands = ({ fromIndex, end, sha256 }: Omit<ReceivedPart, "whereErased">) =>
    isWhatArrived(parts(), { from_index: fromIndex, end, sha256 });

  it("is what the reader's disk holds of a range, part by part, with what opens it", async () => {
    const read = await held("whole", 4_000);
    expect(read.map(({ fromIndex, end }) => [fromIndex, end])).toEqual([
      [0, 4_000],
      [4_000, 8_000],
      [8_000, ENTRIES],
    ]);
    expect(read.map(stands)).toEqual([true, true, true]);
  });

  it("is noted where values were erased while it was exported, and what else differs is not", async () => {
    const own = { files: filesIn(join(folder, "whole")), manifest: await manifestOf("whole") };
    // The first and the last have an account that the export opens; the one between has none.
    const erased = [3, 4, 9_001];
    const kept = erased.map((seq) => storedSalts(sql, seq));
    const told: boolean[] = [];
    const keeper = {
      source: source(),
      tell: async (part: { fromIndex: number; end: number; sha256: string }) => {
        told.push(stands(part));
        return told.at(-1) === true;
      },
    };
    const options = { entriesMax: 4_000, sha256: nodeSha256 };
    for (const seq of erased) eraseSalts(sql, seq);
    try {
      const found = await confirmArrival(own, keeper, options);
      expect(found).toEqual({ erasedMeanwhile: 2, notNoted: null });
      expect(told).toEqual([false, true, true, false, true]);
      // A folder that lost an opening by itself is another case, whatever was erased there.
      await cp(join(folder, "whole"), join(folder, "torn-too"), { recursive: true });
      const openings = join(folder, "torn-too", "openings.jsonl");
      const [_first, ...rest] = (await readFile(openings, "utf8")).split("\n");
      await writeFile(openings, rest.join("\n"));
      const torn = { files: filesIn(join(folder, "torn-too")), manifest: own.manifest };
      const refused = await confirmArrival(torn, keeper, options);
      expect(refused).toEqual({ erasedMeanwhile: 0, notNoted: { fromIndex: 0, end: 4_000 } });
    } finally {
      for (const [at, seq] of erased.entries()) {
        sql.exec("UPDATE audit_log SET salts = ? WHERE seq = ?", kept[at] ?? null, seq);
      }
    }
    expect((await judged("whole")).outcome).toBe("verified");
  });

  it("is not what lacks an opening, an entry or a whole part, and not more than may be asked", async () => {
    const [part] = await held("whole", 4_000);
    if (part === undefined) throw new Error("nothing was read");
    expect(stands({ ...part, end: part.end - 1 })).toBe(false);
    expect(stands({ ...part, fromIndex: 1 })).toBe(false);
    expect(stands({ ...part, end: part.fromIndex })).toBe(false);
    expect(stands({ ...part, end: ENTRIES + 1 })).toBe(false);
    expect(stands({ ...part, sha256: "0".repeat(64) })).toBe(false);
    const more = await held("whole", ENTRIES);
    expect(more.map(stands)).toEqual([false]);
    await cp(join(folder, "whole"), join(folder, "torn"), { recursive: true });
    const openings = join(folder, "torn", "openings.jsonl");
    const [_first, ...rest] = (await readFile(openings, "utf8")).split("\n");
    await writeFile(openings, rest.join("\n"));
    expect((await held("torn", 4_000)).map(stands)).toEqual([false, true, true]);
  });
});
