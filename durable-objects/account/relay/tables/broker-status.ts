import { readNewer } from "@ibkr-edge-gateway/protocol/operation-schemas/read-newer-version.ts";
import { BrokerSession } from "@ibkr-edge-gateway/protocol/operation-schemas/session-status.ts";

export interface KnownBrokerStatus {
  readonly sidecarId: string;
  readonly receivedAt: number;
  readonly status: BrokerSession;
}

/** Keeps what a sidecar last said about the broker session; false when it is not such a statement. */
export function storeBrokerStatus(
  sql: SqlStorage,
  sidecarId: string,
  payload: unknown,
  nowMs: number,
): BrokerSession | null {
  const parsed = readNewer(BrokerSession, payload);
  if (!parsed.ok) return null;
  sql.exec(
    `INSERT INTO broker_status (one, sidecar_id, status, received_at) VALUES (1, ?, ?, ?)
     ON CONFLICT (one) DO UPDATE SET
       sidecar_id = excluded.sidecar_id, status = excluded.status, received_at = excluded.received_at`,
    sidecarId,
    JSON.stringify(parsed.value),
    nowMs,
  );
  return parsed.value;
}

export function lastBrokerStatus(sql: SqlStorage): KnownBrokerStatus | null {
  const [row] = sql
    .exec<{ sidecar_id: string; status: string; received_at: number }>(
      "SELECT sidecar_id, status, received_at FROM broker_status",
    )
    .toArray();
  if (row === undefined) return null;
  const parsed = BrokerSession.safeParse(JSON.parse(row.status));
  if (!parsed.success) return null;
  return { sidecarId: row.sidecar_id, receivedAt: row.received_at, status: parsed.data };
}
