import {
  copyFileSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { JournalWrite } from "@ibkr-edge-gateway/protocol/relay/sidecar/sidecar-state.ts";
import { ulid } from "@ibkr-edge-gateway/protocol/ulid.ts";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { JournalBusyError } from "./open-database.ts";
import { type Journal, openJournal } from "./relay-journal.ts";

const [A, B] = [ulid(100_000), ulid(200_000)];

let folder: string;
let path: string;
const open: Journal[] = [];

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "ibkr-sidecar-journal-"));
  path = join(folder, "journal.sqlite");
});

afterEach(() => {
  for (const journal of open.splice(0)) journal.close();
  rmSync(folder, { recursive: true, force: true });
});

function journalAt(
  where = path,
  more: {
    maxPages?: number;
    onDamaged?: (to: string) => void;
    placeOf?: () => string;
    onCopied?: () => void;
  } = {},
) {
  const journal = openJournal({ path: where, now: () => Date.UTC(2026, 10, 20), ...more });
  open.push(journal);
  return journal;
}

function close(journal: Journal): void {
  open.splice(open.indexOf(journal), 1);
  journal.close();
}

function accepted(jobId: string): JournalWrite {
  return {
    kind: "accepted",
    digest: `digest ${jobId}`,
    submit: {
      job_id: jobId,
      operation: "test.write",
      input: {},
      input_sha256: "0".repeat(64),
      grant: {
        capability: "orders.paper",
        broker_account: "DU1",
        scope: "test",
        expires_at: "2026-11-20T00:01:00.000Z",
      },
      deadline_ms: 1_000,
    },
  };
}

function event(seq: number, size = 10): JournalWrite {
  return {
    kind: "event",
    seq,
    type: "broker.order",
    payload: `"${"x".repeat(size)}"`,
    jobId: null,
  };
}

function terminal(seq: number, jobId: string): JournalWrite {
  const payload = { job_id: jobId, result: { order: 1 }, result_sha256: "0".repeat(64) };
  return { kind: "event", seq, type: "job.result", payload: JSON.stringify(payload), jobId };
}

