import {
  alertsGet,
  alertsList as operation,
} from "@ibkr-edge-gateway/protocol/operation-schemas/alerts.ts";
import { byRows } from "../answer-pages.ts";
import { cursorInput, defineTool, READS_BROKER } from "../define-tool.ts";
import { accountInput } from "../tool-inputs.ts";

export const alertsTool = defineTool({
  name: "ibkr_alerts",
  title: "Price alerts",
  description: "The alerts set in one account, or the conditions of one.",
  scope: "ibkr:marketdata:read",
  annotations: READS_BROKER,
  input: operation.input.extend({
    ...accountInput,
    alert_id: alertsGet.input.shape.alert_id.optional().describe("Show this one"),
    ...cursorInput,
  }),
  operation,
  toOperationInput: ({ account_id }) => ({ account_id }),
  paging: byRows("alerts"),
  instead: {
    when: ({ alert_id }) => alert_id !== undefined,
    operation: alertsGet,
    toOperationInput: ({ cursor: _cursor, ...one }) => one,
  },
});
