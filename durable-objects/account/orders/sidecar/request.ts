import { failure, type GatewayFailure } from "@ibkr-edge-gateway/protocol/errors.ts";
import type { JsonObject } from "@ibkr-edge-gateway/protocol/json.ts";
import type { Operation } from "@ibkr-edge-gateway/protocol/operations/define.ts";
import type { Scope } from "@ibkr-edge-gateway/protocol/scopes.ts";
import { ulid } from "@ibkr-edge-gateway/protocol/ulid.ts";
import type * as z from "zod";
import { contentHash } from "../../audit/events.ts";
import { failureOf } from "../../relay/failure.ts";
import { iso, type OrderParts } from "../order-context.ts";

export type SidecarAnswer<T> =
  | {
      ok: true;
      value: T;
      /** When it was asked and when it was heard, on this clock. */
      askedAt: number;
      heardAt: number;
    }
  | { ok: false; failure: GatewayFailure };

/** How long after its submission a sidecar may still take the job up. */
const GRANT_MS = 60_000;

/** Asks for one read; what does not fit the operation's own schema is no answer. */
export async function askSidecar<Output extends z.ZodType>(
  parts: OrderParts,
  operation: Operation<string, z.ZodType, Output>,
  input: object,
  grant: { scope: Scope; account: string | null; deadlineMs?: number },
): Promise<SidecarAnswer<z.output<Output>>> {
  const askedAt = parts.now();
  const asked: JsonObject = JSON.parse(JSON.stringify(input));
  const settlement = await parts.relay.submit({
    class: operation.class,
    submit: {
      job_id: ulid(askedAt),
      operation: operation.name,
      input: asked,
      input_sha256: contentHash(asked),
      grant: {
        capability: operation.capability,
        ...(grant.account === null ? {} : { broker_account: grant.account }),
        scope: grant.scope,
        expires_at: iso(askedAt + GRANT_MS),
      },
      deadline_ms: grant.deadlineMs ?? operation.deadlineMs,
    },
  });
  const heardAt = parts.now();
  if (!settlement.ok) return { ok: false, failure: failureOf(settlement, parts.origin) };
  const parsed = operation.output.safeParse(settlement.result);
  return parsed.success
    ? { ok: true, value: parsed.data, askedAt, heardAt }
    : {
        ok: false,
        failure: failure("BROKER_RESPONSE_INVALID", "The sidecar's answer could not be read."),
      };
}
