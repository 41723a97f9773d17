import { entryBytes, parseEntry } from "@ibkr-edge-gateway/evidence/event/entry.ts";
import { checkEntryLength, ENTRY_MAX_BYTES } from "@ibkr-edge-gateway/evidence/tiles/bundle.ts";
import { canonicalJson, sha256Hex } from "@ibkr-edge-gateway/protocol/digest.ts";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { auditEvent } from "../../../test/support/audit-event.ts";
import { sqlStorage } from "../../../test/support/sql-storage.ts";
import { appendAudit } from "./log.ts";
import { auditRowsAfter } from "./tables/log.ts";
import { AUDIT_LOG_SCHEMA, AUDIT_SALTS_SCHEMA } from "./tables/schema.ts";

const ACCOUNT = "account-one";

function appended(meta: Record<string, string>) {
  const sql = sqlStorage(AUDIT_LOG_SCHEMA, AUDIT_SALTS_SCHEMA);
  appendAudit(sql, ACCOUNT, auditEvent(1, { meta }), 0);
  const [row] = auditRowsAfter(sql, 0, 1);
  const bytes = entryBytes({ account: ACCOUNT, seq: 1, event: row?.event ?? "" });
  const entry = parseEntry(new TextDecoder().decode(bytes));
  return { bytes, meta: entry.value.meta };
}

/** How long one fact has to be for the entry to have so many bytes. */
function factFor(bytes: number): string {
  return "x".repeat(bytes - appended({ text: "" }).bytes.length);
}

describe("an event in its entry", () => {
  it("is kept whole up to 65,535 bytes", () => {
    const text = factFor(ENTRY_MAX_BYTES);
    const kept = appended({ text });
    expect(kept.bytes).toHaveLength(ENTRY_MAX_BYTES);
    expect(kept.meta).toEqual({ text });
  });

  it("of 65,536 bytes is cut in its long facts, and says so with the hash of what they were", () => {
    const meta = { coid: "ieg1-0", text: factFor(ENTRY_MAX_BYTES + 1 - '"coid":"ieg1-0",'.length) };
    const kept = appended(meta);
    expect(kept.meta).toEqual({
      coid: "ieg1-0",
      text: "x".repeat(256),
      cut: "long",
      whole_sha256: sha256Hex(canonicalJson(meta)),
    });
  });

  it("never breaks the log, whatever its facts are", () => {
    const fact = fc
      .string({ unit: "grapheme", maxLength: 400 })
      .chain((text) => fc.integer({ min: 1, max: 300 }).map((times) => text.repeat(times)));
    fc.assert(
      fc.property(fc.dictionary(fc.string({ maxLength: 300 }), fact, { maxKeys: 400 }), (meta) => {
        checkEntryLength(appended(meta).bytes);
      }),
      { seed: 20261130, numRuns: 60 },
    );
  });
});
