import { digestOf } from "@ibkr-edge-gateway/protocol/digest.ts";
import type { JsonObject } from "@ibkr-edge-gateway/protocol/json.ts";
import { newNonce } from "@ibkr-edge-gateway/protocol/orders/intent.ts";
import { type OrderRefusal, refusal } from "@ibkr-edge-gateway/protocol/orders/order-refusal.ts";
import type { Effect } from "@ibkr-edge-gateway/protocol/orders/ticket.ts";
import type { Scope } from "@ibkr-edge-gateway/protocol/scopes.ts";
import { auditBlocksWrites } from "../../audit/blocks-writes.ts";
import { auditBacklogBlocksWrites, auditOutboxState } from "../../audit/outbox.ts";
import { conditionsOf } from "../facts/conditions.ts";
import type { Conditions } from "../facts/edge-facts.ts";
import { type Fresh, NO_FACTS } from "../facts/fresh-facts.ts";
import type { Asker, OrderParts } from "../order-context.ts";
import type { SubmitRequest } from "../rules/submits/submit-decision.ts";
import { watchAudit, watchLoss } from "../transactions/circuit-breakers.ts";

/** What a key stands for, as it is kept and compared. */
export const writeDigest = (said: JsonObject): string => digestOf("ibkr-write/v1", said);

/**
 * What the fresh numbers do by themselves, before anything is judged by them: a loss may stop
 * trading, and without a copy of the log no entry is let out.
 */
export function prepareSubmit(
  parts: OrderParts,
  asker: Asker,
  request: { accountId: string; scope: Scope },
  fresh: Fresh | null,
  /** How the order changed the position when it was prepared: asked where that cannot be read now. */
  previewed: Effect | null,
): { conditions: Conditions; refusals: OrderRefusal[] } {
  const facts = fresh?.facts ?? NO_FACTS;
  const conditions = conditionsOf(parts, asker, {
    skewMs: fresh?.skewMs ?? null,
    reread: facts.working !== null && facts.positions !== null,
  });
  const entry =
    (facts.effect ?? previewed)?.kind !== "exit" && request.scope.endsWith("cancel") === false;
  watchLoss(parts, request.accountId, facts.account);
  const { sql } = parts.storage;
  const blocked = entry ? auditBlocksWrites(sql, conditions.nowMs) : null;
  if (blocked === null) return { conditions, refusals: [] };
  if (auditBacklogBlocksWrites(sql, conditions.nowMs) === null) {
    const { message } = blocked;
    return { conditions, refusals: [refusal("AUDIT_UNAVAILABLE", "audit", "witnessed", message)] };
  }
  watchAudit(parts);
  const message = `${blocked.message} ${backlogSincePreview(sql, conditions.nowMs)}`;
  return { conditions, refusals: [refusal("AUDIT_UNAVAILABLE", "audit", "copied", message)] };
}

/** Nobody is asked about an order while the copy lags, so it kept up when this one was prepared. */
function backlogSincePreview(sql: SqlStorage, nowMs: number): string {
  const { pending, oldestPendingAt } = auditOutboxState(sql);
  const waits =
    oldestPendingAt === null
      ? ""
      : `, the oldest for ${Math.round((nowMs - oldestPendingAt) / 1_000)} s`;
  return `At the preview its copy kept up; now ${pending} entries wait to be copied${waits}.`;
}

/** The same submit, whoever sets it off: one key, one digest, one transaction. */
export function submitRequest(
  asker: Asker,
  request: { key: string; previewId: string; approvalId: string | null },
  digest: string,
  fresh: Fresh | null,
  jobId: string,
): SubmitRequest {
  return {
    requestId: asker.requestId,
    key: request.key,
    digest,
    previewId: request.previewId,
    approvalId: request.approvalId,
    fresh: {
      market: fresh?.market ?? null,
      facts: fresh?.facts ?? NO_FACTS,
      ...(fresh?.readAtMs === undefined ? {} : { readAtMs: fresh.readAtMs }),
    },
    nonce: freshNonce(),
    jobId,
  };
}

/** What makes one intent unlike any other of the same words. */
export const freshNonce = (): string =>
  newNonce((bytes) => crypto.getRandomValues(new Uint8Array(bytes)));
