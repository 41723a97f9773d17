import { CAPABILITIES, type Capability } from "@ibkr-edge-gateway/protocol/capabilities.ts";
import { fingerprintWords } from "@ibkr-edge-gateway/protocol/relay/fingerprint.ts";
import { ulid } from "@ibkr-edge-gateway/protocol/ulid.ts";
import type {
  NewlyPaired,
  NewSidecar,
  PairedSidecar,
  PairingUndo,
} from "../../rpc/account-types.ts";

/** The PCs this owner paired. A revoked one keeps its row: its key must never be let in again. */
export interface SidecarRow {
  readonly sidecarId: string;
  readonly publicKey: string;
  readonly capabilities: readonly Capability[];
  readonly state: "active" | "revoked";
  readonly machine: string;
}

type Columns = {
  sidecar_id: string;
  public_key: string;
  machine: string;
  version: string;
  fingerprint: string;
  capabilities: string;
  state: string;
  paired_at: number;
  chosen_at: number | null;
  last_seen_at: number | null;
};

/**
 * Pairs a sidecar; the same key again is the same sidecar, with what the owner picked this time.
 * Pairing a revoked key anew is the owner's own act, made with the code on that PC's screen.
 */
export function addSidecar(sql: SqlStorage, sidecar: NewSidecar, nowMs: number): NewlyPaired {
  const [was] = sql
    .exec<Columns>(
      "SELECT * FROM sidecars WHERE public_key = ? AND state = 'active'",
      sidecar.devicePublicKey,
    )
    .toArray();
  const row = sql
    .exec<Columns>(
      `INSERT INTO sidecars
         (sidecar_id, public_key, machine, version, fingerprint, capabilities, state, paired_at)
       VALUES (?, ?, ?, ?, ?, ?, 'active', ?)
       ON CONFLICT (public_key) DO UPDATE SET
         machine = excluded.machine, version = excluded.version,
         capabilities = excluded.capabilities, state = 'active', chosen_at = NULL,
         paired_at = MAX(excluded.paired_at, sidecars.paired_at + 1)
       RETURNING *`,
      ulid(nowMs),
      sidecar.devicePublicKey,
      sidecar.machine,
      sidecar.version,
      sidecar.fingerprint,
      JSON.stringify(sidecar.capabilities),
      nowMs,
    )
    .one();
  const undo: PairingUndo = {
    devicePublicKey: row.public_key,
    pairedAt: row.paired_at,
    before:
      was === undefined
        ? null
        : {
            machine: was.machine,
            capabilities: capabilityList(was.capabilities),
            pairedAt: was.paired_at,
            chosenAt: was.chosen_at,
          },
  };
  return { ...paired(row, chosenSidecar(sql)?.sidecarId ?? null), undo };
}

/** The PC's row as a pairing made it; null where it was revoked, paired again or got another key. */
export function standingPairing(
  sql: SqlStorage,
  pairing: { sidecarId: string; devicePublicKey: string; pairedAt: number },
): { capabilities: Capability[] } | null {
  const [row] = sql
    .exec<Columns>(
      `SELECT * FROM sidecars
       WHERE sidecar_id = ? AND state = 'active' AND public_key = ? AND paired_at = ?`,
      pairing.sidecarId,
      pairing.devicePublicKey,
      pairing.pairedAt,
    )
    .toArray();
  return row === undefined ? null : { capabilities: capabilityList(row.capabilities) };
}

/** Puts back what stood before a pairing, but for a choice that the owner has made since. */
export function restorePairing(
  sql: SqlStorage,
  sidecarId: string,
  before: Exclude<PairingUndo["before"], null>,
): void {
  sql.exec(
    `UPDATE sidecars SET machine = ?, capabilities = ?, paired_at = ?,
       chosen_at = COALESCE(chosen_at, ?) WHERE sidecar_id = ?`,
    before.machine,
    JSON.stringify(before.capabilities),
    before.pairedAt,
    before.chosenAt,
    sidecarId,
  );
}

/** True when it was active. */
export function revokeSidecar(sql: SqlStorage, sidecarId: string): boolean {
  return (
    sql
      .exec(
        "UPDATE sidecars SET state = 'revoked' WHERE sidecar_id = ? AND state = 'active' RETURNING 1",
        sidecarId,
      )
      .toArray().length > 0
  );
}

