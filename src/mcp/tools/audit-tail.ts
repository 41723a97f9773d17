import { auditFilter } from "@ibkr-edge-gateway/protocol/audit/filter.ts";
import { auditTail as operation } from "@ibkr-edge-gateway/protocol/operation-schemas/edge-operations.ts";
import * as z from "zod";
import { cursorInput, defineTool, READS_GATEWAY } from "../define-tool.ts";
import { numeric } from "../json-schema.ts";

export const auditTailTool = defineTool({
  name: "ibkr_audit_tail",
  title: "Audit log",
  description: "What was done through this gateway, newest first, each record with its hash.",
  scope: "ibkr:audit:read",
  annotations: READS_GATEWAY,
  input: z.strictObject({
    limit: numeric(z.int().min(1).max(200)).default(20).describe("Rows"),
    from: auditFilter.from.describe("RFC 3339"),
    to: auditFilter.to.describe("RFC 3339, excluded"),
    client_id: auditFilter.client_id.describe("Client"),
    tool: auditFilter.tool.describe("Tool name"),
    order: auditFilter.order.describe("Any id of an order"),
    outcome: auditFilter.outcome.describe("Outcome"),
    ...cursorInput,
  }),
  operation,
  paging: {
    toInput: (position) => ({ beforeSeq: position }),
    next: (page) => page.nextBeforeSeq,
  },
});
