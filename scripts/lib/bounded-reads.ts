/**
 * Which tables stay small by themselves, and which statements may read a table that grows from one end
 * on, each with what bounds it. A plan that reads such a table whole and stands in neither fails
 * `scripts/query-plans.test.ts`; so does a line here that nothing needs any more.
 */
type Bounds = Readonly<Record<string, string>>;

/** By database, as its files' paths begin. */
export const BOUNDED_TABLES: Readonly<Record<string, Bounds>> = {
  "durable-objects/account/": {
    migrations: "one row a step of the schema",
    sidecars: "one row a paired PC, and pairing is limited",
    relay_session: "one row",
    event_cursors: "CURSORS_PER_SIDECAR_MAX of each PC",
    pairing_tries: "the tries of the last while",
    used_tokens: "tokens of 60 seconds, deleted when they end",
    audit_outbox: "one row",
    audit_signed: "one row",
    audit_retention: "one row",
    order_epoch: "one row",
    order_page_wishes: "WISHES_MOST: ten",
    order_kills: "engaged switches: one of the gateway, of each broker account and agent",
    order_trading_state: "one row a broker account",
    order_chores: "one row a task and broker account",
    order_stops: "what stopped trading within 90 days, once an occasion",
    order_mandate_pcs: "mandates that a PC may know and that have not ended there",
    owner_sessions: "20 at most",
    owner_settings: "one row",
    passkeys: "one row a passkey of the owner's",
    passkey_challenges: "open ceremonies of a few minutes",
    pending_forms: "open forms of a few minutes",
    recovery_codes: "ten",
    sign_in_attempts: "1,000 at most",
  },
  "durable-objects/d1/": {},
  "sidecar/src/": {
    events: "10,000 and 16 MiB, by the journal's own bounds",
    jobs: "the journal's own bounds: 2,000 that ended",
    previews: "previewsKept and exitPreviewsKept, for four hours",
    preview_usage: "as previews",
    approval_requests: "what was asked within four hours",
    announced_keys: "passkeys that the gateway announced",
    approvers: "one row a passkey",
    approver_envelopes: "one row a passkey",
    approver_pages: "pages of the owner's own that were accepted",
    approver_receipts: "one row a passkey",
    hosted_pages: "one row a page",
    made_pages: "one row a version of the hosted page that this PC made",
    mandates: "mandates that the owner signed",
    question_numbers: "questions that are open",
    seen_counters: "counters seen within thirty days, which are then one row a passkey",
    unnumbered_exits: "a minute's exits",
    wrong_numbers: "wrong numbers within four hours",
    wrong_number_times: "wrong numbers of a while; the table for exits has its statements",
    witnessed_log: "one row",
    witnessed_heads: "heads of a bounded time",
  },
};

export interface BoundedPlan {
  /** How the file's path ends. */
  readonly file: string;
  /** As SQLite says it. */
  readonly plan: string;
  readonly bound: string;
}

const OPEN = "an index of what has not ended";
const FIRST_ROW = "MIN or MAX: one row of the index";

