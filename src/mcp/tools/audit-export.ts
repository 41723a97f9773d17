import { auditFilter } from "@ibkr-edge-gateway/protocol/audit/filter.ts";
import { canonicalJson, sha256Hex } from "@ibkr-edge-gateway/protocol/digest.ts";
import { auditExport as operation } from "@ibkr-edge-gateway/protocol/operation-schemas/edge-operations.ts";
import * as z from "zod";
import { cursorInput, defineTool, READS_GATEWAY } from "../define-tool.ts";
import { numeric } from "../json-schema.ts";

/**
 * The log as a file, oldest first, in the form of an export (packages/evidence/SPEC.md, section 7): one
 * record a line with the entry's exact text and its leaf hash, under the hash of those bytes, and what
 * leads from them to the newest signed head. Events of version 1 are for the owner alone.
 */
export const auditExportTool = defineTool({
  name: "ibkr_audit_export",
  title: "Export the audit log",
  description:
    "A part of the audit log as JSON lines, oldest first, with what leads to its signed head.",
  scope: "ibkr:audit:export",
  annotations: READS_GATEWAY,
  input: z.strictObject({
    limit: numeric(z.int().min(1).max(200)).optional().describe("Records"),
    from: auditFilter.from.describe("RFC 3339"),
    to: auditFilter.to.describe("RFC 3339, excluded"),
    from_index: numeric(z.int().min(0)).optional().describe("First index"),
    to_index: numeric(z.int().min(0)).optional().describe("End, excluded"),
    ...cursorInput,
  }),
  operation,
  toOperationInput: ({ limit, from, to, from_index, to_index }) => ({
    ...(limit === undefined ? {} : { limit }),
    ...(from === undefined ? {} : { from }),
    ...(to === undefined ? {} : { to }),
    ...(from_index === undefined ? {} : { fromIndex: from_index }),
    ...(to_index === undefined ? {} : { toIndex: to_index }),
  }),
  shown: {
    schema: z.strictObject({
      format: z.literal("jsonl"),
      origin: z.string(),
      account: z.string(),
      first_seq: z.int().nullable(),
      last_seq: z.int().nullable(),
      /** Index of the first record, and where the whole range ends, excluded. */
      from_index: z.int(),
      range_end: z.int(),
      head_seq: z.int(),
      records: z.int(),
      sha256: z.string(),
      payload: z.string(),
      checkpoint: z.string(),
      left: z.array(z.string()),
      tail: z.array(z.string()),
      older_checkpoints: z.array(z.strictObject({ size: z.int(), note: z.string() })),
      trust_policy: z.string(),
    }),
    of(
      { origin, account, entries: all, leafHashes, fromIndex, rangeEnd, size, ...proof },
      { rows },
    ) {
      const entries = all.slice(0, rows ?? all.length);
      const payload = entries
        .map((entry, at) => {
          const index = fromIndex + at;
          return `${canonicalJson({ entry, index, leaf_hash: leafHashes[at] ?? "", seq: index + 1 })}\n`;
        })
        .join("");
      return {
        format: "jsonl",
        origin,
        account,
        first_seq: entries.length === 0 ? null : fromIndex + 1,
        last_seq: entries.length === 0 ? null : fromIndex + entries.length,
        from_index: fromIndex,
        range_end: rangeEnd,
        head_seq: size,
        records: entries.length,
        sha256: sha256Hex(payload),
        payload,
        checkpoint: proof.checkpoint,
        left: proof.left,
        tail: proof.tail,
        older_checkpoints: proof.heads,
        trust_policy: proof.policy,
      };
    },
  },
  paging: {
    most: 100,
    toInput: (position) => ({ fromIndex: position }),
    count: ({ entries }) => entries.length,
    next: ({ fromIndex, entries, rangeEnd }, { rows }) => {
      const end = fromIndex + (rows ?? entries.length);
      return end < rangeEnd && end > 0 ? end : null;
    },
  },
});
