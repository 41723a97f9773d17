import { isInDoubt } from "@ibkr-edge-gateway/protocol/orders/order-state.ts";
import type { ToolCall } from "./call.ts";
import { IbkrError } from "./errors.ts";
import type { ApprovalStatus, Waiting } from "./order-types.ts";

/** The gateway holds a call this long for a change. */
const WAIT_SECONDS = 50;
const CALL_MAX_MS = 65_000;
/** Between two looks when one could not be made, or was answered without a change. */
export const PAUSE_MS = 1_000;

export interface Followed {
  account_id: string;
  approval_id: string;
}

/**
 * Reads what became of an approval until `enough`. Reads only: it may be tried as often as the way is
 * broken. Ends by the signal, or at `untilMs` (of `performance.now()`) with the last look, which is
 * null where there was none.
 */
export async function followApproval(
  call: ToolCall,
  { account_id, approval_id }: Followed,
  enough: (status: ApprovalStatus) => boolean,
  { signal, untilMs, pauseMs }: Waiting & { untilMs?: number; pauseMs: number },
): Promise<ApprovalStatus | null> {
  let last: ApprovalStatus | null = null;
  let atOnce = true;
  for (;;) {
    if (signal?.aborted) throw abortedWait(signal);
    const left = untilMs === undefined ? WAIT_SECONDS * 1_000 : untilMs - performance.now();
    if (left <= 0) return last;
    const seconds = atOnce ? 0 : Math.min(WAIT_SECONDS, Math.ceil(left / 1_000));
    try {
      last = await call(
        "ibkr_approval_status",
        { account_id, approval_id, ...(seconds === 0 ? {} : { wait_seconds: seconds }) },
        { signal, timeoutMs: CALL_MAX_MS },
      );
      if (enough(last)) return last;
      if (!atOnce) await pause(pauseMs, signal);
      atOnce = false;
    } catch (error) {
      if (signal?.aborted) throw abortedWait(signal);
      if (!(error instanceof IbkrError) || !error.retryable) throw error;
      await pause(error.retryAfterMs ?? pauseMs, signal);
    }
  }
}

/** Whether it is known what the order is at the broker, for now. */
export function isKnown({ order }: Pick<ApprovalStatus, "order">): boolean {
  if (order === null) return false;
  if (order.state === "needs_owner") return true;
  return order.state !== "submitting" && !isInDoubt(order.state);
}

function abortedWait(signal: AbortSignal): IbkrError {
  return new IbkrError("CALL_ABORTED", "The wait was ended by its caller.", {
    cause: signal.reason,
  });
}

export function pause(ms: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, ms);
    signal?.addEventListener("abort", () => {
      clearTimeout(timer);
      resolve();
    });
  });
}
