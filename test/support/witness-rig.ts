import { parseCheckpointNote } from "@ibkr-edge-gateway/evidence/checkpoint/checkpoint.ts";
import type {
  AuditCheckpoint,
  AuditCosignature,
} from "@ibkr-edge-gateway/protocol/relay/audit-messages.ts";
import {
  AuditCheckpoint as CheckpointFrame,
  AuditCosignature as CosignatureFrame,
} from "@ibkr-edge-gateway/protocol/relay/audit-messages.ts";
import { appendAudit, appendLogged } from "../../durable-objects/account/audit/log.ts";
import {
  type RestoreReport,
  restoreFromCopy,
} from "../../durable-objects/account/audit/restore-from-copy.ts";
import { type SignReport, signHead } from "../../durable-objects/account/audit/sign-head.ts";
import { auditRowsAfter, loggedAfter } from "../../durable-objects/account/audit/tables/log.ts";
import { readSignedLog } from "../../durable-objects/account/audit/tables/signed.ts";
import { findWitness } from "../../durable-objects/account/audit/tables/witnesses.ts";
import { createWitnessing, type Witnessing } from "../../durable-objects/account/audit/witness.ts";
import { MIGRATIONS } from "../../durable-objects/account/schema.ts";
import type { ShippedRow } from "../../durable-objects/d1/tables/audit-events.ts";
import {
  memorySigningKey,
  type SigningKey,
} from "../../sidecar/src/trust/pc-keys/statement-and-witness-keys.ts";
import { newestHead } from "../../sidecar/src/trust/tables/witnessed-heads.ts";
import { readWitnessedLog } from "../../sidecar/src/trust/tables/witnessed-log.ts";
import { acceptLog, type LogStanding } from "../../sidecar/src/trust/witness/log-standing.ts";
import { openWitnessStore } from "../../sidecar/src/trust/witness/open-store.ts";
import { createWitness, type LogWitness } from "../../sidecar/src/trust/witness/witness.ts";
import { auditEvent } from "./audit-event.ts";
import { sqlStorage } from "./sql-storage.ts";

/** Both halves of witnessing with everything between them in a test's hands: no socket, no clock. */

export const RIG_SECRET = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8";
const ACCOUNT_ID = "acc_7d3f";
// fixed dates: the log of these tests has a clock of its own.
const BEGIN = Date.parse("2026-11-30T10:00:00.000Z");

/** One PC with its store, which outlives its process. */
export class RigPc {
  readonly db = openWitnessStore(":memory:");
  readonly told: LogStanding[] = [];
  readonly healed: LogStanding[] = [];
  /** Every size that was on the disk after some step; it may never fall. */
  readonly sizes: number[] = [];
  /** The process ends when it comes to signing next, with the head already stored. */
  diesBeforeSigning = false;
  readonly id: string;
  readonly #key = memorySigningKey();
  readonly #now: () => number;
  witness: LogWitness;

  constructor(id: string, now: () => number) {
    this.id = id;
    this.#now = now;
    this.witness = this.#start();
  }

  #start(): LogWitness {
    const key: SigningKey = {
      publicKey: this.#key.publicKey,
      sign: (message) => {
        if (this.diesBeforeSigning) throw new Error("the process ended");
        return this.#key.sign(message);
      },
    };
    return createWitness({
      db: this.db,
      key,
      name: `gw.example/pc/${this.id}`,
      now: this.#now,
      onDiffers: (standing) => this.told.push(standing),
      onHealed: (standing) => this.healed.push(standing),
    });
  }

  restart(): void {
    this.diesBeforeSigning = false;
    this.witness = this.#start();
  }

  accept(): void {
    acceptLog(this.db, this.#now());
  }

  get state(): string {
    return this.witness.standing().state;
  }

  /** The size that is on the disk; 0 before the first. */
  get size(): number {
    const log = readWitnessedLog(this.db);
    return log === null ? 0 : (newestHead(this.db, log.line)?.size ?? 0);
  }
}

export class WitnessRig {
  sql = sqlStorage(...MIGRATIONS.map(({ sql }) => sql));
  now = BEGIN;
  /** The copy in D1. */
  copy: ShippedRow[] = [];
  /** The copy gives no more rows at one time. */
  page = Number.POSITIVE_INFINITY;
  /** Happens before each page of the copy that healing reads. */
  betweenPages: (() => void | Promise<void>) | null = null;
  readonly pcs: readonly RigPc[];
  #pc: RigPc | null;
  #down: AuditCheckpoint[] = [];
  #up: { from: string; answer: AuditCosignature }[] = [];
  #events = 0;
  #agreed = false;
  #witnessing: Witnessing;

  constructor(pcs = 1) {
    this.pcs = Array.from({ length: pcs }, (_, n) => new RigPc(`pc-${n + 1}`, () => this.now));
    this.#pc = this.pcs[0] ?? null;
    this.#witnessing = this.#start();
  }

  get pc(): RigPc {
    if (this.#pc === null) throw new Error("no PC is connected");
    return this.#pc;
  }

  #start(): Witnessing {
    return createWitnessing({
      sql: () => this.sql,
      connected: () => this.#pc?.id ?? null,
      // What crosses the wire has to pass its schema at the other end.
      show: (head) => this.#down.push(CheckpointFrame.parse(head)),
      append: (event) => this.#append(event),
      heal: async () => void (await this.heal()),
      now: () => this.now,
    });
  }

