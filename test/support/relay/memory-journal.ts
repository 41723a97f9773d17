import { utf8Length } from "@ibkr-edge-gateway/protocol/relay/frame-codec.ts";
import type { JobTerminal } from "@ibkr-edge-gateway/protocol/relay/job-messages.ts";
import type {
  JournalIndex,
  JournalWrite,
  SidecarJob,
} from "@ibkr-edge-gateway/protocol/relay/sidecar/sidecar-state.ts";

interface StoredJob {
  digest: string;
  brokerAccount: string | null;
  state: "accepted" | "started" | "done";
  seq: number | null;
  terminal: JobTerminal | null;
}

/** The journal as a value in memory: what survives a crash of the sidecar in a simulated world. */
export interface MemoryJournal {
  id: string;
  newest: number;
  acked: number;
  forgottenThrough: string;
  events: { seq: number; type: string; payload: string }[];
  jobs: Map<string, StoredJob>;
  /** Every commit fails, as on a full disk. */
  full: boolean;
}

export function memoryJournal(id: string): MemoryJournal {
  return {
    id,
    newest: 0,
    acked: 0,
    forgottenThrough: "",
    events: [],
    jobs: new Map(),
    full: false,
  };
}

export function commitTo(journal: MemoryJournal, writes: readonly JournalWrite[]): void {
  if (journal.full) throw new Error("the disk is full");
  for (const write of writes) {
    switch (write.kind) {
      case "accepted":
        journal.jobs.set(write.submit.job_id, {
          digest: write.digest,
          brokerAccount: write.submit.grant.broker_account ?? null,
          state: "accepted",
          seq: null,
          terminal: null,
        });
        break;
      case "started":
        entry(journal, write.jobId).state = "started";
        break;
      case "event": {
        if (write.seq !== journal.newest + 1) throw new Error("a hole in the journal");
        journal.newest = write.seq;
        journal.events.push({ seq: write.seq, type: write.type, payload: write.payload });
        if (write.jobId !== null) {
          const job = entry(journal, write.jobId);
          if (job.state === "done") throw new Error("a second end of one job");
          job.state = "done";
          job.seq = write.seq;
          job.terminal = { type: write.type, payload: JSON.parse(write.payload) } as JobTerminal;
        }
        break;
      }
      case "acked":
        journal.acked = write.seq;
        journal.events = journal.events.filter(({ seq }) => seq > write.seq);
        break;
      case "forget":
        for (const jobId of write.jobIds) journal.jobs.delete(jobId);
        journal.forgottenThrough = write.through;
    }
  }
}

export function loadFrom(journal: MemoryJournal): {
  index: JournalIndex;
  jobs: Map<string, SidecarJob>;
} {
  const jobs = new Map<string, SidecarJob>();
  for (const [jobId, job] of journal.jobs) {
    const { digest, brokerAccount, state, seq } = job;
    jobs.set(jobId, { class: "write", digest, brokerAccount, deadlineAt: 0, state, seq });
  }
  return {
    jobs,
    index: {
      id: journal.id,
      newestSeq: journal.newest,
      ackedSeq: journal.acked,
      unackedBytes: unackedBytesOf(journal),
      forgottenThrough: journal.forgottenThrough,
      brokenUntil: 0,
      standIn: false,
    },
  };
}

export function unackedBytesOf(journal: MemoryJournal): number {
  return journal.events.reduce((sum, { payload }) => sum + utf8Length(payload), 0);
}

/** A new journal under a new id; what was not acknowledged is numbered from 1. */
export function restartJournal(journal: MemoryJournal, id: string): void {
  if (journal.full) throw new Error("the disk is full");
  for (const [jobId, job] of journal.jobs) {
    if (job.seq === null) continue;
    if (job.seq > journal.acked) {
      job.seq -= journal.acked;
      continue;
    }
    journal.jobs.delete(jobId);
    if (jobId > journal.forgottenThrough) journal.forgottenThrough = jobId;
  }
  journal.events = journal.events.map((event) => ({ ...event, seq: event.seq - journal.acked }));
  journal.newest -= journal.acked;
  journal.acked = 0;
  journal.id = id;
}

function entry(journal: MemoryJournal, jobId: string): StoredJob {
  const job = journal.jobs.get(jobId);
  if (job === undefined) throw new Error(`the journal does not hold ${jobId}`);
  return job;
}
