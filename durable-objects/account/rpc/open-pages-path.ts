/** Where an open page's WebSocket is asked for, at the Worker and at the object. */
export const LIVE_PATH = "/live";

/** Set by the Worker alone: the secret of the session that opens the page. */
export const SESSION_HEADER = "X-Owner-Session";
