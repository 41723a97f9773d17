/** Every limit of the Worker, with its unit in its name. */

/** An OWNER_TOKEN below this length can be guessed; the gateway refuses to use it. */
export const OWNER_TOKEN_MIN_CHARS = 24;

export const ACCESS_TOKEN_SECONDS = 3600;
export const REFRESH_TOKEN_DAYS = 30;
export const REGISTERED_CLIENT_DAYS = 90;

/** What a form of the console may carry. */
export const FORM_BODY_MAX_BYTES = 16 * 1024;
/** Client names come from strangers. */
export const CLIENT_NAME_MAX_CHARS = 80;
/** A path to return to after sign-in; an authorization request with a long state still fits. */
export const RETURN_PATH_MAX_CHARS = 8192;

export const AUDIT_PAGE_ROWS = 25;
