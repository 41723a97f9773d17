import { describe, expect, it } from "vitest";
import { asks, refusal } from "../../../test/support/tool-input.ts";
import { auditTail } from "./audit-tail.ts";

describe("ibkr_audit_tail", () => {
  it("starts at the newest record and continues below a cursor's sequence number", () => {
    expect(asks(auditTail, {})).toEqual({ limit: 20 });
    const prepared = auditTail.prepare({ limit: "2", cursor: "opaque" });
    if (!prepared.ok) throw new Error(prepared.failure.message);
    expect(auditTail.at(prepared.call, 7)).toEqual({ limit: 2, beforeSeq: 7 });
  });

  it("bounds a page, and lets nobody name a sequence number past the cursor", () => {
    expect(asks(auditTail, { limit: 200 })).toEqual({ limit: 200 });
    expect(refusal(auditTail, { limit: 201 })).toContain("limit must be at most 200");
    refusal(auditTail, { beforeSeq: 7 });
  });
});