export function listSidecars(sql: SqlStorage): PairedSidecar[] {
  const chosen = chosenSidecar(sql)?.sidecarId ?? null;
  const next = nextSidecar(sql);
  return sql
    .exec<Columns>("SELECT * FROM sidecars ORDER BY state, paired_at DESC, sidecar_id")
    .toArray()
    .map((row) => ({ ...paired(row, chosen), next: row.sidecar_id === next }));
}

export function findSidecar(sql: SqlStorage, sidecarId: string): SidecarRow | null {
  const [row] = sql
    .exec<Columns>("SELECT * FROM sidecars WHERE sidecar_id = ?", sidecarId)
    .toArray();
  if (row === undefined) return null;
  return {
    sidecarId: row.sidecar_id,
    publicKey: row.public_key,
    capabilities: capabilityList(row.capabilities),
    state: row.state === "active" ? "active" : "revoked",
    machine: row.machine,
  };
}

/**
 * The PC that holds the session: the one its owner paired or chose last, of those that are not
 * revoked. Nothing but an act of the owner's changes it, however long that PC is away.
 */
export function chosenSidecar(sql: SqlStorage): { sidecarId: string; machine: string } | null {
  const [row] = sql
    .exec<{ sidecar_id: string; machine: string }>(
      `SELECT sidecar_id, machine FROM sidecars WHERE state = 'active'
       ORDER BY COALESCE(chosen_at, paired_at) DESC, sidecar_id DESC LIMIT 1`,
    )
    .toArray();
  return row === undefined ? null : { sidecarId: row.sidecar_id, machine: row.machine };
}

/** The PC that holds the session once the chosen one is revoked; null when none stands by. */
function nextSidecar(sql: SqlStorage): string | null {
  const [row] = sql
    .exec<{ sidecar_id: string }>(
      `SELECT sidecar_id FROM sidecars WHERE state = 'active'
       ORDER BY COALESCE(chosen_at, paired_at) DESC, sidecar_id DESC LIMIT 1 OFFSET 1`,
    )
    .toArray();
  return row?.sidecar_id ?? null;
}

/** The owner takes this PC into use; false when it is not paired. */
export function chooseSidecar(sql: SqlStorage, sidecarId: string, nowMs: number): boolean {
  return (
    sql
      .exec(
        `UPDATE sidecars SET chosen_at = MAX(?, 1 + (SELECT MAX(COALESCE(chosen_at, paired_at))
           FROM sidecars)) WHERE sidecar_id = ? AND state = 'active' RETURNING 1`,
        nowMs,
        sidecarId,
      )
      .toArray().length > 0
  );
}

export function hasActiveSidecar(sql: SqlStorage): boolean {
  return sql.exec("SELECT 1 FROM sidecars WHERE state = 'active' LIMIT 1").toArray().length > 0;
}

/** Notes that a sidecar connected, and as which version. */
export function sidecarSeen(
  sql: SqlStorage,
  sidecarId: string,
  version: string,
  nowMs: number,
): void {
  sql.exec(
    "UPDATE sidecars SET last_seen_at = ?, version = ? WHERE sidecar_id = ?",
    nowMs,
    version,
    sidecarId,
  );
}

/** A key is one PC's for good, also after that PC was revoked. */
export function isKnownKey(sql: SqlStorage, publicKey: string): boolean {
  return sql.exec("SELECT 1 FROM sidecars WHERE public_key = ?", publicKey).toArray().length > 0;
}

export function rotateSidecarKey(sql: SqlStorage, sidecarId: string, publicKey: string): void {
  sql.exec(
    "UPDATE sidecars SET public_key = ?, fingerprint = ? WHERE sidecar_id = ?",
    publicKey,
    fingerprintWords(publicKey).join(" "),
    sidecarId,
  );
}

function paired(row: Columns, chosen: string | null): PairedSidecar {
  return {
    sidecarId: row.sidecar_id,
    machine: row.machine,
    version: row.version,
    fingerprint: row.fingerprint,
    capabilities: capabilityList(row.capabilities),
    state: row.state === "active" ? "active" : "revoked",
    chosen: row.sidecar_id === chosen,
    pairedAt: new Date(row.paired_at).toISOString(),
    lastSeenAt: row.last_seen_at === null ? null : new Date(row.last_seen_at).toISOString(),
  };
}

function capabilityList(json: string): Capability[] {
  const stored: unknown = JSON.parse(json);
  return Array.isArray(stored) ? CAPABILITIES.filter((name) => stored.includes(name)) : [];
}