  #append(event: Parameters<typeof appendAudit>[2]): number {
    return appendAudit(this.sql, ACCOUNT_ID, event, this.now).seq;
  }

  append(events = 1): void {
    for (let n = 0; n < events; n++) this.#append(auditEvent(++this.#events));
    this.now += 100;
  }

  async sign(secret = RIG_SECRET, secretBefore?: string): Promise<SignReport["outcome"]> {
    const report = await signHead({
      sql: this.sql,
      host: "gw.example",
      secret,
      secretBefore,
      append: (event) => this.#append(event),
      newestCopied: async () => (this.#agreed ? null : (this.copy.at(-1) ?? null)),
      now: () => this.now,
    });
    if (report.outcome === "signed") {
      this.#agreed = true;
      this.#witnessing.signed();
    }
    if (report.outcome === "copy_differs") await this.heal();
    return report.outcome;
  }

  /** Copies what D1 does not have yet; D1 refuses another event under a number that is taken. */
  ship(): void {
    const rows = auditRowsAfter(this.sql, this.copy.length, 10_000);
    this.copy = [...this.copy, ...rows];
  }

  async heal(): Promise<RestoreReport> {
    const report = await restoreFromCopy({
      sql: this.sql,
      accountId: ACCOUNT_ID,
      atomic: (act) => act(),
      copy: {
        newest: async () => this.copy.at(-1) ?? null,
        leaf: async (seq) => this.copy[seq - 1]?.leaf_hash ?? null,
        after: async (seq, limit) => {
          await this.betweenPages?.();
          return this.copy.slice(seq, seq + Math.min(limit, this.page));
        },
      },
    });
    if (report.outcome === "healed") await this.sign();
    return report;
  }

  /** The object is ended and begins anew from its storage. */
  evict(): void {
    this.#agreed = false;
    this.#witnessing = this.#start();
  }

  /** Null: none is connected. What was on the wire is lost. */
  connect(pc: RigPc | null): void {
    this.#pc = pc;
    this.#down = [];
    this.#up = [];
    if (pc !== null) this.#witnessing.reconnected();
  }

  /** One frame further, each way; false when nothing was on the wire. */
  async step(): Promise<boolean> {
    const head = this.#down.shift();
    if (head !== undefined) {
      const pc = this.pc;
      const answer = CosignatureFrame.parse(await pc.witness.judge(head));
      pc.sizes.push(pc.size);
      // A process that ended says nothing.
      if (!pc.diesBeforeSigning) this.#up.push({ from: pc.id, answer });
      return true;
    }
    const said = this.#up.shift();
    if (said === undefined) return false;
    await this.#witnessing.answered(said.from, said.answer);
    return true;
  }

  loseFrame(): void {
    this.#down.shift();
  }

  loseAnswer(): void {
    this.#up.shift();
  }

  /** Until nothing is on the wire and everything is signed; a PC that lost its place connects anew. */
  async settle(): Promise<void> {
    this.pc.restart();
    this.connect(this.pc);
    for (let turn = 0; turn < 8; turn++) {
      while (await this.step());
      if ((await this.sign()) === "idle" && !(await this.step())) return;
    }
  }

  get signedSize(): number {
    return readSignedLog(this.sql)?.size ?? 0;
  }

  /** The head with the PC's line, as the object keeps it. */
  cosigned(pc = this.pc) {
    const note = findWitness(this.sql, pc.id)?.note ?? null;
    return note === null ? null : parseCheckpointNote(note);
  }

  /** What a backup of the object's storage holds. */
  backup(): readonly {
    table: string;
    rows: Record<string, ArrayBuffer | string | number | null>[];
  }[] {
    return TABLES.map((table) => ({
      table,
      rows: this.sql.exec(`SELECT * FROM ${table}`).toArray(),
    }));
  }

  restore(saved: ReturnType<WitnessRig["backup"]>): void {
    this.sql = sqlStorage(...MIGRATIONS.map(({ sql }) => sql));
    for (const { table, rows } of saved) {
      this.sql.exec(`DELETE FROM ${table}`);
      for (const row of rows) {
        const names = Object.keys(row);
        const places = names.map(() => "?").join(", ");
        this.sql.exec(
          `INSERT INTO ${table} (${names.join(", ")}) VALUES (${places})`,
          ...Object.values(row),
        );
      }
    }
    this.evict();
  }

  /** Whoever holds object and copy rewrites the log: `change` says what stands in it from now on. */
  rewrite(change: (events: string[]) => string[]): void {
    const before = loggedAfter(this.sql, 0);
    const events = change(before.map(({ event }) => event));
    this.sql.exec("DELETE FROM audit_log");
    for (const event of events) {
      appendLogged(this.sql, ACCOUNT_ID, { event, salts: null, appendedAt: this.now });
    }
    this.sql.exec("UPDATE audit_signed SET size = 0, note = NULL, signed_at = 0");
    this.copy = auditRowsAfter(this.sql, 0, 10_000);
    this.evict();
  }

  events(): string[] {
    return loggedAfter(this.sql, 0).map(({ event }) => event);
  }
}

const TABLES = [
  "audit_log",
  "audit_signed",
  "audit_checkpoints",
  "audit_witnesses",
  "audit_handovers",
  "audit_outbox",
];
