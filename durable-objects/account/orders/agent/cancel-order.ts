import type { EDGE_ORDER_OPERATIONS } from "@ibkr-edge-gateway/protocol/operation-schemas/edge-order-operations.ts";
import { refusal } from "@ibkr-edge-gateway/protocol/orders/order-refusal.ts";
import type * as z from "zod";
import type { AgentAsker, Asker, OrderParts } from "../order-context.ts";
import { refusedWith, type Written } from "../rules/submits/submit-response.ts";
import type { InFlight } from "../sidecar-calls/in-flight.ts";
import { findKey } from "../tables/idempotency-keys.ts";
import type { IntentRow } from "../tables/intents/rows.ts";
import { ownOrder } from "../transactions/cancel-transaction.ts";
import { preparePreview } from "./prepare-preview.ts";
import { refusedAndLogged } from "./refuse-write.ts";
import { writeOnce } from "./write-once.ts";

type CancelInput = z.output<(typeof EDGE_ORDER_OPERATIONS)["trade.cancel"]["input"]>;

/** Cancels an order of this gateway. No approval and no kill switch stands in its way. */
export async function cancel(
  parts: OrderParts,
  inFlight: InFlight,
  asker: AgentAsker,
  input: CancelInput,
): Promise<Written> {
  const { account_id, mode, order_id, idempotency_key } = input;
  const request = {
    key: idempotency_key,
    said: { act: "cancel", account_id, mode, order_id },
    accountId: account_id,
    mode,
    approvalId: null,
    scope:
      mode === "live"
        ? ("ibkr:orders:live:cancel" as const)
        : ("ibkr:orders:paper:cancel" as const),
  };
  const used = findKey(parts.storage.sql, asker.clientId, idempotency_key);
  if (used !== null || inFlight.running.has(`${asker.clientId}\n${idempotency_key}`)) {
    return writeOnce(parts, inFlight, asker, { ...request, previewId: "" });
  }
  const intent = ownOrder(parts.storage.sql, {
    brokerAccount: account_id,
    mode,
    orderId: order_id,
  });
  if (intent !== null) {
    const own = { intent, orderId: order_id, bySwitch: false };
    return writeOnce(parts, inFlight, asker, { ...request, previewId: "", own });
  }
  const prepared = await preparePreview(parts, inFlight, asker, account_id, {
    kind: "cancel",
    cancel: { account_id, order_id },
  });
  if (!prepared.ok) return prepared;
  if (prepared.preview === null) return refusedWith(account_id, prepared.shown.refusals);
  const { preview } = prepared;
  if (preview.ticket.order.target?.foreign !== false) {
    return refusedAndLogged(parts, asker, { accountId: account_id, previewId: "" }, [
      refusal(
        "FOREIGN_ORDER",
        "order_id",
        "own_order",
        "The order was not placed through this gateway, so it is shown and left alone. Withdraw it where it was placed.",
      ),
    ]);
  }
  return writeOnce(parts, inFlight, asker, {
    ...request,
    previewId: preview.previewId,
    fresh: { market: preview.ticket.market, facts: preview.facts, skewMs: 0 },
  });
}

/**
 * Cancels an order of this gateway for the gateway's own reasons: under its number, or by our
 * reference where the broker's answer that would bring the number is still missing.
 */
export function cancelIntent(
  parts: OrderParts,
  inFlight: InFlight,
  asker: Asker,
  intent: IntentRow,
  orderId: string | null,
  key: string,
): Promise<Written> {
  const { broker_account: account_id, mode, coid } = intent;
  return writeOnce(parts, inFlight, asker, {
    key,
    said: { act: "cancel", account_id, mode, order_id: orderId, order_ref: coid },
    accountId: account_id,
    mode,
    previewId: "",
    approvalId: null,
    scope: mode === "live" ? "ibkr:orders:live:cancel" : "ibkr:orders:paper:cancel",
    own: { intent, orderId, bySwitch: true },
  });
}
