import { digestOf } from "@ibkr-edge-gateway/protocol/digest.ts";
import type { JsonObject } from "@ibkr-edge-gateway/protocol/json.ts";
import { newNonce } from "@ibkr-edge-gateway/protocol/orders/intent.ts";
import { type OrderRefusal, refusal } from "@ibkr-edge-gateway/protocol/orders/refusal.ts";
import type { TradingMode } from "@ibkr-edge-gateway/protocol/orders/terms.ts";
import type { Scope } from "@ibkr-edge-gateway/protocol/scopes.ts";
import { ulid } from "@ibkr-edge-gateway/protocol/ulid.ts";
import { auditBacklogBlocksWrites, auditOutboxState } from "../../audit/outbox.ts";
import { type Asker, ledgerName, type OrderParts } from "../order-context.ts";
import { worldOf } from "../rules/conditions.ts";
import type { World } from "../rules/edge-facts.ts";
import { asReplay, orderAnswer, refusedWith, type Written } from "../rules/submit-response.ts";
import type { SubmitRequest } from "../rules/submit-types.ts";
import { type Fresh, freshFacts } from "../sidecar/fresh-facts.ts";
import type { Underway } from "../sidecar/in-flight.ts";
import { sendOrder } from "../sidecar/send-order.ts";
import { findApproval } from "../tables/approvals.ts";
import { findKey } from "../tables/idempotency-keys.ts";
import type { IntentRow } from "../tables/intents.ts";
import { findPreview, type Preview } from "../tables/previews.ts";
import { type CancelDecision, cancelOwn } from "../transactions/cancel.ts";
import { watchAudit, watchLoss } from "../transactions/circuit-breakers.ts";
import { submitOrder } from "../transactions/submit.ts";

/** From arrival to the answer; what is not known by then is answered as pending, with its id. */
export const ANSWER_MS = 20_000;
/** How much of it the fresh reads may take; without them nothing is let out. */
const FRESH_MS = 12_000;
/** A write whose waiter is gone is looked into after this. */
export const ORPHAN_MS = 30_000;

export interface WriteRequest {
  key: string;
  /** What the key stands for: everything the caller said, but the key. */
  said: JsonObject;
  accountId: string;
  mode: TradingMode;
  previewId: string;
  approvalId: string | null;
  scope: Scope;
  /** Read for this request already. */
  fresh?: Fresh;
  /** To withdraw: an order of this gateway, under the number the broker gave it where it is known. */
  own?: { intent: IntentRow; orderId: string | null; bySwitch: boolean };
}

/**
 * Lets an order out at most once: same key and same request share one promise while it runs and one
 * stored answer afterwards; the transaction in `submit.ts` decides, whatever happens here.
 */
export function write(
  parts: OrderParts,
  underway: Underway,
  asker: Asker,
  request: WriteRequest,
): Promise<Written> {
  const digest = writeDigest(request.said);
  const slot = `${ledgerName(asker)}\n${request.key}`;
  const running = underway.running.get(slot);
  if (running !== undefined) {
    return running.digest === digest
      ? running.answer.then(asReplay)
      : Promise.resolve(refusedAndLogged(parts, asker, request, [conflict()]));
  }
  const answer = begin(parts, underway, asker, request, digest).finally(() => {
    underway.running.delete(slot);
  });
  underway.running.set(slot, { digest, answer });
  return answer;
}

/** What a key stands for, as it is kept and compared. */
export const writeDigest = (said: JsonObject): string => digestOf("ibkr-write/v1", said);

