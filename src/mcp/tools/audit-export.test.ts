import { createHash } from "node:crypto";
import { describe, expect, it } from "vitest";
import { asks, refusal, shows } from "../../../test/support/tool-input.ts";
import { canonicalJson } from "../../protocol/digest.ts";
import { auditExport } from "./audit-export.ts";

describe("ibkr_audit_export", () => {
  it("writes the records as lines, oldest first, under the hash of exactly those bytes", () => {
    const record = (seq: number) => ({
      seq,
      leaf_hash: "ab".repeat(32),
      event: {
        v: 1,
        event_id: "01JD0000000000000000000000",
        type: "tool.call",
        started_at: "2026-11-20T09:00:00.000Z",
        ended_at: "2026-11-20T09:00:00.010Z",
        who: { kind: "agent", subject: "acct", client_id: "client", sidecar_id: null },
        what: {
          tool: "ibkr_health",
          operation: "gateway.health",
          scopes: [],
          decision: "allow",
          result: "ok",
          error_code: null,
        },
        account_hash: null,
        input_hash: null,
        output_hash: null,
        request_id: "req",
        meta: {},
      },
    });
    const answer = { records: [record(3), record(2)], nextBeforeSeq: 2, headSeq: 3 };
    const shown = shows(auditExport, answer);
    const payload = `${canonicalJson(record(2))}\n${canonicalJson(record(3))}\n`;
    expect(shown).toEqual({
      format: "jsonl",
      first_seq: 2,
      last_seq: 3,
      head_seq: 3,
      records: 2,
      sha256: createHash("sha256").update(payload).digest("hex"),
      payload,
    });
  });

  it("bounds a part", () => {
    expect(asks(auditExport, {})).toEqual({ limit: 100 });
    refusal(auditExport, { limit: 201 });
  });
});
