import { auditTail as operation } from "@ibkr-edge-gateway/protocol/operations/edge.ts";
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
    ...cursorInput,
  }),
  operation,
  paging: {
    toInput: (position) => ({ beforeSeq: position }),
    next: (page) => page.nextBeforeSeq,
  },
});
