import { createHash } from "node:crypto";
import { canonicalJson } from "@ibkr-edge-gateway/protocol/digest.ts";
import { describe, expect, it } from "vitest";
import { auditRecord } from "../../../test/support/scripted-exchange.ts";
import { asks, refusal, shows } from "../../../test/support/tool-input.ts";
import { auditExport } from "./audit-export.ts";

describe("ibkr_audit_export", () => {
  it("writes the records as lines, oldest first, under the hash of exactly those bytes", () => {
    const answer = { records: [auditRecord(3), auditRecord(2)], nextBeforeSeq: 2, headSeq: 3 };
    const shown = shows(auditExport, answer);
    const payload = `${canonicalJson(auditRecord(2))}\n${canonicalJson(auditRecord(3))}\n`;
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
