import { failure, GatewayError } from "@ibkr-edge-gateway/protocol/errors.ts";
import * as z from "zod";
import type { Ask } from "../portal-interface.ts";
import { rows, rowsOrNone, wire } from "../readers.ts";
import { readWith } from "./read-with.ts";

const Alert = z.looseObject({
  account: wire.text,
  order_id: wire.id,
  alert_name: wire.text,
  alert_active: wire.flag,
  alert_repeatable: wire.flag,
  alert_triggered: wire.flag,
  order_time: wire.text,
});
export type Alert = z.output<typeof Alert>;

export function alertsOf(accountId: string): Ask<Alert[]> {
  return {
    name: "iserver.alerts",
    path: `/iserver/account/${accountId}/alerts`,
    needs: "brokerage",
    ttlMs: 10_000,
    decode: readWith("iserver.alerts", rows(Alert)),
    onEmpty: () => [],
  };
}

const AlertDetail = Alert.extend({
  alert_message: wire.text,
  tif: wire.text,
  conditions: rowsOrNone(
    z.looseObject({
      condition_type: wire.count,
      conidex: wire.text,
      contract_description_1: wire.text,
      condition_operator: wire.text,
      condition_value: wire.text,
      condition_logic_bind: wire.text,
    }),
  ),
});
type AlertDetail = z.output<typeof AlertDetail>;

export function alertDetail(alertId: string): Ask<AlertDetail> {
  const unknown = (): GatewayError =>
    new GatewayError(failure("NOT_FOUND", "The broker knows no such alert."));
  return {
    name: "iserver.alert",
    path: `/iserver/account/alert/${alertId}`,
    query: { type: "Q" },
    needs: "brokerage",
    ttlMs: 10_000,
    decode: (json) => {
      const detail = readWith("iserver.alert", AlertDetail)(json);
      // An unknown alert is answered with 200 and a sentence.
      if (detail.order_id === null) throw unknown();
      return detail;
    },
    onRefused: unknown,
  };
}