async function begin(
  parts: OrderParts,
  underway: Underway,
  asker: Asker,
  request: WriteRequest,
  digest: string,
): Promise<Written> {
  const startedAt = parts.now();
  const { sql } = parts.storage;
  if (request.own !== undefined) {
    const { intent, orderId, bySwitch } = request.own;
    const decision = cancelOwn(
      parts.storage,
      {
        requestId: asker.requestId,
        key: request.key,
        digest,
        own: intent,
        orderId,
        bySwitch,
        nonce: newNonce((bytes) => crypto.getRandomValues(new Uint8Array(bytes))),
        jobId: ulid(startedAt),
      },
      worldOf(parts, asker, { skewMs: null, reread: false }),
      parts.log,
    );
    return conclude(parts, underway, request, decision, startedAt);
  }
  const preview = findPreview(sql, request.previewId);
  const misfit = preview === null ? null : misfits(preview, request);
  if (misfit !== null) return refusedAndLogged(parts, asker, request, [misfit]);

  // Reading for an order that cannot go out anyway would only cost the broker's patience.
  const cannot = preview === null || findKey(sql, ledgerName(asker), request.key) !== null;
  const approval =
    request.approvalId === null ? null : findApproval(sql, request.approvalId, startedAt);
  const spent = request.approvalId !== null && approval?.state !== "approved";
  let fresh: Fresh | null = request.fresh ?? null;
  if (fresh === null && preview !== null) {
    if (cannot || spent) {
      fresh = { market: preview.ticket.market, facts: preview.facts, skewMs: 0 };
    } else {
      const read = await sharedRead(parts, underway, preview);
      if (!read.ok) {
        if ("failure" in read) return read;
        return refusedAndLogged(parts, asker, request, [changed(read.changed)]);
      }
      fresh = read.fresh;
    }
  }
  const jobId = ulid(parts.now());
  // From here to the job's frame there is no wait but that for the account's lane.
  const decision = decide(parts, asker, request, digest, fresh, jobId);
  return conclude(parts, underway, request, decision, startedAt);
}

/** Sends what was let out, and answers with what is proved of it by the end of `answerMs`. */
export async function conclude(
  parts: OrderParts,
  underway: Underway,
  request: WriteRequest,
  decision: CancelDecision,
  startedAt: number,
  answerMs = ANSWER_MS,
): Promise<Written> {
  if (decision.kind === "refused") return refusedWith(request.accountId, decision.refusals);
  if (decision.kind === "replay") return orderAnswer(parts, request.accountId, decision.coid, true);
  parts.wakeAt(parts.now() + ORPHAN_MS);
  const sent = sendOrder(parts, underway, request, decision);
  const left = Math.max(1_000, answerMs - (parts.now() - startedAt));
  let timer: ReturnType<typeof setTimeout> | undefined;
  try {
    await Promise.race([
      sent,
      new Promise((resolve) => {
        timer = setTimeout(resolve, left);
      }),
    ]);
  } finally {
    // A timer that nobody waits for keeps the object from sleeping.
    clearTimeout(timer);
  }
  return orderAnswer(parts, request.accountId, decision.coid, false);
}

function decide(
  parts: OrderParts,
  asker: Asker,
  request: WriteRequest,
  digest: string,
  fresh: Fresh | null,
  jobId: string,
) {
  const { world, refusals } = beforeSubmit(parts, asker, request, fresh);
  if (refusals.length > 0 && findKey(parts.storage.sql, ledgerName(asker), request.key) === null) {
    logRefusal(parts, asker, request, refusals);
    return { kind: "refused" as const, refusals, verdict: null };
  }
  const wanted = submitRequest(asker, request, digest, fresh, jobId);
  return submitOrder(parts.storage, wanted, world, parts.log);
}

/**
 * What the fresh numbers do by themselves, before anything is judged by them: a loss may stop
 * trading, and without a copy of the log no entry is let out.
 */
