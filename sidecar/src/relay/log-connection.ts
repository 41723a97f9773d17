import type { SidecarState } from "@ibkr-edge-gateway/protocol/relay/sidecar/sidecar-state.ts";
import type { RelayLogger } from "./relay-link-interface.ts";

/** Says in the PC's log what became of the connection. */
export function logConnection(
  logger: RelayLogger,
  before: SidecarState,
  { link, trouble }: SidecarState,
  nowMs: number,
): void {
  if (link.kind === "live") {
    if (before.link.kind === "live") return;
    const { epoch, capabilities } = link.session;
    logger.info({ epoch, capabilities }, "connected to the gateway");
  } else if (link.kind === "stopped") {
    const level = before.link.kind === "live" && link.code === 1000 ? "info" : "error";
    logger[level]({ code: link.code, reason: link.reason }, "the relay has stopped");
  } else if (before.link.kind === "live") {
    logger.warn({ trouble }, "the connection to the gateway was lost");
  } else if (link.kind === "waiting" && Number.isFinite(link.until)) {
    logger.debug({ trouble, wait_ms: Math.round(link.until - nowMs) }, "waiting to dial again");
  }
}
