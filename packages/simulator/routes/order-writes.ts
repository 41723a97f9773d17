import {
  answer,
  badRequest,
  failed,
  fieldsOf,
  ok,
  parameter,
  type SimAnswer,
  type SimRequest,
} from "../http/exchange.ts";
import type { SimRoute } from "../http/router.ts";
import { isFields } from "../json.ts";
import { requestCancel } from "../orders/change-order.ts";
import { route } from "../orders/order-lifecycle.ts";
import { parseOrder } from "../orders/parse-order.ts";
import { submitOrders, takeReply } from "../orders/submission.ts";
import type { Simulator } from "../simulator.ts";
import { isFinished, type Order, type OrderDraft } from "../state/orders.ts";
import { ownAccount } from "./iserver-accounts.ts";

/** Placing, answering, changing and cancelling. */

const MOST_SUPPRESSED = 51;

/** The path's account, unless the session is not far enough or the id is none of its. */
function accountOf(sim: Simulator, request: SimRequest): string | SimAnswer {
  const id = parameter(request, "account");
  const early = sim.behaviours.session.ordersNeedEstablished && !sim.world.brokerage.established;
  if (early || ownAccount(sim, id) === undefined)
    return failed(400, `accountId is not valid: ${id}`);
  return id;
}

/** The orders of a body; the first that is refused refuses all. */
export function draftsOf(
  sim: Simulator,
  account: string,
  bodies: unknown,
): OrderDraft[] | SimAnswer {
  if (!Array.isArray(bodies) || bodies.length === 0) return badRequest("orders is required");
  const drafts: OrderDraft[] = [];
  for (const body of bodies) {
    if (!isFields(body)) return badRequest("failed to parse JSON body");
    const parsed = parseOrder(sim, account, body);
    if ("refused" in parsed) return parsed.refused;
    drafts.push(parsed.draft);
  }
  return drafts;
}

function placeOrders(sim: Simulator, request: SimRequest): SimAnswer {
  const account = accountOf(sim, request);
  if (typeof account !== "string") return account;
  const drafts = draftsOf(sim, account, fieldsOf(request).orders);
  if (!Array.isArray(drafts)) return drafts;
  const prompt = sim.behaviours.questions.advancedReject;
  const answered = submitOrders(sim, { drafts, modifies: undefined, effects: request.effects });
  return prompt === "" ? answered : advancedReject(sim, drafts, prompt);
}

/** A prompt instead of an answer; the order waits until `/iserver/notification` says what to do. */
function advancedReject(sim: Simulator, drafts: readonly OrderDraft[], prompt: string): SimAnswer {
  const order = [...sim.book.orders.values()].findLast((one) =>
    drafts.some((draft) => draft.ref === one.ref),
  );
  if (order === undefined) return failed(500, "Internal Server Error");
  order.status = "Inactive";
  order.reason = prompt;
  return ok({
    orderId: order.id,
    reqId: String(sim.random("requests").integer(10_000, 99_999)),
    dismissable: [],
    text: prompt,
    options: ["Transmit", "Cancel"],
    type: "ADVANCED_REJECT",
    messageId: "101",
    prompt: true,
  });
}

function notification(sim: Simulator, request: SimRequest): SimAnswer {
  const { orderId, reqId, text } = fieldsOf(request);
  const order = typeof orderId === "number" ? sim.book.orders.get(orderId) : undefined;
  if (order === undefined || reqId === undefined || typeof text !== "string")
    return badRequest("orderId, reqId and text are required");
  if (text === "Transmit" && order.status === "Inactive") {
    order.status = "PendingSubmit";
    order.reason = "";
    sim.clock.after(sim.behaviours.orderLife.routeMs, () => route(sim, order));
  }
  return ok("Request was submitted");
}

