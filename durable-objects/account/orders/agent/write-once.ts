import type { JsonObject } from "@ibkr-edge-gateway/protocol/json.ts";
import { type OrderRefusal, refusal } from "@ibkr-edge-gateway/protocol/orders/order-refusal.ts";
import type { TradingMode } from "@ibkr-edge-gateway/protocol/orders/order-terms.ts";
import type { Scope } from "@ibkr-edge-gateway/protocol/scopes.ts";
import type { JobService } from "@ibkr-edge-gateway/protocol/service-class.ts";
import { ulid } from "@ibkr-edge-gateway/protocol/ulid.ts";
import { conditionsOf } from "../facts/conditions.ts";
import type { Fresh, FreshRead } from "../facts/fresh-facts.ts";
import { type Asker, ledgerName, type OrderParts } from "../order-context.ts";
import { misfitOf } from "../rules/previews/preview-mismatch.ts";
import { asReplay, refusedWith, type Written } from "../rules/submits/submit-response.ts";
import type { InFlight } from "../sidecar-calls/in-flight.ts";
import { freshFacts } from "../sidecar-calls/read-fresh-facts.ts";
import { sendOrder } from "../sidecar-calls/send-order.ts";
import { findApproval } from "../tables/approvals.ts";
import { findKey } from "../tables/idempotency-keys.ts";
import type { IntentRow } from "../tables/intents/rows.ts";
import { findPreview, type Preview } from "../tables/previews.ts";
import { cancelTransaction } from "../transactions/cancel-transaction.ts";
import { submitTransaction } from "../transactions/submit-transaction.ts";
import { freshNonce, prepareSubmit, submitRequest, writeDigest } from "./prepare-submit.ts";
import { logRefusal, refusedAndLogged } from "./refuse-write.ts";

/** An order of this gateway, under the number the broker gave it where that is known. */
export interface OwnOrder {
  intent: IntentRow;
  orderId: string | null;
  bySwitch: boolean;
}

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
  /** To cancel: an order of this gateway, under the number the broker gave it where it is known. */
  own?: OwnOrder;
}

/**
 * Lets an order out at most once: same key and same request share one promise while it runs and one
 * stored answer afterwards; the transaction decides, whatever happens here. The steps: `freshFacts`,
 * `prepareSubmit`, `submitTransaction`, `sendOrder`; a cancel of our own reads nothing first.
 */
export function writeOnce(
  parts: OrderParts,
  inFlight: InFlight,
  asker: Asker,
  request: WriteRequest,
): Promise<Written> {
  const digest = writeDigest(request.said);
  const slot = `${ledgerName(asker)}\n${request.key}`;
  const running = inFlight.running.get(slot);
  if (running !== undefined) {
    return running.digest === digest
      ? running.answer.then(asReplay)
      : Promise.resolve(refusedAndLogged(parts, asker, request, [conflict()]));
  }
  const { own } = request;
  const answer = (
    own === undefined
      ? submitPreviewed(parts, inFlight, asker, request, digest)
      : cancelOwn(parts, inFlight, asker, { ...request, own }, digest)
  ).finally(() => {
    inFlight.running.delete(slot);
  });
  inFlight.running.set(slot, { digest, answer });
  return answer;
}

async function submitPreviewed(
  parts: OrderParts,
  inFlight: InFlight,
  asker: Asker,
  request: WriteRequest,
  digest: string,
): Promise<Written> {
  const startedAt = parts.now();
  const { sql } = parts.storage;
  const preview = findPreview(sql, request.previewId);
  const misfit = preview === null ? null : misfitOf(preview, request);
  if (misfit !== null) return refusedAndLogged(parts, asker, request, [misfit]);
  const read = preview === null ? null : await readFor(parts, inFlight, asker, request, preview);
  if (read !== null && !read.ok) {
    if ("failure" in read) return read;
    return refusedAndLogged(parts, asker, request, [changed(read.changed)]);
  }
  const fresh = read === null ? (request.fresh ?? null) : read.fresh;
  const jobId = ulid(parts.now());
  // From here to the job's frame there is no wait but that for the account's mutex.
  const { conditions, refusals } = prepareSubmit(
    parts,
    asker,
    request,
    fresh,
    preview?.facts.effect ?? null,
  );
  if (refusals.length > 0 && findKey(sql, ledgerName(asker), request.key) === null) {
    logRefusal(parts, asker, request, refusals);
    return refusedWith(request.accountId, refusals);
  }
  const submit = submitRequest(asker, request, digest, fresh, jobId);
  const decision = submitTransaction(parts.storage, submit, conditions, parts.log);
  const sent = { ...request, requestId: asker.requestId };
  return sendOrder(parts, inFlight, sent, decision, startedAt);
}

/** Reading for an order that cannot go out anyway would only cost the broker's patience. */
export async function readFor(
  parts: OrderParts,
  inFlight: InFlight,
  asker: Asker,
  request: WriteRequest,
  preview: Preview,
  service?: JobService,
): Promise<FreshRead> {
  if (request.fresh !== undefined) return { ok: true, fresh: request.fresh };
  const { sql } = parts.storage;
  const { approvalId } = request;
  const spent =
    approvalId !== null && findApproval(sql, approvalId, parts.now())?.state !== "approved";
  if (spent || findKey(sql, ledgerName(asker), request.key) !== null) {
    const { ticket, facts } = preview;
    return { ok: true, fresh: { market: ticket.market, facts, skewMs: 0 } };
  }
  return freshFacts(parts, inFlight, preview, service);
}

async function cancelOwn(
  parts: OrderParts,
  inFlight: InFlight,
  asker: Asker,
  request: WriteRequest & { own: OwnOrder },
  digest: string,
): Promise<Written> {
  const startedAt = parts.now();
  const { intent, orderId, bySwitch } = request.own;
  const decision = cancelTransaction(
    parts.storage,
    {
      requestId: asker.requestId,
      key: request.key,
      digest,
      own: intent,
      orderId,
      bySwitch,
      nonce: freshNonce(),
      jobId: ulid(startedAt),
    },
    conditionsOf(parts, asker, { skewMs: null, reread: false }),
    parts.log,
  );
  const sent = { ...request, requestId: asker.requestId };
  return sendOrder(parts, inFlight, sent, decision, startedAt);
}

const conflict = (): OrderRefusal =>
  refusal(
    "IDEMPOTENCY_CONFLICT",
    "idempotency_key",
    "same_request",
    "The idempotency key is being used for another request.",
  );

/** @param what changed since the preview, from what to what, in words */
export const changed = (what: string): OrderRefusal =>
  refusal("APPROVAL_PREVIEW_MISMATCH", "preview_id", "same_order", what);
