import { failed, ok, parameter, type SimAnswer, type SimRequest } from "../http/exchange.ts";
import type { Route } from "../http/router.ts";
import type { Simulator } from "../simulator.ts";

function orders(sim: Simulator): SimAnswer {
  const primed = sim.world.brokerage.primed;
  primed.orderReads += 1;
  return ok({ orders: [], snapshot: primed.orderReads > 2 || !sim.behaviours.coldReads.orders });
}

function status(_sim: Simulator, request: SimRequest): SimAnswer {
  return failed(400, `Order ${parameter(request, "orderId")} is not found`);
}

export const orderReadRoutes: readonly Route[] = [
  {
    method: "GET",
    pattern: "/iserver/account/orders",
    needs: "brokerage",
    afterAccounts: true,
    handle: orders,
  },
  {
    method: "GET",
    pattern: "/iserver/account/order/status/:orderId",
    needs: "brokerage",
    afterAccounts: true,
    handle: status,
  },
  {
    method: "GET",
    pattern: "/iserver/account/trades",
    needs: "brokerage",
    afterAccounts: true,
    handle: () => ok([]),
  },
];
