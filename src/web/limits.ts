/** Every limit of the Worker, with its unit in its name. */

/** An OWNER_TOKEN below this length can be guessed; the gateway refuses to use it. */
export const OWNER_TOKEN_MIN_CHARS = 24;

export const ACCESS_TOKEN_SECONDS = 3600;
export const REFRESH_TOKEN_DAYS = 30;
export const REGISTERED_CLIENT_DAYS = 90;

/**
 * How long an isolate takes its own word for an access token, and for how many. Less than the token
 * store needs to tell every place on earth of a deletion.
 */
export const VERIFIED_TOKEN_MS = 10_000;
export const VERIFIED_TOKENS_MAX = 1_000;

/** What a form of the console may carry. */
export const FORM_BODY_MAX_BYTES = 32 * 1024;
/** How long a request to the token endpoint may take to arrive. */
export const TOKEN_BODY_READ_MS = 10_000;
/** How long a form may take to arrive. */
export const FORM_BODY_READ_MS = 10_000;
/** What a client may say about itself when it registers. */
export const REGISTRATION_BODY_MAX_BYTES = 32 * 1024;
/** Client names come from strangers. */
export const CLIENT_NAME_MAX_CHARS = 80;
/** A path to return to after sign-in; an authorization request with a long state still fits. */
export const RETURN_PATH_MAX_CHARS = 8192;

export const AUDIT_PAGE_ROWS = 25;

/** What one MCP message may weigh, and how deep it may nest. */
export const MCP_BODY_MAX_BYTES = 64 * 1024;
export const MCP_JSON_MAX_DEPTH = 32;
/** A body that is not complete by then is not waited for. */
export const MCP_BODY_READ_MS = 10_000;
/** How many envelopes that the SDK accepted are known by heart, and how long one may be. */
export const DIRECT_ENVELOPES_MAX = 256;
export const DIRECT_ENVELOPE_MAX_CHARS = 2_000;
/** How much longer than the account object the Worker waits for it. */
export const MCP_ANSWER_GRACE_MS = 1_000;
/** How long a page's cursor may be used. */
export const CURSOR_TTL_MS = 60 * 60 * 1000;
/** How many problems of a tool's arguments are named in one answer. */
export const INPUT_PROBLEMS_MAX = 5;

/** What an identity provider's documents may weigh, and how long they may take. */
export const REMOTE_JSON_MAX_BYTES = 64 * 1024;
export const REMOTE_JSON_TIMEOUT_MS = 5_000;
/** How long an issuer's keys are used without asking again, and how often at most it is asked. */
export const JWKS_MAX_AGE_MS = 10 * 60_000;
export const JWKS_COOLDOWN_MS = 30_000;
/** How long a sign-in at an identity provider may take. */
export const OIDC_SIGN_IN_SECONDS = 600;
/** How long an outside address that failed is left alone, and how many such are remembered. */
export const OUTBOUND_FAILURE_KEPT_MS = 30_000;
export const OUTBOUND_FAILURES_MAX = 256;

/**
 * How much one hourly cleaning takes on: batches of keys of the token store, accounts, invitations.
 * A key is one read and an orphaned grant a few more operations; a run may do a thousand in all.
 */
export const CLEANING_BATCHES = 3;
export const CLEANING_KEYS = 50;
export const CLEANING_ACCOUNTS = 50;
