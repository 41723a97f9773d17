import { ShownAuditEvent } from "@ibkr-edge-gateway/protocol/audit/event.ts";
import { auditFilter } from "@ibkr-edge-gateway/protocol/audit/filter.ts";
import { auditTail as operation } from "@ibkr-edge-gateway/protocol/operation-schemas/edge-operations.ts";
import * as z from "zod";
import { cursorInput, defineTool, READS_GATEWAY } from "../define-tool.ts";
import { numeric } from "../json-schema.ts";

const MOST_RECORDS = 20;

const { type, who, what } = ShownAuditEvent.shape;

const Row = z.strictObject({
  seq: z.int().positive(),
  leaf_hash: z.string(),
  /** RFC 3339, UTC: when it began. */
  at: z.string(),
  type,
  by: who.shape.kind,
  client_id: who.shape.client_id,
  tool: what.shape.tool,
  decision: what.shape.decision,
  result: what.shape.result,
  error_code: what.shape.error_code,
  /** The event as it was hashed, where it was asked for. */
  event: ShownAuditEvent.optional(),
});

export const auditTailTool = defineTool({
  name: "ibkr_audit_tail",
  title: "Audit log",
  description: "What was done through this gateway, newest first, each record with its hash.",
  scope: "ibkr:audit:read",
  annotations: READS_GATEWAY,
  input: z.strictObject({
    limit: numeric(z.int().min(1).max(200)).optional().describe("Rows"),
    full: z.boolean().default(false).describe("Whole events"),
    from: auditFilter.from.describe("RFC 3339"),
    to: auditFilter.to.describe("RFC 3339, excluded"),
    client_id: auditFilter.client_id.describe("Client"),
    tool: auditFilter.tool.describe("Tool name"),
    order: auditFilter.order.describe("Any id of an order"),
    outcome: auditFilter.outcome.describe("Outcome"),
    ...cursorInput,
  }),
  operation,
  toOperationInput: ({ full: _full, cursor: _cursor, limit, ...filter }) => ({
    ...filter,
    limit: limit ?? MOST_RECORDS,
  }),
  shown: {
    schema: operation.output.extend({ records: z.array(Row) }),
    of: ({ records, nextBeforeSeq, headSeq }, { query: { full } }) => ({
      records: records.map(({ seq, leaf_hash, event }) => ({
        seq,
        leaf_hash,
        ...headOf(event),
        ...(full === true ? { event } : {}),
      })),
      nextBeforeSeq,
      headSeq,
    }),
  },
  paging: {
    most: MOST_RECORDS,
    toInput: (position) => ({ beforeSeq: position }),
    count: ({ records }) => records.length,
    next: ({ records, nextBeforeSeq }, { rows }) =>
      rows === null ? nextBeforeSeq : (records[rows - 1]?.seq ?? nextBeforeSeq),
    cut: { list: "records", start: () => 0 },
  },
});

/** What most questions about the log are about. The whole event costs eight times as much. */
function headOf({ started_at, type, who, what }: z.output<typeof ShownAuditEvent>) {
  return {
    at: started_at,
    type,
    by: who.kind,
    client_id: who.client_id,
    tool: what.tool,
    decision: what.decision,
    result: what.result,
    error_code: what.error_code,
  };
}
