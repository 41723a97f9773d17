import type { DatabaseSync } from "node:sqlite";
import { ANNOUNCED_KEYS_SCHEMA } from "./tables/announced-keys-schema.ts";
import { APPROVER_ENVELOPES_SCHEMA } from "./tables/approver-envelopes.ts";
import { APPROVER_PAGES_SCHEMA } from "./tables/approver-pages.ts";
import { APPROVER_RECEIPTS_SCHEMA } from "./tables/approver-receipts.ts";
import { APPROVERS_SCHEMA, widenApproversTable } from "./tables/approvers.ts";
import { ENROLMENTS_SCHEMA } from "./tables/enrolments.ts";
import { HOSTED_PAGE_SCHEMA } from "./tables/hosted-page.ts";
import { MADE_PAGES_SCHEMA } from "./tables/made-pages.ts";
import { MANDATES_SCHEMA, widenMandatesTable } from "./tables/mandates.ts";
import { NONCES_SCHEMA } from "./tables/nonces.ts";
import { PUBLISHED_PAGES_SCHEMA } from "./tables/published-pages.ts";
import { QUESTION_NUMBERS_SCHEMA } from "./tables/question-numbers.ts";
import { SEEN_COUNTERS_SCHEMA } from "./tables/seen-counters.ts";
import { SHOWN_NUMBERS_SCHEMA } from "./tables/shown-numbers-schema.ts";
import { STATEMENT_SEQUENCE_SCHEMA } from "./tables/statement-sequence.ts";
import { TRUST_NOTES_SCHEMA } from "./tables/trust-notes.ts";
import { UNNUMBERED_EXITS_SCHEMA } from "./tables/unnumbered-exits.ts";

/** The tables that trust is kept in. Safe to run on every start. */
export function createTrustTables(db: DatabaseSync): void {
  db.exec(
    APPROVERS_SCHEMA +
      ANNOUNCED_KEYS_SCHEMA +
      NONCES_SCHEMA +
      MANDATES_SCHEMA +
      SEEN_COUNTERS_SCHEMA +
      SHOWN_NUMBERS_SCHEMA +
      QUESTION_NUMBERS_SCHEMA +
      APPROVER_PAGES_SCHEMA +
      APPROVER_ENVELOPES_SCHEMA +
      APPROVER_RECEIPTS_SCHEMA +
      ENROLMENTS_SCHEMA +
      HOSTED_PAGE_SCHEMA +
      MADE_PAGES_SCHEMA +
      PUBLISHED_PAGES_SCHEMA +
      STATEMENT_SEQUENCE_SCHEMA +
      TRUST_NOTES_SCHEMA +
      UNNUMBERED_EXITS_SCHEMA,
  );
  widenApproversTable(db);
  widenMandatesTable(db);
}
