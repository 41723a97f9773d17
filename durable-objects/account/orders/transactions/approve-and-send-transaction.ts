import type { OrderRefusal } from "@ibkr-edge-gateway/protocol/orders/order-refusal.ts";
import type { Conditions } from "../facts/edge-facts.ts";
import type { OrderLog } from "../order-log.ts";
import type { OrderStorage } from "../order-storage.ts";
import type { SubmitDecision, SubmitRequest } from "../rules/submits/submit-decision.ts";
import { decideApproval, type Yes } from "./decide-approval.ts";
import { submitTransaction } from "./submit-transaction.ts";

export type ApprovedAndSent =
  /** Committed, both: send this job, once. */
  | Extract<SubmitDecision, { kind: "go" }>
  /** Nothing was approved and nothing goes out. */
  | { kind: "refused"; refusals: OrderRefusal[] }
  /** The request was decided meanwhile. */
  | { kind: "not_open" };

/**
 * The owner's yes and the agent's submit as one transaction: either the order is approved, taken and
 * let out, or none of it happened and the request is as open as it was. So there is never a yes that
 * waits to be sent by itself: what was not sent in this turn is not sent by anybody's later waking.
 * An object that dies right after the commit has sent nothing; its alarm then finds the order
 * without a job and gives the approval back.
 */
export function approveAndSendTransaction(
  storage: OrderStorage,
  decision: Yes,
  request: SubmitRequest & { approvalId: string },
  conditions: Conditions,
  log: OrderLog,
): ApprovedAndSent {
  try {
    return storage.transactionSync(() => {
      const { approvalId, requestId } = request;
      const said = { ...decision, say: "approve" as const, approvalId, requestId, sends: true };
      if (decideApproval(storage, said, conditions.nowMs, log) === null)
        return { kind: "not_open" };
      const submitted = submitTransaction(
        storage,
        { ...request, trigger: "approval" },
        conditions,
        log,
      );
      if (submitted.kind === "go") return submitted;
      throw new NotSent(submitted.kind === "refused" ? submitted.refusals : []);
    });
  } catch (undone) {
    if (undone instanceof NotSent) return { kind: "refused", refusals: undone.refusals };
    throw undone;
  }
}

/** Undoes the approval together with the submit that was refused. */
class NotSent extends Error {
  readonly refusals: OrderRefusal[];
  constructor(refusals: OrderRefusal[]) {
    super("the order was refused at its submit");
    this.refusals = refusals;
  }
}
