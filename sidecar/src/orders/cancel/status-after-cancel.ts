import { GatewayError } from "@ibkr-edge-gateway/protocol/errors.ts";
import type { BrokerSession } from "@ibkr-edge-gateway/protocol/operation-schemas/session-status.ts";
import {
  evidenceOfStatus,
  isTerminal,
  type OrderState,
} from "@ibkr-edge-gateway/protocol/orders/order-state.ts";
import { type Clock, isoTime, sleep } from "../../client-portal/clock.ts";
import type { OperationContext } from "../../operation-handlers/operation-context.ts";
import type { IntentRecord } from "../journal/intent-record.ts";
import { ORDER_LIMITS } from "../limits.ts";
import type { SubmitContext } from "../submit/submit-context.ts";
import { type BookParts, readStatus } from "../tracking/order-book-read.ts";

/** The broker keeps a silence after a 429; only the owner's cancel may break it. */
export const isSilent = (parts: { session(): Pick<BrokerSession, "state"> }): boolean =>
  parts.session().state === "penalty_box";

/** What a look at the order's status showed; all null when none was answered. */
export interface Seen {
  state: OrderState | null;
  status: string | null;
  filled: string | null;
  remaining: string | null;
  terminal: boolean;
}

/** Reads the order's status until it has ended or the patience has. */
export async function readUntilEnded(
  parts: SubmitContext & { book: BookParts },
  input: { order_id: string },
  context: Pick<OperationContext, "deadlineAt" | "signal">,
): Promise<Seen> {
  const { clock } = parts;
  const unseen: Seen = {
    state: null,
    status: null,
    filled: null,
    remaining: null,
    terminal: false,
  };
  // Reads keep the silence that the owner's cancel may break.
  if (isSilent(parts)) return unseen;
  const until = Math.min(clock.now() + ORDER_LIMITS.cancelPatienceMs, context.deadlineAt);
  let seen = unseen;
  for (;;) {
    await sleep(clock, ORDER_LIMITS.cancelLookMs, context.signal);
    const status = await readStatus(parts.book, input.order_id).catch((thrown: unknown) => {
      if (thrown instanceof GatewayError) return null;
      throw thrown;
    });
    if (status !== null) {
      const says = evidenceOfStatus(status.status ?? "", status.filled, status.remaining);
      const ended =
        says === "filled" || says === "cancelled" || says === "rejected" || says === "expired";
      seen = {
        state: says === null ? null : ended ? says : "working",
        status: status.status,
        filled: status.filled,
        remaining: status.remaining,
        terminal: ended,
      };
    }
    if (seen.terminal || clock.now() >= until || context.signal.aborted) return seen;
  }
}

/** What was seen, in the journal of the intent the order belongs to. */
export function recordStatus(
  parts: Pick<SubmitContext, "store" | "progress"> & { clock: Pick<Clock, "now"> },
  known: IntentRecord,
  orderId: string,
  seen: Seen,
): IntentRecord {
  const latest = parts.store.intent(known.coid) ?? known;
  if (seen.state === null) return latest;
  const { state, status, filled, remaining } = seen;
  const principal = latest.orders.find(({ role }) => role === "single" || role === "entry");
  const part = latest.orders.find((order) => order.order_id === orderId);
  const whole = principal?.order_id === orderId;
  const isOver = isTerminal(whole ? latest.state : (part?.state ?? latest.state));
  // A status may be older than the end that the stream has told meanwhile; only the book takes it back.
  if (isOver && !seen.terminal) return latest;
  const orders = latest.orders.map((order) =>
    order.order_id === orderId
      ? { ...order, state, broker_status: status?.slice(0, 40) ?? null, filled, remaining }
      : order,
  );
  if (!whole) return parts.progress.note(known.coid, { orders });
  const says = seen.terminal ? state : "working";
  if (
    says !== "filled" &&
    says !== "cancelled" &&
    says !== "rejected" &&
    says !== "expired" &&
    says !== "working"
  ) {
    return latest;
  }
  return parts.progress.apply(
    known.coid,
    { source: "order_status", says, filled, remaining, at: isoTime(parts.clock.now()) },
    { orders },
  );
}
