import { tradeReconcile as operation } from "@ibkr-edge-gateway/protocol/operation-schemas/trade-reconcile.ts";
import * as z from "zod";
import { defineTool, READS_BROKER } from "../define-tool.ts";
import { accountInput } from "../tool-inputs.ts";

export const reconcileTool = defineTool({
  name: "ibkr_reconcile",
  title: "Reconcile orders",
  description:
    "Holds the broker's order book against what this gateway sent: resolves orders in doubt, shows orders placed elsewhere. Takes up to a minute.",
  scope: "ibkr:orders:preview",
  annotations: READS_BROKER,
  input: z.strictObject(accountInput),
  operation,
});
