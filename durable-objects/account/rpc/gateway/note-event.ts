import type { AuditEventType } from "@ibkr-edge-gateway/protocol/audit/event.ts";
import { auditEvent, type EventFacts } from "../../audit/events.ts";
import type { AccountParts } from "../account-parts.ts";

/** Who did it where nobody was signed in: the PC, by its own key, or the gateway by itself. */
interface Actor {
  readonly kind: "sidecar" | "gateway";
  readonly clientId?: string;
  readonly sidecarId?: string;
}

/** Writes down what was done without an owner or an agent, as of this moment. */
export function noteEvent(
  { accountId: subject, audit, now }: AccountParts,
  type: AuditEventType,
  { by, ...facts }: { by: Actor } & Pick<EventFacts, "meta" | "requestId">,
): void {
  const { kind, clientId = null, sidecarId = null } = by;
  const who = { kind, subject, client_id: clientId, sidecar_id: sidecarId };
  const at = now();
  audit(auditEvent({ ...facts, who, type, startedAt: at, endedAt: at }));
}
