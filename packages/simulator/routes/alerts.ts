import {
  badRequest,
  failed,
  fieldsOf,
  html,
  ok,
  parameter,
  type SimAnswer,
  type SimRequest,
} from "../http/exchange.ts";
import type { SimRoute } from "../http/router.ts";
import { isFields, type WireJson } from "../json.ts";
import type { Simulator } from "../simulator.ts";
import type { Alert } from "../state/watchlists-alerts-notices.ts";
import { utcTime } from "../zone.ts";
import { ownAccount } from "./iserver-accounts.ts";

function listed(one: Alert): WireJson {
  return {
    account: one.account,
    order_id: one.id,
    alert_name: one.name,
    alert_active: one.active ? 1 : 0,
    alert_repeatable: one.repeatable ? 1 : 0,
    order_time: utcTime(one.createdAt),
    alert_triggered: false,
  };
}

function list(sim: Simulator, request: SimRequest): SimAnswer {
  const account = ownAccount(sim, parameter(request, "account"));
  if (account === undefined) return failed(400, "accountId is not valid");
  return ok([...sim.notes.alerts.values()].filter((one) => one.account === account.id).map(listed));
}

function detail(sim: Simulator, request: SimRequest): SimAnswer {
  if (request.query.get("type") !== "Q") return badRequest("orderId and type are required");
  const id = Number(parameter(request, "alertId"));
  const one = sim.notes.alerts.get(id);
  if (one === undefined) return ok({ error: `MTA alert tool ID is wrong =${id}` });
  return ok({
    account: one.account,
    order_id: one.id,
    alert_name: one.name,
    alert_message: one.message,
    alert_active: one.active ? 1 : 0,
    alert_repeatable: one.repeatable ? 1 : 0,
    tif: one.tif,
    expire_time: one.expireTime,
    alert_email: "owner@example.com",
    alert_send_message: 1,
    alert_show_popup: 1,
    alert_play_audio: null,
    order_status: "PreSubmitted",
    alert_triggered: false,
    fg_color: "#000000",
    bg_color: "#FFFFFF",
    order_not_editable: false,
    itws_orders_only: 0,
    alert_mta_currency: "USD",
    alert_mta_defaults: "audible=1",
    tool_id: 12345678,
    time_zone: "US/Eastern",
    alert_default_type: null,
    condition_size: one.conditions.length,
    condition_outside_rth: one.outsideRth ? 1 : 0,
    conditions: one.conditions.map((condition) => ({
      condition_type: condition.type,
      conidex: condition.conidex,
      contract_description_1: sim.market.find(Number(condition.conidex.split("@")[0]))?.name ?? "",
      condition_operator: condition.operator,
      condition_trigger_method: "0",
      condition_value: condition.value,
      condition_logic_bind: condition.logicBind,
      condition_time_zone: "US/Eastern",
    })),
  });
}

function create(sim: Simulator, request: SimRequest): SimAnswer {
  const body = fieldsOf(request);
  const account = ownAccount(sim, parameter(request, "account"));
  if (account === undefined) return failed(400, "accountId is not valid");
  if (Object.keys(body).length === 0) return badRequest("body can't be empty");
  const conditions = body.conditions;
  if (typeof body.alertName !== "string" || !Array.isArray(conditions) || conditions.length === 0) {
    return failed(500, "Internal Server Error");
  }
  // Paper logins may not create alerts.
  if (sim.world.sso.user?.isPaper === true) return html(403, "Forbidden", "<h1>Forbidden</h1>");
  const wanted = typeof body.orderId === "number" && body.orderId > 0 ? body.orderId : undefined;
  const id = wanted ?? sim.random("alerts").integer(100_000_000, 999_999_999);
  const text = (value: unknown, otherwise: string): string =>
    typeof value === "string" ? value : otherwise;
  sim.notes.alerts.set(id, {
    id,
    account: account.id,
    name: body.alertName,
    message: text(body.alertMessage, ""),
    active: true,
    repeatable: body.alertRepeatable === 1,
    tif: text(body.tif, "GTC"),
    expireTime: text(body.expireTime, ""),
    outsideRth: body.outsideRth === 1,
    createdAt: sim.clock.now(),
    conditions: conditions.filter(isFields).map((one) => ({
      type: Number(one.type),
      conidex: text(one.conidex, ""),
      operator: text(one.operator, ">="),
      value: text(one.value, ""),
      logicBind: text(one.logicBind, "n"),
    })),
  });
  return ok({
    request_id: 2,
    order_id: id,
    success: true,
    text: wanted === undefined ? "Submitted" : "Modified",
    order_status: null,
    warning_message: null,
  });
}

function activate(sim: Simulator, request: SimRequest): SimAnswer {
  const { alertId, alertActive } = fieldsOf(request);
  if (typeof alertId !== "number" || alertId === 0) return failed(503, "Service Unavailable");
  const one = sim.notes.alerts.get(alertId);
  if (one === undefined) return outcome(alertId, false, "Alert not found");
  one.active = alertActive === 1;
  return outcome(
    alertId,
    true,
    one.active ? "Alert has been activated." : "Alert has been deactivated.",
  );
}

function remove(sim: Simulator, request: SimRequest): SimAnswer {
  const id = Number(parameter(request, "alertId"));
  if (id === 0) {
    if (sim.notes.alerts.size === 0) return failed(503, "Service Unavailable");
    sim.notes.alerts.clear();
    return outcome(0, true, "Alerts have been deleted.");
  }
  return sim.notes.alerts.delete(id)
    ? outcome(id, true, "Alert has been deleted.")
    : outcome(id, false, "Alert not found");
}

/** Whether it worked stands inside a 200. */
function outcome(id: number, success: boolean, text: string): SimAnswer {
  return ok({
    request_id: 2,
    order_id: id,
    success,
    text,
    failure_list: success ? null : String(id),
  });
}

export const alertRoutes: readonly SimRoute[] = [
  {
    method: "GET",
    pattern: "/iserver/account/mta",
    needs: "brokerage",
    handle: (sim) => ok([...sim.notes.alerts.values()].slice(0, 1).map(listed)),
  },
  { method: "GET", pattern: "/iserver/account/alert/:alertId", needs: "brokerage", handle: detail },
  { method: "GET", pattern: "/iserver/account/:account/alerts", needs: "brokerage", handle: list },
  {
    method: "POST",
    pattern: "/iserver/account/:account/alert",
    needs: "brokerage",
    handle: create,
  },
  {
    method: "POST",
    pattern: "/iserver/account/:account/alert/activate",
    needs: "brokerage",
    handle: activate,
  },
  {
    method: "DELETE",
    pattern: "/iserver/account/:account/alert/:alertId",
    needs: "brokerage",
    handle: remove,
  },
];