function answerQuestion(sim: Simulator, request: SimRequest): SimAnswer {
  const { confirmed } = fieldsOf(request);
  if (typeof confirmed !== "boolean") return failed(500, "Internal Server Error");
  return takeReply(sim, parameter(request, "replyId"), confirmed);
}

/** An order of the account that is still to be seen. */
function ownOrder(sim: Simulator, account: string, id: number): Order | undefined {
  const order = sim.book.orders.get(id);
  return order === undefined || order.lost || order.account !== account ? undefined : order;
}

function cancelOrder(sim: Simulator, request: SimRequest): SimAnswer {
  const account = accountOf(sim, request);
  if (typeof account !== "string") return account;
  const id = Number(parameter(request, "orderId"));
  const acknowledgement = { msg: "Request was submitted", order_id: id, conid: -1, account: null };
  if (id === -1) {
    for (const order of sim.book.orders.values())
      if (order.account === account) requestCancel(sim, order);
    return ok(acknowledgement);
  }
  const order = ownOrder(sim, account, id);
  if (order === undefined)
    return failed(400, `OrderID ${parameter(request, "orderId")} doesn't exist`);
  if (isFinished(order)) return failed(400, "Order is inactive");
  requestCancel(sim, order);
  return ok(acknowledgement);
}

function modifyOrder(sim: Simulator, request: SimRequest): SimAnswer {
  const account = accountOf(sim, request);
  if (typeof account !== "string") return account;
  const order = ownOrder(sim, account, Number(parameter(request, "orderId")));
  if (order === undefined)
    return failed(400, `OrderID ${parameter(request, "orderId")} doesn't exist`);
  const body = fieldsOf(request);
  // The order stands bare in the body; wrapped in a list it is not understood.
  if (body.orders !== undefined || Object.keys(body).length === 0)
    return badRequest("conid or conidex is required");
  if (isFinished(order))
    return answer(200, { error: "Order cannot be modified, it is no longer working" });
  const parsed = parseOrder(sim, account, body);
  if ("refused" in parsed) return parsed.refused;
  const { draft } = parsed;
  if (draft.conid !== order.conid || draft.side !== order.side) {
    return answer(200, { error: "Contract and side of an order cannot be modified" });
  }
  if (draft.quantity.lte(order.filled))
    return answer(200, { error: "Quantity must exceed what was filled" });
  return submitOrders(sim, {
    drafts: [{ ...draft, ref: order.ref }],
    modifies: order.id,
    effects: request.effects,
  });
}

function suppress(sim: Simulator, request: SimRequest): SimAnswer {
  const ids = fieldsOf(request).messageIds;
  if (!Array.isArray(ids) || ids.length === 0 || ids.length > MOST_SUPPRESSED) {
    return failed(500, "Internal Server Error");
  }
  for (const id of ids) sim.world.brokerage.suppressed.add(String(id));
  return ok({ status: "submitted" });
}

function unsuppress(sim: Simulator): SimAnswer {
  sim.world.brokerage.suppressed.clear();
  return ok({ status: "submitted" });
}

const orderRoute = (method: string, pattern: string, handle: SimRoute["handle"]): SimRoute => ({
  method,
  pattern,
  handle,
  needs: "brokerage",
  afterAccounts: true,
});

export const orderWriteRoutes: readonly SimRoute[] = [
  orderRoute("POST", "/iserver/account/:account/orders", placeOrders),
  orderRoute("POST", "/iserver/reply/:replyId", answerQuestion),
  orderRoute("POST", "/iserver/account/:account/order/:orderId", modifyOrder),
  orderRoute("DELETE", "/iserver/account/:account/order/:orderId", cancelOrder),
  { method: "POST", pattern: "/iserver/questions/suppress", needs: "brokerage", handle: suppress },
  {
    method: "POST",
    pattern: "/iserver/questions/suppress/reset",
    needs: "brokerage",
    handle: unsuppress,
  },
  { method: "POST", pattern: "/iserver/notification", needs: "brokerage", handle: notification },
];
