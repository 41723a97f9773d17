import { orderEvidence as operation } from "@ibkr-edge-gateway/protocol/operation-schemas/edge-operations.ts";
import * as z from "zod";
import { defineTool, READS_GATEWAY } from "../define-tool.ts";

export const orderEvidenceTool = defineTool({
  name: "ibkr_order_evidence",
  title: "Proof of one order",
  description:
    "The proof file of an order that has ended: its words, the owner's approval, the policy, and the signed log. It is checked offline.",
  scope: "ibkr:audit:export",
  annotations: READS_GATEWAY,
  input: z.strictObject({ order_ref: operation.input.shape.order_ref.describe("From the submit") }),
  operation,
});
