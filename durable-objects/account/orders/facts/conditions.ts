import { CAPABILITIES } from "@ibkr-edge-gateway/protocol/capabilities.ts";
import { auditOutboxState } from "../../audit/outbox.ts";
import { clientOf } from "../../clients/tables/clients.ts";
import { lastBrokerStatus } from "../../relay/tables/broker-status.ts";
import { storedSession } from "../../relay/tables/session.ts";
import { type Asker, iso, ledgerName, type OrderParts } from "../order-context.ts";
import type { Conditions } from "./edge-facts.ts";

/**
 * The conditions at this moment, for one asker. `skewMs` and `reread` come from the reads made for this
 * very request: whether orders and positions were read and proved in the session there is now.
 */
export function conditionsOf(
  parts: OrderParts,
  asker: Asker,
  read: { skewMs: number | null; reread: boolean },
): Conditions {
  const { storage, relay, accountId } = parts;
  const { sql } = storage;
  const nowMs = parts.now();
  const presence = relay.presence();
  const known = lastBrokerStatus(sql);
  const status =
    presence.online && known !== null && known.sidecarId === presence.sidecarId
      ? known.status
      : null;
  const outbox = auditOutboxState(sql);
  return {
    nowMs,
    gatewayAccountId: accountId,
    sidecarOnline: presence.online,
    sidecarId: presence.sidecarId,
    session:
      status === null
        ? null
        : {
            state: status.state,
            generation: status.generation,
            at: status.observed_at ?? iso(known?.receivedAt ?? nowMs),
          },
    provedMode: status?.mode ?? "unknown",
    streamReconciling: !read.reread,
    audit: {
      // The log is in this object's own storage: where it cannot be written, nothing commits.
      writable: true,
      lag_seconds:
        outbox.oldestPendingAt === null
          ? 0
          : Math.max(0, Math.floor((nowMs - outbox.oldestPendingAt) / 1_000)),
    },
    sidecarSkewMs: read.skewMs,
    pcOffers: pcOffers(parts),
    client: askingClient(sql, asker, nowMs),
  };
}

/** Which orders the PC takes in the session there is now. */
export function pcOffers({ storage, relay }: OrderParts): Conditions["pcOffers"] {
  const offered = relay.presence().online ? sessionCapabilities(storage.sql) : [];
  return { paper: offered.includes("orders.paper"), live: offered.includes("orders.live") };
}

function askingClient(sql: SqlStorage, asker: Asker, nowMs: number): Conditions["client"] {
  if (asker.kind !== "agent") {
    return {
      kind: asker.kind,
      clientId: ledgerName(asker),
      scopes: [],
      accounts: null,
      admittedAtMs: 0,
      released: true,
    };
  }
  const client = clientOf(sql, asker.clientId);
  return {
    kind: "agent",
    clientId: asker.clientId,
    scopes: client?.scopes.filter((scope) => asker.scopes.includes(scope)) ?? [],
    accounts: client === null ? [] : client.accounts,
    admittedAtMs: client === null ? nowMs : Date.parse(client.admittedAt),
    released: client !== null && client.readOnlyUntil === null,
  };
}

/**
 * By how much the PC's clock is provably wrong: a time stamped between asking and hearing must lie
 * between the two. Null when it was not stamped.
 */
export function provenSkewMs(stamped: string | null, askedAt: number, heardAt: number) {
  const at = stamped === null ? Number.NaN : Date.parse(stamped);
  if (!Number.isFinite(at)) return null;
  return Math.max(0, askedAt - at, at - heardAt);
}

/** What the live session may be asked for: what the PC offers and the owner granted, both. */
function sessionCapabilities(sql: SqlStorage) {
  const text = storedSession(sql);
  if (text === null) return [];
  const record: unknown = JSON.parse(text);
  if (typeof record !== "object" || record === null || !("capabilities" in record)) return [];
  const { capabilities } = record;
  return Array.isArray(capabilities)
    ? CAPABILITIES.filter((name) => capabilities.includes(name))
    : [];
}
