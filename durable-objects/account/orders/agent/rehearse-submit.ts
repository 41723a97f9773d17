import { orderRehearse } from "@ibkr-edge-gateway/protocol/operation-schemas/order-rehearse.ts";
import { type OrderRefusal, refusal } from "@ibkr-edge-gateway/protocol/orders/order-refusal.ts";
import { orderInWords } from "@ibkr-edge-gateway/protocol/orders/order-words.ts";
import type { JobService } from "@ibkr-edge-gateway/protocol/service-class.ts";
import { ulid } from "@ibkr-edge-gateway/protocol/ulid.ts";
import { shareOf } from "../../clients/client-share.ts";
import type { AgentAsker, OrderParts } from "../order-context.ts";
import { misfitOf } from "../rules/previews/preview-mismatch.ts";
import { judgeSubmit } from "../rules/submits/judge-submit.ts";
import { jobOf } from "../rules/submits/order-job.ts";
import { provedIntent } from "../rules/submits/proved-intent.ts";
import { rehearsedWith, type Written } from "../rules/submits/submit-response.ts";
import { askSidecar } from "../sidecar-calls/ask-sidecar.ts";
import type { InFlight } from "../sidecar-calls/in-flight.ts";
import { findPreview, type Preview } from "../tables/previews.ts";
import { prepareSubmit, submitRequest, writeDigest } from "./prepare-submit.ts";
import { changed, readFor, type WriteRequest } from "./write-once.ts";

/** What a rehearsal came to; `job` is what would go to the PC. */
type Judged =
  | { kind: "failed"; written: Extract<Written, { ok: false }> }
  | { kind: "refused"; refusals: OrderRefusal[] }
  | { kind: "answered_before" }
  | { kind: "passed"; preview: Preview; input: object };

/**
 * A submit up to the PC's last look: the gates of `submitPreviewed` in its order, and then those of
 * the PC by `order.rehearse`. Neither end keeps a key, an approval, an intent or a counter of it. It
 * leaves `order.rehearsed` in the log. What the fresh numbers do by themselves (a loss that stops
 * trading) they do here too.
 */
export async function rehearseSubmit(
  parts: OrderParts,
  inFlight: InFlight,
  asker: AgentAsker,
  request: WriteRequest,
  misfit: OrderRefusal | null,
): Promise<Written> {
  const judged: Judged =
    misfit === null
      ? await judgeHere(parts, inFlight, asker, request)
      : { kind: "refused", refusals: [misfit] };
  if (judged.kind === "failed") return judged.written;
  if (judged.kind === "refused") return refused(parts, asker, request, judged.refusals);
  if (judged.kind === "answered_before") {
    noted(parts, asker, request, []);
    return rehearsedWith(
      request.accountId,
      [],
      null,
      "This key was answered before: a submit under it sends nothing and answers with that order.",
    );
  }
  const answer = await askSidecar(parts, orderRehearse, judged.input, {
    scope: request.scope,
    account: request.accountId,
    capability: request.mode === "live" ? "orders.live" : "orders.paper",
    requestId: asker.requestId,
    service: agents(asker),
  });
  if (!answer.ok) return answer;
  const { refusals, would_send, would_wait } = answer.value;
  if (refusals.length > 0 || would_send === null) {
    return refused(parts, asker, request, refusals);
  }
  noted(parts, asker, request, []);
  const wait = would_wait ? " Another order of this login is under way; this one would wait." : "";
  return rehearsedWith(
    request.accountId,
    [],
    { in_words: orderInWords(judged.preview.ticket), ...would_send },
    `Rehearsed: nothing was sent, and the approval is still unused. Submit it without rehearse to send it.${wait}`,
  );
}

/** It can be asked any number of times, so no read of it goes before an order's. */
const agents = ({ clientId }: AgentAsker): JobService => ({
  class: "agent",
  share: shareOf(clientId),
});

/** The gates of the gateway. They are asked in one turn, and nothing is written in it. */
async function judgeHere(
  parts: OrderParts,
  inFlight: InFlight,
  asker: AgentAsker,
  request: WriteRequest,
): Promise<Judged> {
  const { sql } = parts.storage;
  const preview = findPreview(sql, request.previewId);
  const other = preview === null ? null : misfitOf(preview, request);
  if (other !== null) return { kind: "refused", refusals: [other] };
  const read =
    preview === null
      ? null
      : await readFor(parts, inFlight, asker, request, preview, agents(asker));
  if (read !== null && !read.ok) {
    return "failure" in read
      ? { kind: "failed", written: read }
      : { kind: "refused", refusals: [changed(read.changed)] };
  }
  const fresh = read === null ? null : read.fresh;
  const effect = preview?.facts.effect ?? null;
  const { conditions, refusals } = prepareSubmit(parts, asker, request, fresh, effect);
  if (refusals.length > 0) return { kind: "refused", refusals };
  const digest = writeDigest(request.said);
  const submit = submitRequest(asker, request, digest, fresh, ulid(parts.now()));
  const passed = judgeSubmit(sql, submit, conditions);
  if (passed.kind === "refused") return passed;
  if (passed.kind === "replay") return { kind: "answered_before" };
  if (passed.preview.ticket.order.action !== "place") {
    return { kind: "refused", refusals: [onlyNewOrders()] };
  }
  const isExit = passed.facts.effect?.kind === "exit";
  const proved = provedIntent(submit.nonce, passed, isExit, conditions);
  if (proved.kind === "refused") return proved;
  if (passed.approval !== null && passed.approval.state !== "approved") {
    return { kind: "refused", refusals: [used()] };
  }
  const { intent, hash, proof } = proved;
  const { input } = jobOf(submit.jobId, passed.preview, intent, hash, proof);
  return { kind: "passed", preview: passed.preview, input };
}

function refused(
  parts: OrderParts,
  asker: AgentAsker,
  request: WriteRequest,
  refusals: OrderRefusal[],
): Written {
  noted(parts, asker, request, refusals);
  return rehearsedWith(
    request.accountId,
    refusals,
    null,
    "Rehearsed: nothing was sent, and a submit would be refused now for what is named.",
  );
}

function noted(
  parts: OrderParts,
  asker: AgentAsker,
  { accountId, previewId, approvalId }: WriteRequest,
  refusals: readonly OrderRefusal[],
): void {
  const codes = refusals.map(({ code }) => code).join(",");
  parts.log({
    type: "order.rehearsed",
    kind: asker.kind,
    clientId: asker.clientId,
    sidecarId: parts.relay.presence().sidecarId,
    brokerAccount: accountId,
    decision: refusals.length > 0 ? "refuse" : "allow",
    errorCode: refusals[0]?.code ?? null,
    requestId: asker.requestId,
    meta: { preview_id: previewId, approval_id: approvalId ?? "", codes },
  });
}

const onlyNewOrders = (): OrderRefusal =>
  refusal(
    "APPROVAL_PREVIEW_MISMATCH",
    "rehearse",
    "new_order",
    "Only a new order can be rehearsed, not a change of one.",
  );

const used = (): OrderRefusal =>
  refusal("APPROVAL_CONSUMED", "approval_id", "one_use", "The approval was used before.");
