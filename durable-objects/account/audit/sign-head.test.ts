import { parseCheckpointNote } from "@ibkr-edge-gateway/evidence/checkpoint/checkpoint.ts";
import {
  checkTrusted,
  parseTrustPolicy,
} from "@ibkr-edge-gateway/evidence/checkpoint/trust-policy.ts";
import { LogKeys } from "@ibkr-edge-gateway/evidence/keys/rotation.ts";
import { consistencyProof } from "@ibkr-edge-gateway/evidence/merkle/proofs.ts";
import { verifyConsistency } from "@ibkr-edge-gateway/evidence/merkle/verify.ts";
import { beforeEach, describe, expect, it } from "vitest";
import { auditEvent } from "../../../test/support/audit-event.ts";
import { sqlStorage } from "../../../test/support/sql-storage.ts";
import { MIGRATIONS } from "../schema.ts";
import { appendAudit, storedNodes } from "./log.ts";
import { logFile } from "./log-files.ts";
import { AUDIT_SHIP_DELAY_MS } from "./outbox.ts";
import {
  CHECKPOINT_DELAY_MS,
  CHECKPOINT_EVENTS_MAX,
  checkpointDueAt,
  isSignedAtOnce,
  type SigningParts,
  signHead,
} from "./sign-head.ts";
import { auditRowsAfter } from "./tables/log.ts";
import { readSignedLog } from "./tables/signed.ts";

// fixed dates: the log of these tests has a clock of its own.
const NOW = Date.parse("2026-11-30T10:00:00.000Z");
const SECRET = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8";
const OTHER = "ICEiIyQlJicoKSorLC0uLzAxMjM0NTY3ODk6Ozw9Pj8";

let sql: ReturnType<typeof sqlStorage>;
let clock: number;
let parts: SigningParts;
let n = 0;
const append = (events = 1) => {
  for (let at = 0; at < events; at++) appendAudit(sql, "acc_7d3f", auditEvent(++n), clock);
};

beforeEach(() => {
  sql = sqlStorage(...MIGRATIONS.map(({ sql: text }) => text));
  clock = NOW;
  parts = {
    sql,
    host: "gw.example",
    secret: SECRET,
    secretBefore: undefined,
    append: (event) => appendAudit(sql, "acc_7d3f", event, clock).seq,
    newestCopied: async () => null,
    now: () => clock,
  };
});

const head = () => parseCheckpointNote(readSignedLog(sql)?.note ?? "");
const policy = () => parseTrustPolicy(`log ${readSignedLog(sql)?.vkey}\nquorum none\n`);
const lastEvents = (count: number) =>
  sql
    .exec<{ event: string }>("SELECT event FROM audit_log ORDER BY seq DESC LIMIT ?", count)
    .toArray()
    .map(({ event }) => JSON.parse(event));