export function beforeSubmit(
  parts: OrderParts,
  asker: Asker,
  request: Pick<WriteRequest, "accountId" | "scope">,
  fresh: Fresh | null,
): { world: World; refusals: OrderRefusal[] } {
  const facts = fresh?.facts ?? NO_FACTS;
  const world = worldOf(parts, asker, {
    skewMs: fresh?.skewMs ?? null,
    reread: facts.working !== null && facts.positions !== null,
  });
  const entry = facts.effect?.kind !== "exit" && request.scope.endsWith("cancel") === false;
  watchLoss(parts, request.accountId, facts.account);
  const backlog = entry ? auditBacklogBlocksWrites(parts.storage.sql, world.nowMs) : null;
  if (backlog === null) return { world, refusals: [] };
  watchAudit(parts);
  const message = `${backlog.message} ${backlogSincePreview(parts.storage.sql, world.nowMs)}`;
  return { world, refusals: [refusal("AUDIT_UNAVAILABLE", "audit", "copied", message)] };
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
  request: Pick<WriteRequest, "key" | "previewId" | "approvalId">,
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
    nonce: newNonce((bytes) => crypto.getRandomValues(new Uint8Array(bytes))),
    jobId,
  };
}

export function sharedRead(parts: OrderParts, underway: Underway, preview: Preview) {
  const known = underway.reads.get(preview.previewId);
  if (known !== undefined) return known;
  const read = freshFacts(parts, preview, FRESH_MS).finally(() => {
    underway.reads.delete(preview.previewId);
  });
  underway.reads.set(preview.previewId, read);
  return read;
}

/** No order without its leaf, and no refusal without its own. */
export function refusedAndLogged(
  parts: OrderParts,
  asker: Asker,
  request: Pick<WriteRequest, "accountId" | "previewId">,
  refusals: OrderRefusal[],
): Written {
  logRefusal(parts, asker, request, refusals);
  return refusedWith(request.accountId, refusals);
}

function logRefusal(
  parts: OrderParts,
  asker: Asker,
  request: Pick<WriteRequest, "accountId" | "previewId">,
  refusals: OrderRefusal[],
): void {
  parts.log({
    type: "order.refused",
    kind: asker.kind,
    clientId: asker.kind === "agent" ? asker.clientId : null,
    sidecarId: parts.relay.presence().sidecarId,
    brokerAccount: request.accountId,
    decision: "refuse",
    errorCode: refusals[0]?.code ?? "INTERNAL",
    requestId: asker.requestId,
    meta: {
      at: "submit",
      preview_id: request.previewId,
      codes: refusals.map(({ code }) => code).join(","),
    },
  });
}

/** What the caller says it sends must be what was previewed. */
function misfits(preview: Preview, request: WriteRequest): OrderRefusal | null {
  const { order } = preview.ticket;
  if (preview.brokerAccount !== request.accountId) {
    return refusal(
      "APPROVAL_PREVIEW_MISMATCH",
      "account_id",
      "same_account",
      "The approval is for another broker account.",
    );
  }
  if (order.mode !== request.mode) {
    return refusal(
      "ORDER_ACCOUNT_MODE_REFUSED",
      "mode",
      "same_mode",
      `This is a ${order.mode} order; use the tool for ${order.mode} orders.`,
    );
  }
  const verb = request.scope.split(":").at(-1);
  const wanted = order.action === "place" ? "submit" : order.action;
  return verb === wanted
    ? null
    : refusal(
        "APPROVAL_PREVIEW_MISMATCH",
        "approval_id",
        "same_action",
        `What was approved is to ${order.action} an order; use the tool for that.`,
      );
}

const conflict = (): OrderRefusal =>
  refusal(
    "IDEMPOTENCY_CONFLICT",
    "idempotency_key",
    "same_request",
    "The idempotency key is being used for another request.",
  );

/** @param what changed since the preview, from what to what, in words */
const changed = (what: string): OrderRefusal =>
  refusal("APPROVAL_PREVIEW_MISMATCH", "preview_id", "same_order", what);

const NO_FACTS: Fresh["facts"] = {
  rules: null,
  instrument: null,
  account: null,
  positions: null,
  working: null,
  fx_to_base: null,
  effect: null,
  greeks: null,
  broker_clock_skew_ms: null,
};
