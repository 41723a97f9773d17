import {
  type BrokerSession,
  marketNote,
} from "@ibkr-edge-gateway/protocol/operation-schemas/session-status.ts";
import { sidecarCommand } from "@ibkr-edge-gateway/protocol/sidecar-command.ts";
import type { BackendStatus } from "../rpc/account-types.ts";
import { howToPair } from "./relay-failure.ts";
import type { RelayHost } from "./relay-host-interface.ts";
import { lastBrokerStatus } from "./tables/broker-status.ts";
import { findSidecar, hasActiveSidecar } from "./tables/sidecars.ts";

/** What is known about the owner's PC and its broker session without asking it. */
export function backendStatus(
  sql: SqlStorage,
  relay: Pick<RelayHost, "presence" | "origin">,
): BackendStatus {
  const presence = relay.presence();
  const sidecar = presence.sidecarId === null ? null : findSidecar(sql, presence.sidecarId);
  const known = lastBrokerStatus(sql);
  const paired = hasActiveSidecar(sql);
  const current =
    presence.online && known !== null && known.sidecarId === presence.sidecarId
      ? known.status
      : null;
  return {
    sidecar: {
      state: presence.online ? "online" : paired ? "offline" : "not_paired",
      sidecar_id: paired ? (sidecar?.sidecarId ?? null) : null,
      machine: paired ? (sidecar?.machine ?? null) : null,
      connected_since: timestamp(presence.connectedSince),
      last_seen_at: timestamp(presence.lastSeenAt),
    },
    broker: {
      // What an absent sidecar said last is not what is so now.
      state: current?.state ?? "unknown",
      mode: current?.mode ?? "unknown",
      generation: current?.generation ?? null,
      observed_at: known?.status.observed_at ?? null,
      source: known?.status.source ?? "unknown",
      market_note: current === null ? null : marketNote(current),
    },
    next_step: nextStep(presence.online, paired, current, relay.origin),
  };
}

function nextStep(
  online: boolean,
  paired: boolean,
  current: BrokerSession | null,
  origin: string,
): string | null {
  if (online) return current?.next_step ?? null;
  return paired
    ? `Check that the PC is on and online, and that \`${sidecarCommand("run")}\` is running on it.`
    : howToPair(origin);
}

/**
 * The answer to `session.status` when nobody is there to give it: the last statement's facts with
 * its time, and a state that claims nothing. Null when no sidecar ever reported.
 */
export function offlineBrokerSession(sql: SqlStorage): BrokerSession | null {
  const known = lastBrokerStatus(sql);
  if (known === null) return null;
  const { status, receivedAt } = known;
  return {
    ...status,
    state: "unknown",
    meaning: `The PC is not connected. When it last reported, the broker session was: ${status.state}.`,
    mode: "unknown",
    observed_at: status.observed_at ?? new Date(receivedAt).toISOString(),
    next_step: `Check that the PC is on and online, and that \`${sidecarCommand("run")}\` is running on it.`,
    session_ends_at: null,
    warnings: [],
    reads: "none",
  };
}

function timestamp(ms: number | null): string | null {
  return ms === null ? null : new Date(ms).toISOString();
}
