import { failure, GatewayError } from "@ibkr-edge-gateway/protocol/errors.ts";
import { alertsGet, alertsList } from "@ibkr-edge-gateway/protocol/operation-schemas/alerts.ts";
import { brokerText, label } from "../client-portal/broker-text.ts";
import { isoTime } from "../client-portal/clock.ts";
import { type Alert, alertDetail, alertsOf } from "../client-portal/endpoints/alerts.ts";
import { provenance } from "./operation-context.ts";
import { serve } from "./operation-handler.ts";
import { resolveAccount } from "./resolve-account.ts";

const KINDS: Record<number, string> = {
  1: "price",
  3: "time",
  4: "margin",
  5: "trade",
  6: "volume",
  7: "mobile trading assistant market",
  8: "mobile trading assistant position",
  9: "mobile trading assistant account daily pnl",
};

const JOINS: Record<string, "and" | "or" | "end"> = { a: "and", o: "or", n: "end" };

function alertFrom(alert: Alert, alertId: string) {
  const match = /^(\d{4})(\d{2})(\d{2})-(\d{2}:\d{2}:\d{2})$/.exec(alert.order_time ?? "");
  const at =
    match === null ? Number.NaN : Date.parse(`${match[1]}-${match[2]}-${match[3]}T${match[4]}Z`);
  return {
    alert_id: alertId.slice(0, 20),
    name: brokerText(alert.alert_name),
    active: alert.alert_active,
    triggered: alert.alert_triggered,
    repeatable: alert.alert_repeatable,
    created_at: Number.isNaN(at) ? null : isoTime(at),
  };
}

export const serveAlertsList = serve(alertsList, async (context, input) => {
  const { accountId } = await resolveAccount(context, input.account_id);
  const answer = await context.ask(alertsOf(accountId));
  return {
    account_id: accountId,
    alerts: answer.value.flatMap((alert) =>
      alert.order_id === null ? [] : [alertFrom(alert, alert.order_id)],
    ),
    ...provenance(context, [answer]),
  };
});

export const serveAlertsGet = serve(alertsGet, async (context, input) => {
  const { accountId } = await resolveAccount(context, input.account_id);
  const answer = await context.ask(alertDetail(input.alert_id));
  const detail = answer.value;
  if (detail.account !== null && detail.account !== accountId) {
    throw new GatewayError(failure("NOT_FOUND", "This account has no such alert."));
  }
  return {
    account_id: accountId,
    alert: alertFrom(detail, input.alert_id),
    message: brokerText(detail.alert_message),
    time_in_force: label(detail.tif, 20),
    conditions: detail.conditions.map((condition) => ({
      kind:
        condition.condition_type === null
          ? null
          : (KINDS[condition.condition_type] ?? `type ${condition.condition_type}`),
      instrument: label(condition.contract_description_1 ?? condition.conidex, 200),
      operator: label(condition.condition_operator, 10),
      value: label(condition.condition_value, 60),
      joins: JOINS[condition.condition_logic_bind ?? ""] ?? null,
    })),
    ...provenance(context, [answer]),
  };
});
