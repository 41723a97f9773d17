import { listAuditLog } from "../../d1/tables/audit-logs.ts";
import { copiedAfter, copiedLeaf, newestCopied } from "../../d1/tables/joint/copied-events.ts";
import { logAbandoned } from "../platform/log-abandoned.ts";
import type { ObjectEnv } from "../platform/object-env.ts";
import { logEvent, type NewAuditEvent } from "./events.ts";
import { type RestoreReport, restoreFromCopy } from "./restore-from-copy.ts";
import { checkpointDueAt, type SignReport, signHead } from "./sign-head.ts";
import { noteListed, readSignedLog } from "./tables/signed.ts";
import { createWitnessing, type Witnessing, type WitnessingParts } from "./witness.ts";

export interface LogKeeperParts {
  readonly sql: () => SqlStorage;
  readonly accountId: string;
  readonly env: Pick<ObjectEnv, "DB" | "PUBLIC_ORIGIN" | "EVIDENCE_KEY" | "EVIDENCE_KEY_BEFORE">;
  readonly atomic: <T>(act: () => T) => T;
  readonly append: (event: NewAuditEvent) => number;
  readonly connected: WitnessingParts["connected"];
  readonly show: WitnessingParts["show"];
  readonly now: () => number;
}

/** Why no head of the audit log is signed, for the operator. */
const UNSIGNED: Partial<Record<SignReport["outcome"] | RestoreReport["outcome"], string>> = {
  other_key:
    "EVIDENCE_KEY is not the key this log was signed with. Set EVIDENCE_KEY_BEFORE to that one.",
  copy_differs:
    "The log's copy in D1 holds events that the account's object does not have, or others. Its storage may be an older state; no head is signed until they are back.",
  differs:
    "The log's copy in D1 contradicts what the object has signed. Nothing is put back and no head is signed: one of the two was changed.",
};

/** Signs the log's heads, has the PC cosign them, and puts back what an older state has lost. */
export class LogKeeper {
  readonly #parts: LogKeeperParts;
  readonly #witnessing: Witnessing;
  /** Whether the log agreed with its copy since the object started. */
  #copyAgreed = false;
  /** Whether a head is being signed, and another one wanted since. */
  #signing: "none" | "once" | "again" = "none";
  #healing: Promise<void> | null = null;
  /** Signing and healing go one after the other: a head covers no log whose end is about to move. */
  #turn: Promise<unknown> = Promise.resolve();

  constructor(parts: LogKeeperParts) {
    this.#parts = parts;
    const { sql, connected, show, append, now } = parts;
    const heal = () => this.#heal();
    this.#witnessing = createWitnessing({ sql, connected, show, append, now, heal });
  }

  get witnessing(): Pick<Witnessing, "answered"> {
    return this.#witnessing;
  }

  /** After the step that is in progress: the session must be there first. Fails nobody. */
  reconnected(): void {
    void Promise.resolve()
      .then(() => this.#witnessing.reconnected())
      .catch(logAbandoned("audit.show"));
  }

  /** After the turn, so that what it adds is under one head; the alarm makes up for one that is lost. */
  signSoon(): void {
    if (this.#signing !== "none") {
      this.#signing = "again";
      return;
    }
    this.#signing = "once";
    void Promise.resolve()
      .then(() => this.#sign())
      .catch(logAbandoned("audit.sign"))
      .finally(() => {
        const again = this.#signing === "again";
        this.#signing = "none";
        if (again) this.signSoon();
      });
  }

  /** When the alarm should next call {@link signIfDue}; null when nothing waits for a head. */
  dueAt(): number | null {
    return checkpointDueAt(this.#parts.sql(), this.#parts.env.EVIDENCE_KEY);
  }

  /** Signs a head over all there is, for the last time; fails nobody. */
  async signLast(): Promise<void> {
    await this.#sign().catch(logAbandoned("audit.sign"));
  }

  /** The alarm's part of signing; it fails nobody, and comes again with the next alarm. */
  async signIfDue(): Promise<void> {
    const { env, accountId, now } = this.#parts;
    try {
      const dueAt = this.dueAt();
      if (dueAt !== null && dueAt <= now()) await this.#sign();
      const sql = this.#parts.sql();
      const log = readSignedLog(sql);
      if (log === null || log.listed) return;
      await listAuditLog(env.DB, log.logId, accountId);
      noteListed(sql);
    } catch (error) {
      logAbandoned("audit.sign")(error);
    }
  }

  async #sign(): Promise<void> {
    const { outcome } = await this.#inTurn(() => this.#signOnce());
    if (outcome !== "copy_differs") return;
    await this.#heal();
  }

  #inTurn<T>(act: () => Promise<T>): Promise<T> {
    const done = this.#turn.then(act);
    this.#turn = done.catch(() => undefined);
    return done;
  }

  async #signOnce(): Promise<SignReport> {
    const { env, accountId, append, now } = this.#parts;
    const report = await signHead({
      sql: this.#parts.sql(),
      host: new URL(env.PUBLIC_ORIGIN).host,
      secret: env.EVIDENCE_KEY,
      secretBefore: env.EVIDENCE_KEY_BEFORE,
      append,
      newestCopied: async () => (this.#copyAgreed ? null : newestCopied(env.DB, accountId)),
      now,
    });
    if (report.outcome === "signed") {
      this.#copyAgreed = true;
      this.#witnessing.signed();
    }
    sayWhy(report.outcome);
    return report;
  }

  /** One at a time; whoever asks meanwhile waits for the same end. */
  #heal(): Promise<void> {
    this.#healing ??= this.#inTurn(() => this.#healNow()).finally(() => {
      this.#healing = null;
    });
    return this.#healing;
  }

  async #healNow(): Promise<void> {
    const { env, accountId, atomic, append, now } = this.#parts;
    const report = await restoreFromCopy({
      sql: this.#parts.sql(),
      accountId,
      atomic,
      copy: {
        newest: () => newestCopied(env.DB, accountId),
        leaf: (seq) => copiedLeaf(env.DB, accountId, seq),
        after: (seq, limit) => copiedAfter(env.DB, accountId, seq, limit),
      },
    });
    sayWhy(report.outcome);
    if (report.outcome !== "healed") return;
    const meta = { restored: String(report.restored), moved: String(report.moved) };
    append(logEvent("log.healed", now(), { meta }));
    await this.#signOnce();
  }
}

function sayWhy(outcome: SignReport["outcome"] | RestoreReport["outcome"]): void {
  const detail = UNSIGNED[outcome];
  if (detail === undefined) return;
  console.error(JSON.stringify({ level: "error", event: `audit.${outcome}`, detail }));
}
