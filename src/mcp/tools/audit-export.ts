import { canonicalJson, sha256Hex } from "@ibkr-edge-gateway/protocol/digest.ts";
import { auditTail as operation } from "@ibkr-edge-gateway/protocol/operations/edge-operations.ts";
import * as z from "zod";
import { cursorInput, defineTool, READS_GATEWAY } from "../define-tool.ts";
import { numeric } from "../json-schema.ts";

/**
 * The log as a file: one canonical JSON record a line, oldest first, so that the leaf hashes can be
 * recomputed from the bytes, and the bytes checked against `sha256`. Events of version 1 lack what
 * their hashes could give away, so their leaves are for the owner to recompute.
 */
export const auditExportTool = defineTool({
  name: "ibkr_audit_export",
  title: "Export the audit log",
  description: "A part of the audit log as JSON lines with their SHA-256, newest part first.",
  scope: "ibkr:audit:export",
  annotations: READS_GATEWAY,
  input: z.strictObject({
    limit: numeric(z.int().min(1).max(200)).default(100).describe("Records"),
    ...cursorInput,
  }),
  operation,
  shown: {
    schema: z.strictObject({
      format: z.literal("jsonl"),
      first_seq: z.int().nullable(),
      last_seq: z.int().nullable(),
      head_seq: z.int(),
      records: z.int(),
      sha256: z.string(),
      payload: z.string(),
    }),
    of({ records, headSeq }) {
      const oldestFirst = records.toReversed();
      const payload = oldestFirst.map((record) => `${canonicalJson(record)}\n`).join("");
      return {
        format: "jsonl",
        first_seq: oldestFirst[0]?.seq ?? null,
        last_seq: oldestFirst.at(-1)?.seq ?? null,
        head_seq: headSeq,
        records: records.length,
        sha256: sha256Hex(payload),
        payload,
      };
    },
  },
  paging: {
    toInput: (position) => ({ beforeSeq: position }),
    next: (page) => page.nextBeforeSeq,
  },
});
