import type { Capability } from "@ibkr-edge-gateway/protocol/capabilities.ts";
import { failure, type GatewayFailure } from "@ibkr-edge-gateway/protocol/errors.ts";
import type { JsonObject } from "@ibkr-edge-gateway/protocol/json.ts";
import type { Operation } from "@ibkr-edge-gateway/protocol/operation-schemas/define-operation.ts";
import {
  readNewer,
  type Unknown,
} from "@ibkr-edge-gateway/protocol/operation-schemas/read-newer-version.ts";
import type { Scope } from "@ibkr-edge-gateway/protocol/scopes.ts";
import { type JobService, serviceOf } from "@ibkr-edge-gateway/protocol/service-class.ts";
import { ulid } from "@ibkr-edge-gateway/protocol/ulid.ts";
import type * as z from "zod";
import { contentHash } from "../../audit/events.ts";
import { failureOf } from "../../relay/relay-failure.ts";
import { traceparentOf } from "../../relay/traceparent.ts";
import { iso, type OrderParts } from "../order-context.ts";

export type SidecarAnswer<T> =
  | {
      ok: true;
      value: T;
      /** Members that a newer PC sent and this gateway does not know; `value` is without them. */
      unknown: readonly Unknown[];
      /** When it was asked and when it was heard, on this clock. */
      askedAt: number;
      heardAt: number;
    }
  | { ok: false; failure: GatewayFailure };

/** How long after its submission a sidecar may still take the job up. */
const GRANT_MS = 60_000;

/**
 * Asks for one read; what does not fit the operation's own schema is no answer. What a newer PC adds
 * to it is left out and named: whoever acts on the answer decides whether half of it will do.
 */
export async function askSidecar<Output extends z.ZodType>(
  parts: OrderParts,
  operation: Operation<string, z.ZodType, Output>,
  input: object,
  grant: {
    scope: Scope;
    account: string | null;
    deadlineMs?: number;
    service?: JobService;
    /** For what may be asked under another capability than its own. */
    capability?: Capability;
    /** Of the call that asks; the PC's log bears it. */
    requestId?: string;
  },
): Promise<SidecarAnswer<z.output<Output>>> {
  const askedAt = parts.now();
  const asked: JsonObject = JSON.parse(JSON.stringify(input));
  const settlement = await parts.relay.submit({
    class: operation.class,
    traceparent: traceparentOf(grant.requestId ?? ""),
    submit: {
      job_id: ulid(askedAt),
      operation: operation.name,
      input: asked,
      input_sha256: contentHash(asked),
      grant: {
        capability: grant.capability ?? operation.capability,
        ...(grant.account === null ? {} : { broker_account: grant.account }),
        scope: grant.scope,
        expires_at: iso(askedAt + GRANT_MS),
      },
      deadline_ms: grant.deadlineMs ?? operation.deadlineMs,
      // Whatever no agent asked for is the owner's or the gateway's own.
      service: grant.service ?? { class: serviceOf(operation.name, "owner") },
    },
  });
  const heardAt = parts.now();
  if (!settlement.ok) return { ok: false, failure: failureOf(settlement, parts.origin) };
  const read = readNewer(operation.output, settlement.result);
  return read.ok
    ? { ok: true, value: read.value, unknown: read.unknown, askedAt, heardAt }
    : {
        ok: false,
        failure: failure("BROKER_RESPONSE_INVALID", "The sidecar's answer could not be read."),
      };
}
