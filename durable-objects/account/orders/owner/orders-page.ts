import { isTerminal } from "@ibkr-edge-gateway/protocol/orders/order-state.ts";
import { orderInWords } from "@ibkr-edge-gateway/protocol/orders/order-words.ts";
import { ulid } from "@ibkr-edge-gateway/protocol/ulid.ts";
import type { SignedIn } from "../../access/owner-access.ts";
import { namesOfClients } from "../../clients/tables/clients.ts";
import type { OrdersPage } from "../../rpc/order-views.ts";
import { cancelIntent } from "../agent/cancel-order.ts";
import { openNumbers, workingOrders } from "../facts/working-orders.ts";
import { GATEWAY_CLIENT, iso, type OrderParts, OWNER_CLIENT } from "../order-context.ts";
import { shownOrder } from "../rules/outcomes/order-view.ts";
import type { Written } from "../rules/submits/submit-response.ts";
import type { InFlight } from "../sidecar-calls/in-flight.ts";
import { listAlerts } from "../tables/alerts.ts";
import { findApproval, pendingApprovals } from "../tables/approvals.ts";
import { latestIntents } from "../tables/intents/history.ts";
import { findIntent, type IntentRow } from "../tables/intents/rows.ts";
import { findPreview } from "../tables/previews.ts";

const LISTED = 50;
/** Who else than a client asked; a client that bears such a name is shown by its own. */
const OWN_NAMES: Readonly<Record<string, string>> = {
  [OWNER_CLIENT]: "You",
  [GATEWAY_CLIENT]: "The gateway",
};

/** Orders and alerts as the owner sees them, newest first. */
export function ordersPage(parts: OrderParts): OrdersPage {
  const { sql } = parts.storage;
  const intents = latestIntents(sql, LISTED).flatMap((coid) => findIntent(sql, coid) ?? []);
  const names = namesOfClients(
    sql,
    intents.map(({ client_id }) => client_id),
  );
  const orders = intents.map((intent) => {
    const preview = intent.preview_id === null ? null : findPreview(sql, intent.preview_id);
    const approval =
      intent.approval_id === null ? null : findApproval(sql, intent.approval_id, parts.now());
    const ticket = approval?.intent.ticket ?? preview?.ticket ?? null;
    return {
      order: shownOrder(intent, parts.now()),
      brokerAccount: intent.broker_account,
      mode: intent.mode,
      inWords: ticket === null ? null : orderInWords(ticket),
      clientName: names.get(intent.client_id)?.name ?? OWN_NAMES[intent.client_id] ?? "An agent",
      createdAt: iso(intent.created_at),
      approvalId: intent.approval_id,
    };
  });
  return {
    orders,
    alerts: listAlerts(sql, LISTED),
    pending: pendingApprovals(sql, parts.now()).length,
  };
}

/**
 * The owner cancels an order of this gateway, or what an alert offers to cancel. It waits for
 * nothing, and passes while the broker keeps everybody else silent. An order whose number is not
 * known is cancelled by its reference.
 */
export async function ownerCancel(
  parts: OrderParts,
  inFlight: InFlight,
  { requestId }: SignedIn,
  wanted: { coid: string } | { alert: string },
): Promise<{ ok: boolean; message: string }> {
  const { sql } = parts.storage;
  const found = "alert" in wanted ? offeredBy(sql, wanted.alert) : standing(sql, wanted.coid);
  if (found === null) {
    return { ok: false, message: "There is no working order of this gateway to withdraw." };
  }
  const { intent, orderIds } = found;
  const asker = { kind: "owner", requestId } as const;
  const answers = await Promise.all(
    orderIds.map(async (orderId) => {
      const key = `owner:${ulid(parts.now())}`;
      return saidOf(await cancelIntent(parts, inFlight, asker, intent, orderId, key));
    }),
  );
  const messages = [...new Set(answers.map(({ message }) => message))].join(" ");
  return { ok: answers.every(({ ok }) => ok), message: messages };
}

type Found = { intent: IntentRow; orderIds: (string | null)[] };

function standing(sql: SqlStorage, coid: string): Found | null {
  const intent = workingOrders(sql).find((order) => order.coid === coid);
  if (intent === undefined) return null;
  const numbers = openNumbers(intent);
  return { intent, orderIds: numbers.includes(null) ? [null] : numbers };
}

/** The orders an alert names, never ones that a form names. */
function offeredBy(sql: SqlStorage, key: string): Found | null {
  const alert = listAlerts(sql, LISTED).find((one) => one.key === key);
  const intent = alert?.coid == null ? null : findIntent(sql, alert.coid);
  if (alert === undefined || intent === null || intent.action !== "place") return null;
  if (alert.cancelOffered.length === 0) return standing(sql, intent.coid);
  const ended = shownOrder(intent, 0).orders.filter(({ state }) => isTerminal(state));
  const orderIds = alert.cancelOffered.filter(
    (orderId) => !ended.some(({ order_id }) => order_id === orderId),
  );
  return orderIds.length === 0 ? null : { intent, orderIds };
}

function saidOf(done: Written): { ok: boolean; message: string } {
  if (!done.ok) return { ok: false, message: done.failure.message };
  const { order, refusals } = done.answer;
  if (order === null) {
    return { ok: false, message: refusals.map(({ message }) => message).join(" ") };
  }
  const why = [...order.refusals.map(({ message }) => message), ...order.alerts].join(" ");
  return order.state === "rejected"
    ? { ok: false, message: `${order.means} ${why}`.trim() }
    : { ok: true, message: order.means };
}