export const BOUNDED_PLANS: readonly BoundedPlan[] = [
  {
    file: "d1/tables/joint/delete-account-rows.ts",
    plan: "SEARCH identities USING INDEX identities_account (account_id=?)",
    bound: "one account's sign-ins",
  },
  {
    file: "d1/tables/joint/delete-account-rows.ts",
    plan: "SEARCH audit_logs USING COVERING INDEX audit_logs_account (account_id=?)",
    bound: "one account's logs",
  },
  {
    file: "d1/tables/joint/delete-account-rows.ts",
    plan: "SEARCH audit_events USING COVERING INDEX sqlite_autoindex_audit_events_1 (account_id=?)",
    bound: "ROWS_AT_ONCE a statement",
  },
  {
    file: "d1/tables/joint/delete-account-rows.ts",
    plan: "SEARCH invitations USING INDEX sqlite_autoindex_invitations_2 (account_id=?)",
    bound: "unique: one row an account",
  },
  {
    file: "audit/tables/log.ts",
    plan: "SCAN audit_log",
    bound: "backwards, LIMIT 1",
  },
  {
    file: "clients/tables/clients.ts",
    plan: "SEARCH clients USING COVERING INDEX clients_listed (state=?)",
    bound: "withdraws all that are in, because its owner says so",
  },
  {
    file: "clients/tables/grants.ts",
    plan: "SCAN grants USING INDEX grants_client",
    bound: "withdraws all, because their owner says so",
  },
  {
    file: "orders/tables/alerts.ts",
    plan: "SCAN order_alerts USING INDEX order_alerts_recent",
    bound: "in the order of the index, with a LIMIT",
  },
  {
    file: "orders/tables/alerts.ts",
    plan: "SCAN order_alerts USING INDEX order_alerts_unseen",
    bound: "what the owner has not seen, when the owner sees it",
  },
  {
    file: "orders/tables/approvals.ts",
    plan: "SCAN order_approvals USING COVERING INDEX order_approvals_recent",
    bound: "in the order of the index, with a LIMIT",
  },
  {
    file: "orders/tables/fills.ts",
    plan: "SEARCH order_fills USING COVERING INDEX order_fills_recent (broker_account=?)",
    bound: FIRST_ROW,
  },
  {
    file: "orders/tables/fills.ts",
    plan: "SEARCH order_fills USING COVERING INDEX order_fills_recent (broker_account>?)",
    bound: FIRST_ROW,
  },
  {
    file: "intents/cancels.ts",
    plan: "SEARCH order_intents USING INDEX order_intents_open (broker_account=?)",
    bound: OPEN,
  },
  {
    file: "intents/in-doubt.ts",
    plan: "SEARCH order_intents USING INDEX order_intents_open (broker_account=?)",
    bound: OPEN,
  },
  {
    file: "intents/in-doubt.ts",
    plan: "SCAN order_intents USING INDEX order_intents_open",
    bound: OPEN,
  },
  {
    file: "intents/working.ts",
    plan: "SCAN order_intents USING INDEX order_intents_open",
    bound: OPEN,
  },
  {
    file: "intents/accounts-and-asset-classes.ts",
    plan: "SEARCH order_intents USING COVERING INDEX order_intents_by_kind (broker_account>?)",
    bound: FIRST_ROW,
  },
  {
    file: "intents/accounts-and-asset-classes.ts",
    plan: "SEARCH order_intents USING COVERING INDEX order_intents_by_kind (broker_account=?)",
    bound: FIRST_ROW,
  },
  {
    file: "orders/tables/mandates.ts",
    plan: "SCAN order_mandates USING INDEX order_mandates_signed",
    bound: "in the order of the index, with a LIMIT, past the few in force",
  },
  {
    file: "orders/tables/previews.ts",
    plan: "SCAN order_previews USING INDEX order_previews_recent",
    bound: "in the order of the index, with a LIMIT, past those of other broker accounts",
  },
  {
    file: "relay/tables/jobs.ts",
    plan: "SCAN relay_jobs USING INDEX relay_jobs_open",
    bound: "writes whose end is not known, at every start",
  },
  {
    file: "relay/tables/jobs.ts",
    plan: "SCAN relay_jobs",
    bound: "writes of SETTLED_JOBS_DAYS, once an hour at most",
  },
  {
    file: "d1/tables/accounts.ts",
    plan: "SCAN accounts USING COVERING INDEX sqlite_autoindex_accounts_1",
    bound: "LIMIT 1",
  },
  {
    file: "d1/tables/invitations.ts",
    plan: "SEARCH invitations USING INDEX sqlite_autoindex_invitations_2 (account_id=?)",
    bound: "invitations that nobody has taken yet, or the one of an account",
  },
  {
    file: "joint/accept-invitation.ts",
    plan: "SEARCH invitations USING COVERING INDEX sqlite_autoindex_invitations_2 (account_id=?)",
    bound: "the one of an account",
  },
  {
    file: "orders/journal/tables/intents.ts",
    plan: "SCAN intents USING INDEX intents_open",
    bound: OPEN,
  },
  {
    file: "orders/journal/tables/intents.ts",
    plan: "SEARCH intents USING COVERING INDEX intents_sent (sent=?)",
    bound: FIRST_ROW,
  },
  {
    file: "joint/ids-without-intent.ts",
    plan: "SCAN o",
    bound: "what an earlier version left, once a start",
  },
  {
    file: "orders/journal/tables/own-statements.ts",
    plan: "SCAN own_statements",
    bound: "in the order of the key, with a LIMIT",
  },
  {
    file: "orders/journal/tables/own-statements.ts",
    plan: "SEARCH own_statements USING INDEX own_statements_open (account_id=?)",
    bound: "what was not held against the book yet",
  },
];
