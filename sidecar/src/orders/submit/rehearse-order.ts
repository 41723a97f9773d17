import { mandateHash } from "@ibkr-edge-gateway/protocol/approval/mandate.ts";
import type { OperationOutput } from "@ibkr-edge-gateway/protocol/operation-schemas/define-operation.ts";
import type { orderRehearse } from "@ibkr-edge-gateway/protocol/operation-schemas/order-rehearse.ts";
import type { OrderRefusal } from "@ibkr-edge-gateway/protocol/orders/order-refusal.ts";
import { isoTime } from "../../client-portal/clock.ts";
import type { OperationRequest } from "../../operation-handlers/executor-interface.ts";
import type { OperationContext } from "../../operation-handlers/operation-context.ts";
import { resolveAccount } from "../../operation-handlers/resolve-account.ts";
import { acceptApproval } from "../../trust/verify/accept-approval.ts";
import { mandateAtFirstUse } from "../approval/receive-mandates.ts";
import { checkGrant } from "../local-policy/local-rules.ts";
import { announceJudged, pcFactsOf } from "./make-pc-facts.ts";
import { newRecord } from "./new-intent-record.ts";
import { orderedHereBefore } from "./one-order-per-preview.ts";
import { consumed, type JudgeContext, judgeNow, lastLook, placePath } from "./place-order.ts";
import type { SubmitInput } from "./submit-context.ts";
import { ticketFaults } from "./ticket-faults.ts";

type Rehearsed = OperationOutput<typeof orderRehearse>;

/**
 * The gates of `placeOrder` in its order, on reads of this moment, and nothing behind them: it holds
 * no mutex, so that no order waits for it; it keeps no nonce and no intent; and it is given no way to
 * the broker's order path, `send` and `conversation` being no part of what it works with.
 */
export async function rehearseOrder(
  parts: JudgeContext,
  request: Pick<OperationRequest, "grant" | "jobId">,
  context: OperationContext,
  input: SubmitInput,
): Promise<Rehearsed> {
  const { store, rules, clock, mutex } = parts;
  checkGrant(request.grant, input, rules.policy());
  const account = await resolveAccount(context, input.account_id);
  const answer = (refusals: OrderRefusal[], would_send: Rehearsed["would_send"]): Rehearsed => ({
    account_id: input.account_id,
    refusals: refusals.slice(0, 50),
    would_send,
    would_wait: mutex.busy(),
    as_of: isoTime(clock.now()),
  });
  const refuse = (refusals: OrderRefusal[]): Rehearsed => answer(refusals, null);

  if (store.intent(input.coid) !== null) return refuse([consumed()]);
  const preview = store.preview(input.approval.preview_id, clock.now());
  const misfits = ticketFaults(parts, preview, input, "place");
  if (preview === null || misfits.length > 0) return refuse(misfits);
  const second = orderedHereBefore(store, input.approval.preview_id, clock.now());
  if (second.length > 0) return refuse(second);

  const judged = await judgeNow(parts, context, account, preview, "place", input);
  if (!judged.ok) return refuse(judged.refusals);
  const { approval } = input;
  const unconfirmed = approval.kind === "mandate" ? await mandateAtFirstUse(parts, approval) : [];
  if (unconfirmed.length > 0) return refuse(unconfirmed);
  const own = pcFactsOf(parts, preview, judged.facts);
  const approved = await acceptApproval(store.db, approval, own, { rehearse: true });
  if (!approved.ok) {
    // A wrong number is told at this PC, however it came.
    announceJudged(parts, preview, approval, approved);
    return refuse(approved.refusals);
  }
  const record = newRecord({
    input,
    jobId: request.jobId ?? input.coid,
    intentHash: approved.intentHash,
    mandateHash: approval.kind === "mandate" ? mandateHash(approval.mandate) : null,
    preview,
    facts: judged.facts,
    action: "place",
    nowMs: clock.now(),
  });
  const last = lastLook(parts, judged.reads, record);
  if (last.length > 0) return refuse(last);
  return answer([], { path: placePath(input.account_id), body: judged.body });
}