describe("heads of the log", () => {
  it("open the log with the first one, which covers what was there before and says how much", async () => {
    append(3);
    expect(await signHead(parts)).toEqual({ outcome: "signed", size: 4 });
    const log = readSignedLog(sql);
    expect(log?.origin).toMatch(/^gw\.example\/audit\/[0-9a-f]{32}$/);
    expect(head()).toMatchObject({ origin: log?.origin, size: 4 });
    expect((await checkTrusted(head(), policy())).byLog).toHaveLength(1);
    expect(lastEvents(1)[0]).toMatchObject({
      type: "log.opened",
      meta: {
        origin: log?.origin,
        vkey: log?.vkey,
        unwitnessed_before: "3",
        first_v2_index: "0",
      },
    });
  });

  it("are due with the round that copies, once a minute at most, at once for a hundred, and never for none", async () => {
    expect(checkpointDueAt(sql, SECRET)).toBeNull();
    append();
    clock += 1_000;
    append();
    expect(checkpointDueAt(sql, SECRET)).toBe(NOW + AUDIT_SHIP_DELAY_MS);
    append(CHECKPOINT_EVENTS_MAX - 3);
    expect(checkpointDueAt(sql, SECRET)).toBe(NOW + AUDIT_SHIP_DELAY_MS);
    append();
    expect(checkpointDueAt(sql, SECRET)).toBe(NOW);
    await signHead(parts);
    const signedAt = clock;
    expect(checkpointDueAt(sql, SECRET)).toBeNull();
    expect(await signHead(parts)).toEqual({ outcome: "idle" });
    clock += 10_000;
    append();
    expect(checkpointDueAt(sql, SECRET)).toBe(signedAt + CHECKPOINT_DELAY_MS);
    await signHead(parts);
    // A log that rested is signed with the copying of the next event, and its object sleeps on.
    clock += 3_600_000;
    append();
    expect(checkpointDueAt(sql, SECRET)).toBe(clock + AUDIT_SHIP_DELAY_MS);
  });

  it("follow events of orders at once, and reads and sign-ins do not hurry them", () => {
    for (const type of ["order.submitted", "approval.decided", "kill.engaged", "mandate.revoked"]) {
      expect([type, isSignedAtOnce(type)]).toEqual([type, true]);
    }
    for (const type of ["tool.call", "owner.signed_in", "broker.session", "log.opened"]) {
      expect([type, isSignedAtOnce(type)]).toEqual([type, false]);
    }
  });

  it("write one row each, and one more a day that is kept for good", async () => {
    append();
    await signHead(parts);
    const rows: number[] = [];
    for (const later of [1_000, 1_000, 86_400_000]) {
      clock += later;
      append();
      const before = sql.rowsWritten();
      await signHead(parts);
      rows.push(sql.rowsWritten() - before);
    }
    expect(rows).toEqual([1, 1, 2]);
  });

  it("lead from one to the next, and never back, however signing and appending overlap", async () => {
    append(2);
    const heads = [];
    for (let round = 0; round < 12; round++) {
      const signing = [signHead(parts), signHead(parts)];
      append(round % 4);
      await Promise.all(signing);
      append(1);
      await signHead(parts);
      heads.push(head());
    }
    const tree = storedNodes(sql);
    for (const [at, newer] of heads.entries()) {
      const older = heads[at - 1];
      if (older === undefined) continue;
      expect(newer.size).toBeGreaterThan(older.size);
      const proof = consistencyProof(older.size, newer.size, tree);
      expect(verifyConsistency(older.size, newer.size, older.root, newer.root, proof)).toBe(true);
    }
    const opened = sql.exec("SELECT 1 FROM audit_log WHERE event ->> '$.type' = 'log.opened'");
    expect(opened.toArray()).toHaveLength(1);
  });

  it("are not made without a secret, or with one that is not the log's", async () => {
    append();
    for (const secret of [undefined, "", "short", `${SECRET}=`]) {
      expect(await signHead({ ...parts, secret })).toEqual({ outcome: "idle" });
      expect(checkpointDueAt(sql, secret)).toBeNull();
    }
    await signHead(parts);
    append();
    expect(await signHead({ ...parts, secret: OTHER })).toEqual({ outcome: "other_key" });
    expect(head().size).toBe(2);
  });

  it("are not made by a log that its copy is ahead of, or other than: it may be an older state", async () => {
    append(3);
    const leaf = (seq: number) => auditRowsAfter(sql, seq - 1, 1)[0]?.leaf_hash ?? "";
    const copy = (seq: number, leaf_hash: string) =>
      signHead({ ...parts, newestCopied: async () => ({ seq, leaf_hash }) });
    expect(await copy(4, "0".repeat(64))).toEqual({ outcome: "copy_differs" });
    expect(await copy(3, leaf(2))).toEqual({ outcome: "copy_differs" });
    expect(readSignedLog(sql)).toBeNull();
    expect(await copy(2, leaf(2))).toMatchObject({ outcome: "signed" });
  });

  it("hand over to a new key: noted in the log, and one head signed by both", async () => {
    append();
    await signHead(parts);
    const trusted = policy();
    const keys = new LogKeys(trusted.logs);
    await keys.check(head(), trusted, null);
    append();
    const changed = { ...parts, secret: OTHER, secretBefore: SECRET };
    expect(await signHead(changed)).toMatchObject({ outcome: "signed" });
    const [event] = lastEvents(1);
    expect(event).toMatchObject({ type: "log.key_changed" });
    expect(head().note.signatures).toHaveLength(2);
    keys.announce(event.meta.vkey, head().size, head().origin);
    await keys.check(head(), trusted, null);
    append();
    // The old one may be forgotten now, and alone it counts no more.
    await signHead({ ...changed, secretBefore: undefined });
    expect(head().note.signatures).toHaveLength(1);
    await keys.check(head(), trusted, null);
    expect(keys.changes).toBe(1);
    expect(await signHead(parts)).toEqual({ outcome: "other_key" });
  });

  it("are not signed for the key alone when nothing was added since", async () => {
    append();
    await signHead(parts);
    const { size } = head();
    await signHead({ ...parts, secret: OTHER, secretBefore: SECRET });
    expect(head().size).toBe(size + 1);
  });
});

describe("the log as it is served", () => {
  it("gives hashes as far as a head covers them, no entry, and nothing of another log", async () => {
    append(299);
    await signHead(parts);
    append(5);
    const id = readSignedLog(sql)?.logId ?? "";
    const size = (path: string) => {
      const file = logFile(sql, id, path);
      return file?.kind === "tile" ? file.bytes.length / 32 : (file?.kind ?? null);
    };
    expect(size("tile/0/000")).toBe(256);
    expect(size("tile/0/001.p/44")).toBe(44);
    // Of a smaller head that somebody may still hold; and of none yet.
    expect(size("tile/0/001.p/10")).toBe(10);
    expect(size("tile/0/001.p/45")).toBeNull();
    expect(size("tile/1/000.p/1")).toBe(1);
    expect(size("tile/entries/000")).toBe("owner_only");
    for (const path of [
      "tile/0/0",
      "tile/0/000.p/256",
      "tile/64/000",
      "",
      "../checkpoint",
      "log",
    ]) {
      expect([path, size(path)]).toEqual([path, null]);
    }
    expect(logFile(sql, "0".repeat(32), "checkpoint")).toBeNull();
    expect(logFile(sql, id, "vkey")).toEqual({
      kind: "text",
      text: `${readSignedLog(sql)?.vkey}\n`,
    });
  });
});