describe("the sidecar's journal", () => {
  it("keeps jobs, events and the acknowledged mark across restarts", () => {
    const first = journalAt();
    const { id } = first.load().index;
    first.commit([accepted(A)]);
    first.commit([{ kind: "started", jobId: A }]);
    first.commit([accepted(B), event(1)]);
    first.commit([terminal(2, A)]);
    first.commit([{ kind: "acked", seq: 1 }]);
    close(first);

    const second = journalAt();
    const { index, jobs } = second.load();
    expect(index).toMatchObject({ id, newestSeq: 2, ackedSeq: 1 });
    expect(jobs.get(A)).toMatchObject({ state: "done", seq: 2 });
    expect(jobs.get(B)).toMatchObject({ state: "accepted", brokerAccount: "DU1" });
    expect(second.eventsAfter(0, 10).map(({ seq }) => seq)).toEqual([2]);
    expect(second.terminal(A)).toMatchObject({ seq: 2, terminal: { type: "job.result" } });
    expect(second.terminal(B)).toBeNull();
  });

  it("of a version before opens on a full disk too, and takes its place when there is room", () => {
    close(journalAt());
    const place = "x".repeat(100_000);
    let copies = 0;
    const more = { placeOf: () => place, onCopied: () => (copies += 1) };
    const full = journalAt(path, { ...more, maxPages: 1 });
    const id = full.load().index.id;
    close(full);
    close(journalAt(path, more));
    expect(copies).toBe(0);
    const moved = journalAt(path, { ...more, placeOf: () => "elsewhere" });
    expect(copies).toBe(1);
    expect(moved.load().index.id).not.toBe(id);
  });

  it("a copy of it begins a new one, in which what was under way may have been begun by the other", () => {
    let copies = 0;
    const at = (place: string, where = path) =>
      journalAt(where, { placeOf: () => place, onCopied: () => (copies += 1) });
    // One of a version that knew no places is where it is.
    const older = journalAt();
    const { id } = older.load().index;
    older.commit([accepted(A), accepted(B), event(1), event(2)]);
    older.commit([{ kind: "started", jobId: A }]);
    older.commit([{ kind: "acked", seq: 1 }]);
    close(older);
    for (const _start of [1, 2]) {
      const same = at("here");
      expect(same.load().index.id).toBe(id);
      expect(same.load().jobs.get(B)).toMatchObject({ state: "accepted" });
      close(same);
    }
    expect(copies).toBe(0);

    const elsewhere = join(folder, "copy.sqlite");
    copyFileSync(path, elsewhere);
    const copy = at("there", elsewhere);
    const { index, jobs } = copy.load();
    expect(copies).toBe(1);
    expect(index.id).not.toBe(id);
    expect(index).toMatchObject({ newestSeq: 1, ackedSeq: 0 });
    expect([...jobs.values()].map(({ state }) => state)).toEqual(["started", "started"]);
    close(copy);
    const again = at("there", elsewhere);
    expect(again.load().index.id).toBe(index.id);
    expect(copies).toBe(1);
  });

  it("a commit is all or nothing", () => {
    const journal = journalAt();
    journal.commit([accepted(A)]);
    expect(() => journal.commit([event(1), accepted(A)])).toThrow();
    expect(journal.eventsAfter(0, 10)).toEqual([]);
    expect(journal.load().index.newestSeq).toBe(0);
  });

  it("is for its owner's eyes only", () => {
    journalAt();
    expect(statSync(path).mode & 0o777).toBe(0o600);
  });

  it("belongs to one process at a time", () => {
    journalAt();
    expect(() => journalAt()).toThrow(JournalBusyError);
  });

  it("a full disk refuses what would be written, keeps what was, and takes more once there is room", () => {
    const journal = journalAt(path, { maxPages: 40 });
    journal.commit([accepted(A)]);
    let seq = 0;
    expect(() => {
      for (;;) {
        journal.commit([event(seq + 1, 2_000)]);
        seq += 1;
      }
    }).toThrow(/full/i);
    expect(seq).toBeGreaterThan(10);
    expect(journal.load().index.newestSeq).toBe(seq);
    expect(journal.load().jobs.get(A)?.state).toBe("accepted");
    journal.commit([{ kind: "acked", seq }]);
    journal.commit([event(seq + 1, 2_000)]);
    expect(journal.load().index).toMatchObject({ newestSeq: seq + 1, ackedSeq: seq });
  });

  it("does not grow without end while events come and are acknowledged", () => {
    const journal = journalAt();
    for (let round = 0; round < 40; round += 1) {
      const from = round * 50;
      journal.commit(Array.from({ length: 50 }, (_, n) => event(from + n + 1, 1_000)));
      journal.commit([{ kind: "acked", seq: from + 50 }]);
    }
    close(journal);
    expect(statSync(path).size).toBeLessThan(512 * 1024);
  });

  it("a torn last write is as if it had never been begun, at whatever byte it tore", () => {
    const journal = journalAt();
    journal.commit([accepted(A)]);
    const whole = readFileSync(`${path}-wal`).length;
    journal.commit([{ kind: "started", jobId: A }, event(1)]);
    const after = readFileSync(`${path}-wal`).length;
    expect(after).toBeGreaterThan(whole);
    for (let cut = 0; cut < 12; cut += 1) {
      const torn = join(folder, `torn-${cut}.sqlite`);
      copyFileSync(path, torn);
      copyFileSync(`${path}-wal`, `${torn}-wal`);
      truncateSync(`${torn}-wal`, whole + Math.floor(((after - whole - 1) * cut) / 11));
      const reopened = journalAt(torn);
      const { index, jobs } = reopened.load();
      expect(index.newestSeq).toBe(0);
      expect(jobs.get(A)?.state).toBe("accepted");
      reopened.commit([{ kind: "started", jobId: A }, event(1)]);
      expect(reopened.load().jobs.get(A)?.state).toBe("started");
      close(reopened);
    }
  });

  it("a scrambled last write is not believed either", () => {
    const journal = journalAt();
    journal.commit([accepted(A)]);
    const whole = readFileSync(`${path}-wal`).length;
    journal.commit([{ kind: "started", jobId: A }]);
    const torn = join(folder, "torn.sqlite");
    const wal = readFileSync(`${path}-wal`);
    wal.fill(0x5a, whole + 100);
    copyFileSync(path, torn);
    writeFileSync(`${torn}-wal`, wal);
    expect(journalAt(torn).load().jobs.get(A)?.state).toBe("accepted");
  });

  it("a file that is no journal any more is put aside, and a new one begins under a new id", () => {
    const first = journalAt();
    const { id } = first.load().index;
    first.commit([event(1)]);
    close(first);
    writeFileSync(path, Buffer.alloc(8_192, 0x5a));
    const moved: string[] = [];
    const second = journalAt(path, { onDamaged: (to) => moved.push(to) });
    expect(moved).toHaveLength(1);
    expect(second.load().index).toMatchObject({ newestSeq: 0, ackedSeq: 0 });
    expect(second.load().index.id).not.toBe(id);
    expect(readFileSync(moved[0] ?? "").length).toBe(8_192);
  });

  it("begins anew with what is not acknowledged, numbered from one, and forgets the rest", () => {
    const journal = journalAt();
    const { id } = journal.load().index;
    const [done, open, late] = [ulid(1_000), ulid(2_000), ulid(3_000)];
    journal.commit([accepted(done), accepted(open), accepted(late)]);
    journal.commit([terminal(1, done), event(2), event(3), terminal(4, late)]);
    journal.commit([{ kind: "acked", seq: 2 }]);
    const { index, jobs } = journal.restart();
    expect(index).toMatchObject({ newestSeq: 2, ackedSeq: 0, forgottenThrough: done });
    expect(index.id).not.toBe(id);
    expect(journal.eventsAfter(0, 10).map(({ seq, type }) => [seq, type])).toEqual([
      [1, "broker.order"],
      [2, "job.result"],
    ]);
    expect([...jobs.keys()].sort()).toEqual([open, late].sort());
    expect(journal.terminal(late)?.seq).toBe(2);
  });

  it("forgets jobs when told, and remembers through which id", () => {
    const journal = journalAt();
    journal.commit([accepted(A), accepted(B)]);
    journal.commit([{ kind: "forget", jobIds: [A], through: A }]);
    const { index, jobs } = journal.load();
    expect([...jobs.keys()]).toEqual([B]);
    expect(index.forgottenThrough).toBe(A);
  });

  it("counts what waits for an acknowledgement", () => {
    const journal = journalAt();
    journal.commit([event(1, 98), event(2, 198)]);
    expect(journal.unackedBytes()).toBe(300);
    journal.commit([{ kind: "acked", seq: 1 }]);
    expect(journal.unackedBytes()).toBe(200);
  });
});
