import { tradeKill as operation } from "@ibkr-edge-gateway/protocol/operation-schemas/trade-kill-switch.ts";
import * as z from "zod";
import { ASKS_OWNER, defineTool } from "../define-tool.ts";

/** Whoever may prepare an order may also stop all of them; nobody but the owner starts again. */
export const killSwitchEngageTool = defineTool({
  name: "ibkr_kill_switch_engage",
  title: "Stop trading",
  description:
    "Stops new orders and changes in every account at once. Cancelling orders stays possible. Only the owner can lift it.",
  scope: "ibkr:orders:preview",
  annotations: { ...ASKS_OWNER, destructiveHint: true },
  input: z.strictObject({
    reason: z
      .string()
      .min(1)
      .max(200)
      .regex(/^[^\p{C}\p{Zl}\p{Zp}]*$/u, "must be visible characters")
      .describe("Shown to the owner"),
    cancel_working_orders: z
      .boolean()
      .default(false)
      .describe(
        "Also cancel this gateway's working orders, but those that only reduce a position; not in this client's first hour",
      ),
  }),
  operation,
});
