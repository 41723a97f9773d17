import { createHash } from "node:crypto";
import { chmodSync, existsSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import type { Pairing } from "../../config/pairing-file.ts";
import { WITNESSED_LOG_SCHEMA } from "../tables/witness-schema.ts";
import { type LogStanding, logStanding } from "./log-standing.ts";

type Whose = Pick<Pairing, "gateway_origin" | "account_id" | "sidecar_id">;

/** A file of its own, one for each account: what the order journal suffers does not touch it. */
export function witnessStorePath(configDir: string, pairing: Whose): string {
  const whose = createHash("sha256")
    .update(`${pairing.gateway_origin}\n${pairing.account_id}\n${pairing.sidecar_id}`)
    .digest("hex")
    .slice(0, 12);
  return join(configDir, `audit-witness-${whose}.sqlite`);
}

/**
 * Opens the witness's store, beside the running sidecar too. What is committed is on the disk when the
 * commit returns: a head is never cosigned that a power cut could make this PC forget.
 */
export function openWitnessStore(path: string): DatabaseSync {
  const db = new DatabaseSync(path);
  db.exec("PRAGMA busy_timeout = 5000");
  if (path !== ":memory:") {
    chmodSync(path, 0o600);
    db.exec("PRAGMA journal_mode = WAL");
  }
  db.exec("PRAGMA synchronous = FULL");
  db.exec(WITNESSED_LOG_SCHEMA);
  return db;
}

/** The store for whoever only asks; null where this PC never witnessed anything. */
export function existingWitnessStore(configDir: string, pairing: Whose): DatabaseSync | null {
  const path = witnessStorePath(configDir, pairing);
  return existsSync(path) ? openWitnessStore(path) : null;
}

/** How the log stands by the store, whether the sidecar runs or not. */
export function storedStanding(configDir: string, pairing: Whose): LogStanding {
  const db = existingWitnessStore(configDir, pairing);
  if (db === null) return { state: "unwitnessed" };
  try {
    return logStanding(db);
  } finally {
    db.close();
  }
}
